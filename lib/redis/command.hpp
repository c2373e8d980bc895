#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch::redis {

/// What can be asked of a server on a connection that subscribes. There is no way to say anything
/// else.
enum class verb : std::uint8_t { subscribe, psubscribe, unsubscribe, punsubscribe, ping, quit };

/// The verb as it is written in the server's confirmations: "subscribe".
[[nodiscard]] std::string_view word_of(verb command) noexcept;

/// Who we are to the server. Without a user the password is that of `requirepass`.
struct Credentials {
    std::string user;
    std::string password;
};

/// The longest name of a channel or pattern, and about the longest command.
inline constexpr std::size_t most_command_bytes = 64 * 1024;
/// Names in one command; more are sent in several.
inline constexpr std::size_t most_command_names = 1000;

/// Cuts names into as many commands as they need; keeps their order, and leaves out repetitions.
///
/// Errors  std::invalid_argument for a name longer than `most_command_bytes`
[[nodiscard]] std::vector<std::vector<std::string>> command_batches(std::vector<std::string> names);

/// The bytes of a command, formatted by hiredis. `names` are those of one batch.
///
/// Errors  std::bad_alloc
[[nodiscard]] std::string format_command(verb command, std::span<const std::string> names);
[[nodiscard]] std::string format_auth(const Credentials& credentials);

}  // namespace fanfetch::redis
