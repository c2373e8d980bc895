#pragma once

#include "base/expected.hpp"
#include "base/time.hpp"
#include "net/dns_reply.hpp"
#include "net/resolver.hpp"

#include <chrono>
#include <optional>

namespace fanfetch {

/// One name being asked about: puts the two replies together and says when that is enough. Pure:
/// time is passed in.
///
/// IPv4 addresses in hand, it waits for the IPv6 reply `resolution_delay` longer; the other way
/// round it waits to the end, since a machine without IPv6 has no use for half an answer.
///
/// Threads  its owner's
/// Source   RFC 8305 §3
class Lookup {
public:
    static constexpr std::chrono::milliseconds resolution_delay{50};

    explicit Lookup(Steady::time_point deadline) : deadline_{deadline} {}

    void add(record_type type, DnsReply reply, Steady::time_point now);

    /// The answer, once there is nothing more to wait for.
    [[nodiscard]] std::optional<Expected<Answer>> outcome(Steady::time_point now) const;

    /// How long the answer may be remembered.
    [[nodiscard]] std::chrono::seconds ttl() const noexcept;

private:
    [[nodiscard]] bool found(const std::optional<DnsReply>& reply) const noexcept {
        return reply && reply->status == reply_status::found;
    }
    [[nodiscard]] Expected<Answer> merged() const;

    Steady::time_point deadline_;
    std::optional<DnsReply> a_;
    std::optional<DnsReply> aaaa_;
    Steady::time_point a_came_{};
};

}  // namespace fanfetch
