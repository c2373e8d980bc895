#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace fanfetch::fuzz {

using Bytes = std::vector<std::uint8_t>;

/// Makes new inputs out of old ones: flips, cuts, repeats, and joins of two.
///
/// It does not see what the target does with them. It stands in for libFuzzer where that is not to
/// be had, and finds what is near the seeds.
class Mutator {
public:
    static constexpr std::size_t longest = 16U << 10U;

    explicit Mutator(std::uint64_t seed) : random_{seed} {}

    /// A neighbour of one of the `seeds`, of which there is at least one.
    [[nodiscard]] Bytes next(const std::vector<Bytes>& seeds);

private:
    [[nodiscard]] std::size_t below(std::size_t bound);
    void change(Bytes& bytes, const std::vector<Bytes>& seeds);
    void cut(Bytes& bytes);
    void repeat(Bytes& bytes);
    void splice(Bytes& bytes, const Bytes& other);

    std::mt19937_64 random_;
};

}  // namespace fanfetch::fuzz
