#include "url/utf8.hpp"

#include <cstddef>

namespace fanfetch {
namespace {

using Byte = unsigned char;

struct Sequence {
    std::size_t length = 0;  // 0: not a first byte
    Byte second_min = 0x80;  // keeps out overlong forms, surrogates and what is past U+10FFFF
    Byte second_max = 0xbf;
};

constexpr Sequence sequence_after(Byte first) noexcept {
    if (first < 0x80) {
        return {1};
    }
    if (first < 0xc2 || first > 0xf4) {
        return {};
    }
    switch (first) {
        case 0xe0:
            return {3, 0xa0};
        case 0xed:
            return {3, 0x80, 0x9f};
        case 0xf0:
            return {4, 0x90};
        case 0xf4:
            return {4, 0x80, 0x8f};
        default:
            return {first < 0xe0 ? std::size_t{2} : first < 0xf0 ? std::size_t{3} : std::size_t{4}};
    }
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const auto sequence = sequence_after(static_cast<Byte>(text.front()));
        if (sequence.length == 0 || sequence.length > text.size()) {
            return false;
        }
        for (std::size_t i = 1; i < sequence.length; ++i) {
            const auto byte = static_cast<Byte>(text[i]);
            const Byte least = i == 1 ? sequence.second_min : Byte{0x80};
            const Byte most = i == 1 ? sequence.second_max : Byte{0xbf};
            if (byte < least || byte > most) {
                return false;
            }
        }
        text.remove_prefix(sequence.length);
    }
    return true;
}

}  // namespace fanfetch
