#include "http/field_syntax.hpp"

#include <cstdint>
#include <cstring>

namespace fanfetch {
namespace {

constexpr std::uint64_t each_byte = 0x0101010101010101;
constexpr std::uint64_t high_bits = 0x80 * each_byte;

/// Whether one of eight bytes is below SP or is DEL: not yet an error, HTAB is among them.
///
/// Without their high bits, which obs-text may have, the bytes cannot carry into each other: adding
/// 0x60 sets the high bit of those from 0x20 on, adding 1 that of DEL alone.
constexpr bool has_control(std::uint64_t bytes) noexcept {
    const std::uint64_t low = bytes & ~high_bits;
    const std::uint64_t from_space_on = low + 0x60 * each_byte;
    const std::uint64_t del = low + each_byte;
    return ((~from_space_on | del) & ~bytes & high_bits) != 0;
}

}  // namespace

bool is_value(std::string_view text) noexcept {
    constexpr std::size_t step = sizeof(std::uint64_t);
    if (text.size() < step) {
        return std::all_of(text.begin(), text.end(), is_value_char);
    }
    // The last step may overlap the one before it: so there is no rest.
    for (std::size_t at = 0; at < text.size(); at += step) {
        const char* const from = text.data() + std::min(at, text.size() - step);
        std::uint64_t bytes = 0;
        std::memcpy(&bytes, from, step);
        if (has_control(bytes) && !std::all_of(from, from + step, is_value_char)) {
            return false;
        }
    }
    return true;
}

std::string quoted_excerpt(std::string_view text) {
    constexpr std::size_t longest = 40;
    std::string out{"'"};
    for (const char c : text.substr(0, longest)) {
        out += c >= ' ' && c <= '~' ? c : '?';
    }
    out += text.size() > longest ? "…'" : "'";
    return out;
}

}  // namespace fanfetch
