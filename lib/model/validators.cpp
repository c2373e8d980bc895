#include "model/validators.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

constexpr std::string_view if_none_match = "If-None-Match";
constexpr std::string_view if_modified_since = "If-Modified-Since";

constexpr bool digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool same_name(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::ranges::equal(a, b, {}, lower, lower);
}

/// Whether `word` is one of the three-letter words that stand in `words` without separators.
bool among(std::string_view word, std::string_view words) noexcept {
    for (; !words.empty(); words.remove_prefix(word.size())) {
        if (words.starts_with(word)) {
            return true;
        }
    }
    return false;
}

}  // namespace

bool is_entity_tag(std::string_view text) noexcept {
    if (text.starts_with("W/")) {
        text.remove_prefix(2);
    }
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') {
        return false;
    }
    // Octets beyond ASCII are allowed there, but may not be put on the wire by callers of ours.
    return std::ranges::all_of(text.substr(1, text.size() - 2), [](char c) {
        return c > ' ' && c < 0x7F && c != '"';
    });
}

bool is_http_date(std::string_view text) noexcept {
    // '0' stands for a digit, 'a' for a letter of a word that is looked up.
    constexpr std::string_view form = "aaa, 00 aaa 0000 00:00:00 GMT";
    if (text.size() != form.size()) {
        return false;
    }
    for (std::size_t i = 0; i < form.size(); ++i) {
        if (form[i] == '0' ? !digit(text[i]) : form[i] != 'a' && text[i] != form[i]) {
            return false;
        }
    }
    return among(text.substr(0, 3), "MonTueWedThuFriSatSun") &&
           among(text.substr(8, 3), "JanFebMarAprMayJunJulAugSepOctNovDec");
}

std::vector<HeaderField> condition_fields(const Conditional& conditional) {
    std::vector<HeaderField> fields;
    if (!conditional.etag.empty()) {
        fields.push_back({std::string{if_none_match}, conditional.etag});
    }
    if (!conditional.last_modified.empty()) {
        fields.push_back({std::string{if_modified_since}, conditional.last_modified});
    }
    return fields;
}

bool asked_conditionally(const std::vector<HeaderField>& headers) noexcept {
    return std::ranges::any_of(headers, [](const HeaderField& field) {
        return same_name(field.name, if_none_match) || same_name(field.name, if_modified_since);
    });
}

}  // namespace fanfetch
