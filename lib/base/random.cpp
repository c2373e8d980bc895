#include "base/random.hpp"

#include <bit>
#include <cerrno>
#include <limits>
#include <system_error>

#include <sys/random.h>

namespace fanfetch {
namespace {

/// Spreads a seed over the generator's state; a state of zeros would stay zeros.
///
/// Source  Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators (2014)
std::uint64_t split_mix(std::uint64_t& state) noexcept {
    state += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
}

}  // namespace

std::uint64_t Random::up_to(std::uint64_t limit) {
    if (limit == std::numeric_limits<std::uint64_t>::max()) {
        return bits();
    }
    // Lemire's method: the high half of a product is the answer, and the few products whose low
    // half would favour some answers are drawn again.
    __extension__ using Wide = unsigned __int128;
    const std::uint64_t range = limit + 1;
    Wide product = Wide{bits()} * range;
    if (static_cast<std::uint64_t>(product) < range) {
        const std::uint64_t unfair = (0 - range) % range;
        while (static_cast<std::uint64_t>(product) < unfair) {
            product = Wide{bits()} * range;
        }
    }
    return static_cast<std::uint64_t>(product >> 64U);
}

FastRandom::FastRandom() : state_{} {
    fill_random(std::as_writable_bytes(std::span{state_}));
    state_[0] |= 1U;  // never all zeros
}

FastRandom::FastRandom(std::uint64_t seed) noexcept : state_{} {
    for (auto& word : state_) {
        word = split_mix(seed);
    }
}

std::uint64_t FastRandom::bits() {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

void fill_random(std::span<std::byte> out) {
    while (!out.empty()) {
        const auto got = ::getrandom(out.data(), out.size(), 0);
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            throw std::system_error{errno, std::generic_category(), "getrandom"};
        }
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

}  // namespace fanfetch
