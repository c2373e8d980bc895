#pragma once

#include "future/errors.hpp"

namespace fanfetch::redis {

/// There is no connection: it could not be made, or it ended, and we are not to make another.
class ConnectionLost : public Error {
public:
    using Error::Error;
};

/// What came from the server is not what a Redis server sends, or more than we let it send. The
/// connection has ended.
class ProtocolError : public Error {
public:
    using Error::Error;
};

/// The server understood and said no: a wrong password, a channel its access list does not allow.
/// `what()` ends with the server's own words.
class CommandRefused : public Error {
public:
    using Error::Error;
};

/// Messages came faster than they were taken, and `on_overflow::fail` was chosen.
class BufferOverflow : public Error {
public:
    using Error::Error;
};

}  // namespace fanfetch::redis
