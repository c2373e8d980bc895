#include "auth/bearer.hpp"

#include "url/ascii.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

constexpr std::string_view scheme = "bearer";

bool is_token68(std::string_view text) noexcept {
    constexpr std::string_view marks = "-._~+/";
    const auto padding = std::min(text.find('='), text.size());
    const auto body = text.substr(0, padding);
    return !body.empty() && text.find_first_not_of('=', padding) == std::string_view::npos &&
           std::ranges::all_of(body, [marks](char c) {
               return is_letter(c) || is_digit(c) || marks.find(c) != std::string_view::npos;
           });
}

}  // namespace

Bearer read_bearer(std::span<const std::string_view> fields) noexcept {
    if (fields.empty()) {
        return {};
    }
    const Bearer malformed{credentials::malformed, {}};
    if (fields.size() > 1) {
        return malformed;
    }
    const auto field = fields.front();
    const auto space = field.find(' ');
    if (space != scheme.size() ||
        !std::ranges::equal(field.substr(0, space), scheme, {}, ascii_lower)) {
        return malformed;
    }
    const auto begin = std::min(field.find_first_not_of(' ', space), field.size());
    const auto key = field.substr(begin);
    return is_token68(key) ? Bearer{credentials::given, key} : malformed;
}

}  // namespace fanfetch
