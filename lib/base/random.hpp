#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fanfetch {

/// A source of randomness that may be scripted in tests; not for secrets.
///
/// Threads  one owner at a time
class Random {
public:
    virtual ~Random() = default;

    /// Any 64 bits, each equally likely.
    [[nodiscard]] virtual std::uint64_t bits() = 0;

    /// A number in [0, limit], each equally likely.
    [[nodiscard]] std::uint64_t up_to(std::uint64_t limit);
};

/// xoshiro256++, seeded from the kernel unless told otherwise.
///
/// Source  Blackman, Vigna: Scrambled Linear Pseudorandom Number Generators (2021)
class FastRandom final : public Random {
public:
    FastRandom();
    explicit FastRandom(std::uint64_t seed) noexcept;
    [[nodiscard]] std::uint64_t bits() override;

private:
    std::uint64_t state_[4];
};

/// Fills `out` from the kernel's CSPRNG (getrandom). For ids, keys and secrets.
void fill_random(std::span<std::byte> out);

}  // namespace fanfetch
