#pragma once

#include "base/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fanfetch {

/// What a proxy said to CONNECT.
struct ConnectReply {
    std::uint16_t status = 0;
    std::size_t size = 0;  ///< of the header, its empty line included
};

/// Reads the header of a proxy's answer to CONNECT; nullopt while it is not complete.
///
/// Only the status counts: framing fields of a 2xx mean nothing there, and after any other status
/// the connection is not used. What is no HTTP/1 is refused as soon as that shows, a header beyond
/// `longest` when that is reached.
///
/// Errors   connect_unreachable, without a byte of what came
/// Threads  any thread; no state
/// Source   RFC 9110 §9.3.6, RFC 9112 §2.2 (a lone LF ends a line) and §4
[[nodiscard]] Expected<std::optional<ConnectReply>> read_connect_reply(std::string_view bytes);

/// What a header may be long, interim responses included.
inline constexpr std::size_t longest_connect_reply = 8U << 10U;

/// The failure that a proxy's refusal is. None of it is the origin's doing, and the words say so.
///
/// 504 is connect_timeout, other 5xx connect_unreachable, all else connect_refused.
[[nodiscard]] Failure proxy_refusal(std::uint16_t status);

}  // namespace fanfetch
