#pragma once

#include "coro/loop.hpp"
#include "net/ip_address.hpp"
#include "support/dns_message.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch::testing {

/// A name server on a port of its own, scripted name by name; it runs on the test's loop.
///
/// Names without a script do not exist. Over UDP and TCP it says the same, except for names that
/// are `truncated`.
class DnsStub {
public:
    static constexpr std::chrono::seconds default_ttl{60};

    /// What to reply; nullopt is silence. The question's id is filled in unless there is one.
    using Script = std::function<std::optional<DnsMessage>(const DnsQuestion&)>;

    explicit DnsStub(LoopExecutor loop);
    DnsStub(const DnsStub&) = delete;
    DnsStub& operator=(const DnsStub&) = delete;
    ~DnsStub();

    /// Those of `addresses` that are of the kind asked for.
    void answer(
        std::string name, std::vector<std::string> addresses, std::chrono::seconds ttl = default_ttl
    );
    void silence(std::string name);
    /// Answers what has been asked about the name over UDP and what will be.
    void break_silence(const std::string& name, std::vector<std::string> addresses);
    void fail(std::string name, DnsMessage::code code);
    /// Over UDP only that there is more than fits, over TCP the answer.
    void truncate(std::string name, std::vector<std::string> addresses);
    void script(std::string name, Script script);
    /// What names without a script have; without it they do not exist.
    void answer_others(std::vector<std::string> addresses);
    /// Replies over UDP go out this late, each by itself.
    void delay(std::chrono::milliseconds time);

    /// "127.0.0.1:41233", as in `dns.servers`.
    [[nodiscard]] std::string server() const;
    /// Every question so far, in order.
    [[nodiscard]] const std::vector<DnsQuestion>& asked() const;
    [[nodiscard]] std::size_t times_asked(const std::string& name, record_type type) const;

private:
    struct State;

    std::shared_ptr<State> state_;
};

}  // namespace fanfetch::testing
