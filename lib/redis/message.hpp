#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace fanfetch::redis {

enum class message_kind : std::uint8_t {
    published,
    reconnected,  ///< not from the server: what was published just before is lost
};

/// What a subscriber hands out. Names and payload are bytes, not text: any value, zero included.
struct Message {
    std::string channel;
    std::string payload;
    std::optional<std::string> pattern;  ///< the pattern that matched; none: the channel itself
    message_kind kind = message_kind::published;

    /// The marker of a gap. Its texts are empty.
    [[nodiscard]] bool reconnected() const noexcept { return kind == message_kind::reconnected; }

    friend bool operator==(const Message&, const Message&) = default;
};

}  // namespace fanfetch::redis
