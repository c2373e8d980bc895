#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace fanfetch {

/// What is wrong with the first word after the program's name: with the command that was perhaps
/// meant. Nullopt when there is such a command, or the word is an option.
[[nodiscard]] std::optional<std::string> why_no_command(
    const CLI::App& program, std::string_view word
);

/// How many letters have to be put in, left out, exchanged with their neighbour or replaced to make
/// one word of the other.
///
/// Source  the optimal string alignment distance (Damerau 1964, without repeated edits)
[[nodiscard]] std::size_t letters_apart(std::string_view one, std::string_view other);

}  // namespace fanfetch
