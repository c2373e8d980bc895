#include "mutator.hpp"

#include <algorithm>
#include <array>

namespace fanfetch::fuzz {
namespace {

/// Bytes at which parsers take turns.
constexpr std::array<std::uint8_t, 24> telling{0,    1,    9,   10,  13,   32,   34,  37,
                                               42,   44,   45,  46,  47,   48,   57,  58,
                                               0x7F, 0x80, '{', '}', 0xC0, 0xED, 255, ';'};

Bytes::iterator at(Bytes& bytes, std::size_t place) {
    return bytes.begin() + static_cast<std::ptrdiff_t>(place);
}

}  // namespace

std::size_t Mutator::below(std::size_t bound) {
    return static_cast<std::size_t>(random_() % bound);
}

Bytes Mutator::next(const std::vector<Bytes>& seeds) {
    auto bytes = seeds[below(seeds.size())];
    for (auto changes = 1 + below(4); changes > 0; --changes) {
        change(bytes, seeds);
    }
    bytes.resize(std::min(bytes.size(), longest));
    return bytes;
}

void Mutator::change(Bytes& bytes, const std::vector<Bytes>& seeds) {
    enum { flip, tell, insert, remove, twice, join, kinds };
    const auto kind = below(kinds);
    if (kind == join) {
        splice(bytes, seeds[below(seeds.size())]);
    } else if (kind == insert) {
        bytes.insert(at(bytes, below(bytes.size() + 1)), telling[below(telling.size())]);
    } else if (bytes.empty()) {
        return;
    } else if (kind == flip) {
        bytes[below(bytes.size())] ^= static_cast<std::uint8_t>(1U << below(8));
    } else if (kind == tell) {
        bytes[below(bytes.size())] = telling[below(telling.size())];
    } else if (kind == remove) {
        cut(bytes);
    } else {
        repeat(bytes);
    }
}

void Mutator::cut(Bytes& bytes) {
    const auto from = below(bytes.size());
    const auto size = 1 + below(bytes.size() - from);
    bytes.erase(at(bytes, from), at(bytes, from + size));
}

void Mutator::repeat(Bytes& bytes) {
    const auto from = below(bytes.size());
    const auto size = 1 + below(std::min<std::size_t>(64, bytes.size() - from));
    const Bytes part{at(bytes, from), at(bytes, from + size)};
    for (auto times = 1 + below(8); times > 0 && bytes.size() < longest; --times) {
        bytes.insert(at(bytes, from), part.begin(), part.end());
    }
}

/// The beginning of one, and the end of the other.
void Mutator::splice(Bytes& bytes, const Bytes& other) {
    bytes.resize(below(bytes.size() + 1));
    const auto from = below(other.size() + 1);
    bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
}

}  // namespace fanfetch::fuzz
