#include "url/percent.hpp"

#include "url/ascii.hpp"

namespace fanfetch {

void append_percent_encoded(std::string& out, std::string_view text, const ByteSet& set) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char byte : text) {
        if (!set.contains(byte)) {
            out += byte;
            continue;
        }
        const auto value = static_cast<unsigned char>(byte);
        out += '%';
        out += digits[value >> 4U];
        out += digits[value & 0xfU];
    }
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            const auto high = digit_value(text[i + 1], 16);
            const auto low = digit_value(text[i + 2], 16);
            if (high && low) {
                out += static_cast<char>(*high * 16 + *low);
                i += 2;
                continue;
            }
        }
        out += text[i];
    }
    return out;
}

}  // namespace fanfetch
