#pragma once

#include "net/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>

#include <string_view>

namespace fanfetch {

/// Reads what has come, at least a byte, through TLS where the connection has it.
///
/// Threads  the connection's loop
awaitable<TlsStream::Transferred> read_some(
    Connection& connection, boost::asio::mutable_buffer space
);

/// Writes all of `bytes`, which stay where they are until it is done.
awaitable<boost::system::error_code> write_all(Connection& connection, std::string_view bytes);

}  // namespace fanfetch
