#pragma once

#include "future/any_future.hpp"

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <utility>
#include <vector>

namespace fanfetch {

/// A handle of any kind: AnyFuture or some Future<T>.
template <class F>
concept FutureHandle = std::derived_from<F, AnyFuture>;

template <class R>
concept FutureRange = std::ranges::input_range<R> &&
                      FutureHandle<std::remove_cvref_t<std::ranges::range_reference_t<R>>>;

template <FutureRange R>
using HandleOf = std::remove_cvref_t<std::ranges::range_reference_t<R>>;

namespace detail {

/// A set of addresses that only grows: open addressing, at most half full.
class AddressSet {
public:
    explicit AddressSet(std::size_t most)
        : shift_{64 - static_cast<int>(std::bit_width(std::max<std::size_t>(most, 1) * 2 - 1))},
          places_(std::size_t{1} << (64 - shift_), nullptr) {}

    /// Whether it was new.
    bool insert(const void* address) {
        // Fibonacci hashing: addresses differ in their middle bits, the product's high bits mix
        // them.
        constexpr std::uint64_t golden = 0x9E3779B97F4A7C15U;
        auto place = (reinterpret_cast<std::uintptr_t>(address) * golden) >> shift_;
        while (places_[place] != nullptr) {
            if (places_[place] == address) {
                return false;
            }
            place = (place + 1) & (places_.size() - 1);
        }
        places_[place] = address;
        return true;
    }

private:
    int shift_;
    std::vector<const void*> places_;
};

/// The futures in order, each state once.
template <FutureRange R>
[[nodiscard]] std::vector<HandleOf<R>> distinct(R&& futures) {
    std::vector<HandleOf<R>> all;
    if constexpr (std::ranges::sized_range<R>) {
        all.reserve(static_cast<std::size_t>(std::ranges::size(futures)));
    }
    for (auto&& future : futures) {
        all.push_back(future);
    }
    AddressSet seen{all.size()};
    std::erase_if(all, [&seen](const AnyFuture& future) {
        return !seen.insert(&StateAccess::state(future));
    });
    return all;
}

}  // namespace detail
}  // namespace fanfetch
