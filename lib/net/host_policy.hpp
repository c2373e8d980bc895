#pragma once

#include <cstdint>
#include <string_view>

namespace fanfetch {

/// What a host name is, judged before any name server hears of it.
enum class host_class : std::uint8_t {
    ordinary,      ///< ask the name server
    single_label,  ///< "intranet": means something only on somebody's own network
    loopback,      ///< localhost and everything below it: never asked about
    metadata,      ///< the name of a cloud's metadata service: refused, whatever anyone allows
    impossible,    ///< not a name at all: empty, or its last label is a number
};

/// The class of a host name as Url gives it: lower case, ASCII, not an address. A trailing dot
/// makes a name absolute and changes nothing else, since every name is asked for as absolute.
///
/// Errors   none: every text has a class
/// Threads  any thread; no state
/// Source   RFC 6761 §6.3 (localhost); the cloud providers' manuals
[[nodiscard]] host_class classify_host(std::string_view host) noexcept;

}  // namespace fanfetch
