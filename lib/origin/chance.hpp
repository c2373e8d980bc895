#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace fanfetch::origin {

/// Chance that is the same in every run: what befalls the n-th request for a target follows from
/// the seed, the target and n, and not from the order in which requests come.
///
/// Threads  immutable
class Chance {
public:
    explicit Chance(std::uint64_t seed) noexcept : seed_{seed} {}

    /// True for about this share of all requests; `share` from 0 to 1.
    [[nodiscard]] bool happens(double share, std::string_view target, std::uint64_t nth)
        const noexcept;

    /// A time between the two, both included.
    [[nodiscard]] std::chrono::milliseconds between(
        std::chrono::milliseconds least, std::chrono::milliseconds most, std::string_view target,
        std::uint64_t nth
    ) const noexcept;

private:
    [[nodiscard]] std::uint64_t draw(std::string_view target, std::uint64_t nth) const noexcept;

    std::uint64_t seed_;
};

}  // namespace fanfetch::origin
