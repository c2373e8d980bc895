#include "http/prefer.hpp"

#include <algorithm>
#include <charconv>

namespace fanfetch {
namespace {

constexpr std::int64_t most_seconds = 1'000'000'000;

std::string_view trim(std::string_view text) noexcept {
    const auto from = text.find_first_not_of(" \t");
    if (from == std::string_view::npos) {
        return {};
    }
    return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

bool is_wait(std::string_view name) noexcept {
    return std::ranges::equal(name, std::string_view{"wait"}, [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
    });
}

/// Takes the text up to the next `end` outside of quotes off the front.
std::string_view take_until(std::string_view& rest, char end) noexcept {
    bool quoted = false;
    std::size_t at = 0;
    for (; at < rest.size() && (quoted || rest[at] != end); ++at) {
        if (quoted && rest[at] == '\\') {
            ++at;  // whatever comes next is text
        } else if (rest[at] == '"') {
            quoted = !quoted;
        }
    }
    at = std::min(at, rest.size());
    const auto taken = rest.substr(0, at);
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return taken;
}

std::optional<std::chrono::seconds> seconds_of(std::string_view text) noexcept {
    text = trim(text);
    if (text.size() > 1 && text.front() == '"' && text.back() == '"') {
        text = text.substr(1, text.size() - 2);
    }
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.empty() || !std::ranges::all_of(text, is_digit)) {
        return std::nullopt;
    }
    std::int64_t seconds = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool huge = read.ec != std::errc{} || seconds > most_seconds;
    return std::chrono::seconds{huge ? most_seconds : seconds};
}

}  // namespace

std::optional<std::chrono::seconds> preferred_wait(std::span<const std::string_view> fields) {
    for (auto field : fields) {
        while (!field.empty()) {
            auto preference = take_until(field, ',');
            auto pair = take_until(preference, ';');  // its parameters mean nothing to us
            const auto name = trim(take_until(pair, '='));
            if (is_wait(name)) {
                return seconds_of(pair);
            }
        }
    }
    return std::nullopt;
}

}  // namespace fanfetch
