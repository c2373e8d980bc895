#include "base/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace fanfetch {
namespace {

/// Which bytes can be copied as they are: printable ASCII but for the quote and the backslash.
constexpr auto plain = [] {
    std::array<bool, 256> table{};
    for (unsigned c = 0x20; c < 0x7F; ++c) {
        table[c] = c != '"' && c != '\\';
    }
    return table;
}();

constexpr bool is_plain(char c) noexcept {
    return plain[static_cast<unsigned char>(c)];
}

void append_escape(std::string& out, unsigned code) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += "\\u";
    for (unsigned shift = 16; shift > 0;) {
        shift -= 4;
        out += digits[code >> shift & 0x0FU];
    }
}

void append_ascii(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            append_escape(out, static_cast<unsigned char>(c));
    }
}

/// Whether a character outside ASCII would act on what shows it rather than be shown.
constexpr bool acts(unsigned code) noexcept {
    return (code >= 0x80 && code <= 0x9F) || code == 0x061C || (code >= 0x200E && code <= 0x200F) ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

constexpr unsigned byte_at(std::string_view text, std::size_t at) noexcept {
    return static_cast<unsigned char>(text[at]);
}

unsigned decode(std::string_view sequence) noexcept {
    constexpr std::array<unsigned, 5> lead_mask{0, 0x7F, 0x1F, 0x0F, 0x07};
    unsigned code = byte_at(sequence, 0) & lead_mask[sequence.size()];
    for (std::size_t i = 1; i < sequence.size(); ++i) {
        code = code << 6U | (byte_at(sequence, i) & 0x3FU);
    }
    return code;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const auto* const special = std::ranges::find_if_not(text, is_plain);
        out.append(text.data(), static_cast<std::size_t>(special - text.data()));
        text.remove_prefix(static_cast<std::size_t>(special - text.data()));
        if (text.empty()) {
            break;
        }
        if (byte_at(text, 0) < 0x80) {
            append_ascii(out, text.front());
            text.remove_prefix(1);
            continue;
        }
        const auto length = utf8_sequence_length(text);
        if (length == 0) {
            out += "\xEF\xBF\xBD";
            text.remove_prefix(1);
            continue;
        }
        const auto sequence = text.substr(0, length);
        if (const unsigned code = decode(sequence); acts(code)) {
            append_escape(out, code);
        } else {
            out += sequence;
        }
        text.remove_prefix(length);
    }
    out += '"';
}

void append_json_number(std::string& out, double number) {
    if (!std::isfinite(number)) {
        out += "null";
        return;
    }
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end);
}

std::size_t utf8_sequence_length(std::string_view text) noexcept {
    if (text.empty()) {
        return 0;
    }
    const unsigned lead = byte_at(text, 0);
    if (lead < 0x80) {
        return 1;
    }
    // The second byte's range depends on the first: no overlong forms, no surrogates, no more
    // than U+10FFFF (RFC 3629 §4).
    std::size_t length = 0;
    unsigned low = 0x80;
    unsigned high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        low = lead == 0xE0 ? 0xA0 : low;
        high = lead == 0xED ? 0x9F : high;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        low = lead == 0xF0 ? 0x90 : low;
        high = lead == 0xF4 ? 0x8F : high;
    }
    if (length == 0 || text.size() < length) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if (byte_at(text, i) < low || byte_at(text, i) > high) {
            return 0;
        }
        low = 0x80;
        high = 0xBF;
    }
    return length;
}

std::string_view cut_utf8(std::string_view text, std::size_t limit) noexcept {
    if (text.size() <= limit) {
        return text;
    }
    while (limit > 0 && (byte_at(text, limit) & 0xC0U) == 0x80U) {
        --limit;
    }
    return text.substr(0, limit);
}

}  // namespace fanfetch
