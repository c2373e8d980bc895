#pragma once

#include "net/connection.hpp"

#include <cstddef>
#include <span>

namespace fanfetch {

/// What TLS has received already and can decrypt without asking the network, up to a record; 0
/// when that is nothing, whatever the reason: the next read tells it.
///
/// A read of the stream gives one record and costs a turn of the loop, though a socket often gives
/// many. After such a read, and while no other is under way, the rest is taken with this.
///
/// Threads  the connection's loop
[[nodiscard]] std::size_t read_buffered(TlsStream& stream, std::span<char> space) noexcept;

}  // namespace fanfetch
