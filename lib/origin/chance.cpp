#include "origin/chance.hpp"

#include "base/random.hpp"

namespace fanfetch::origin {

/// FNV-1a over the target, then the generator that the rest of the program uses.
std::uint64_t Chance::draw(std::string_view target, std::uint64_t nth) const noexcept {
    constexpr std::uint64_t basis = 14'695'981'039'346'656'037U;
    constexpr std::uint64_t prime = 1'099'511'628'211U;
    std::uint64_t hash = basis ^ seed_;
    for (const char c : target) {
        hash = (hash ^ static_cast<unsigned char>(c)) * prime;
    }
    return FastRandom{(hash ^ nth) * prime}.bits();
}

bool Chance::happens(double share, std::string_view target, std::uint64_t nth) const noexcept {
    constexpr double whole = 1U << 30U;
    return static_cast<double>(draw(target, nth) >> 34U) < share * whole;
}

std::chrono::milliseconds Chance::between(
    std::chrono::milliseconds least, std::chrono::milliseconds most, std::string_view target,
    std::uint64_t nth
) const noexcept {
    if (most <= least) {
        return least;
    }
    const auto span = static_cast<std::uint64_t>((most - least).count()) + 1;
    return least + std::chrono::milliseconds{draw(target, nth) % span};
}

}  // namespace fanfetch::origin
