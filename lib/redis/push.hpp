#pragma once

#include "redis/command.hpp"
#include "redis/message.hpp"
#include "redis/reply.hpp"

#include <string>
#include <variant>

namespace fanfetch::redis {

/// The server did what one name of a command asked for.
struct Confirmed {
    verb command{};
    std::string name;

    friend bool operator==(const Confirmed&, const Confirmed&) = default;
};
struct Pong {
    friend bool operator==(const Pong&, const Pong&) = default;
};
struct Ok {
    friend bool operator==(const Ok&, const Ok&) = default;
};
/// "-WRONGPASS …", without the dash.
struct Refusal {
    std::string text;

    friend bool operator==(const Refusal&, const Refusal&) = default;
};

/// Everything a server may say to a subscriber.
using Push = std::variant<Message, Confirmed, Pong, Ok, Refusal>;

/// What a reply means; pure.
///
/// Errors  ProtocolError for any other reply: of an odd shape, of an unknown kind
/// Source  the Redis manual, "Pub/sub": format of pushed messages
[[nodiscard]] Push interpret(Reply reply);

/// Whether asking again later is of no use: a wrong or missing password, missing rights. Of a
/// server that is loading, busy or full it is.
[[nodiscard]] bool is_final(const Refusal& refusal) noexcept;

}  // namespace fanfetch::redis
