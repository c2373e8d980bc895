#include "auth/key_record.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

constexpr std::size_t longest_name = 64;

constexpr bool is_letter_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

bool is_key_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= longest_name && is_letter_or_digit(text.front()) &&
           std::ranges::all_of(text, [](char c) {
               return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
           });
}

}  // namespace fanfetch
