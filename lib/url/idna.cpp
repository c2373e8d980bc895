#include "url/idna.hpp"

#include "url/ascii.hpp"
#include "url/utf8.hpp"

#include <idn2.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace fanfetch {
namespace {

// NFC_INPUT normalises. The round trip of "xn--" labels is left on: without it libidn2 takes
// labels that UTS 46 refuses, such as "xn--1ug", a lone joiner.
constexpr int uts46 = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;

struct Idn2Free {
    void operator()(void* memory) const noexcept { idn2_free(memory); }
};
template <class T>
using Idn2Text = std::unique_ptr<T, Idn2Free>;

using UnicodeView = std::basic_string_view<char32_t>;

bool is_ascii(std::string_view text) noexcept {
    return std::ranges::none_of(text, [](char byte) {
        return static_cast<unsigned char>(byte) >= 0x80;
    });
}

std::optional<std::string> to_ascii(const std::string& name) {
    char* raw = nullptr;
    const int code = idn2_to_ascii_8z(name.c_str(), &raw, uts46);
    const Idn2Text<char> text{raw};
    if (code != IDN2_OK || !text) {
        return std::nullopt;
    }
    return std::string{text.get()};
}

/// The name as Unicode, or empty.
std::u32string to_unicode(const std::string& ascii) {
    std::uint32_t* raw = nullptr;
    const int code = idn2_to_unicode_8z4z(ascii.c_str(), &raw, uts46);
    const Idn2Text<std::uint32_t> text{raw};
    std::u32string out;
    if (code == IDN2_OK && text) {
        for (const auto* at = text.get(); *at != 0; ++at) {
            out += static_cast<char32_t>(*at);
        }
    }
    return out;
}

/// A "xn--" label of characters that are mapped or not normalised passes libidn2, and fails here.
bool survives_round_trip(const std::string& ascii, const std::u32string& unicode) {
    std::vector<std::uint32_t> points(unicode.begin(), unicode.end());
    points.push_back(0);  // where libidn2 stops
    char* raw = nullptr;
    const int code = idn2_to_ascii_4z(points.data(), &raw, uts46);
    const Idn2Text<char> text{raw};
    return code == IDN2_OK && text && ascii == text.get();
}

bool in(char32_t point, char32_t first, char32_t last) noexcept {
    return point >= first && point <= last;
}

/// The blocks that hold right-to-left characters, a superset of those characters.
bool may_be_right_to_left(char32_t point) noexcept {
    return in(point, 0x590, 0x8ff) || in(point, 0xfb1d, 0xfdff) || in(point, 0xfe70, 0xfeff) ||
           in(point, 0x10800, 0x10fff) || in(point, 0x1e800, 0x1efff);
}

/// Hebrew and Arabic letters, without marks and digits: what the names in use are made of.
bool right_to_left_letter(char32_t point) noexcept {
    return in(point, 0x5d0, 0x5ea) || in(point, 0x620, 0x64a) || in(point, 0x671, 0x6d3);
}

bool digit(char32_t point) noexcept {
    return in(point, U'0', U'9');
}
bool latin_letter(char32_t point) noexcept {
    return in(point, U'a', U'z');
}

/// A letter first, a letter or digit last, and between them hyphens and `joiner` too.
template <class Letter>
bool plain_label(UnicodeView label, Letter letter, char32_t joiner) {
    const auto inside = [&](char32_t point) {
        return letter(point) || digit(point) || point == U'-' || point == joiner;
    };
    return letter(label.front()) && (letter(label.back()) || digit(label.back())) &&
           std::ranges::all_of(label, inside);
}

/// Whether all labels keep the rule for names with a right-to-left label. Stricter than the rule:
/// libidn2 judges each label alone and the classes of characters are not ours to carry around.
bool directions_agree(UnicodeView name) {
    if (std::ranges::none_of(name, may_be_right_to_left)) {
        return true;
    }
    constexpr char32_t zero_width_non_joiner = 0x200c;  // Persian; libidn2 checks its neighbours
    while (true) {
        const auto dot = name.find(U'.');
        const auto label = name.substr(0, dot);
        if (!label.empty() && !plain_label(label, latin_letter, U'-') &&
            !plain_label(label, right_to_left_letter, zero_width_non_joiner)) {
            return false;
        }
        if (dot == UnicodeView::npos) {
            return true;
        }
        name.remove_prefix(dot + 1);
    }
}

}  // namespace

std::optional<std::string> domain_to_ascii(std::string_view name) {
    std::string lower{name};
    std::ranges::transform(lower, lower.begin(), ascii_lower);
    if (is_ascii(lower)) {
        return lower;
    }
    constexpr std::string_view capital_sharp_s = "\xe1\xba\x9e";
    const bool mapped_anew = lower.find(capital_sharp_s) != std::string::npos;
    const bool cut_short = lower.find('\0') != std::string::npos;  // libidn2 would stop there
    if (mapped_anew || cut_short || !is_utf8(lower)) {
        return std::nullopt;
    }
    auto ascii = to_ascii(lower);
    if (!ascii) {
        return std::nullopt;
    }
    const auto unicode = to_unicode(*ascii);
    if (!survives_round_trip(*ascii, unicode) || !directions_agree(unicode)) {
        return std::nullopt;
    }
    return ascii;
}

}  // namespace fanfetch
