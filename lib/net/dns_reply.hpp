#pragma once

#include "net/ip_address.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace fanfetch {

/// Which record of a name is asked for.
enum class record_type : std::uint8_t { a, aaaa };

/// What came of one question.
enum class reply_status : std::uint8_t {
    found,   ///< with at least one address
    empty,   ///< the name does not exist, or has no such record
    late,    ///< no server answered in time
    failed,  ///< refused, broken, unreachable
};

/// The answer to one question.
struct DnsReply {
    reply_status status = reply_status::failed;
    std::vector<IpAddress> addresses;
    std::chrono::seconds ttl{0};  ///< the shortest of the records', aliases included
};

/// Reads a name server's message, in whatever way it may be broken: such a message is `failed`.
///
/// Threads  any thread; no state
/// Source   RFC 1035 §4.1; the message itself is taken apart by c-ares
[[nodiscard]] DnsReply read_reply(record_type type, std::span<const std::uint8_t> message);

/// The reply that stands for an error of c-ares's.
///
/// Units  `ares_status` is an ARES_… number other than ARES_SUCCESS
[[nodiscard]] DnsReply reply_of_error(int ares_status);

}  // namespace fanfetch
