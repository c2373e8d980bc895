#include "model/delivery.hpp"

#include <algorithm>
#include <array>

namespace fanfetch {
namespace {

constexpr std::array words{
    std::string_view{"pending"}, std::string_view{"delivered"}, std::string_view{"failed"},
    std::string_view{"dropped"}};

}  // namespace

std::string_view to_string(delivery_state state) noexcept {
    return words[static_cast<std::size_t>(state)];
}

std::optional<delivery_state> parse_delivery_state(std::string_view word) noexcept {
    const auto* const found = std::ranges::find(words, word);
    if (found == words.end()) {
        return std::nullopt;
    }
    return static_cast<delivery_state>(found - words.begin());
}

}  // namespace fanfetch
