#include "cli/known_command.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace fanfetch {

std::size_t letters_apart(std::string_view one, std::string_view other) {
    // Rows of the table of distances between the beginnings of both: this one and the two above.
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    std::vector<std::size_t> above;
    std::vector<std::size_t> two_above;
    for (std::size_t i = 1; i <= one.size(); ++i) {
        two_above = std::exchange(above, row);
        row[0] = i;
        for (std::size_t j = 1; j <= other.size(); ++j) {
            const bool same = one[i - 1] == other[j - 1];
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1]) {
                row[j] = std::min(row[j], two_above[j - 2] + 1);
            }
        }
    }
    return row.back();
}

std::optional<std::string> why_no_command(const CLI::App& program, std::string_view word) {
    constexpr std::size_t most_apart = 2;
    if (word.starts_with('-')) {
        return std::nullopt;
    }
    std::size_t nearest = most_apart + 1;
    std::string meant;
    for (const auto* const command : program.get_subcommands({})) {
        const auto distance = letters_apart(word, command->get_name());
        if (distance == 0) {
            return std::nullopt;
        }
        if (distance < nearest) {
            nearest = distance;
            meant = command->get_name();
        }
    }
    const auto said = "there is no command \"" + std::string{word} + "\"; ";
    return said + (meant.empty() ? "fanfetch --help lists them" : "did you mean " + meant + "?");
}

}  // namespace fanfetch
