#pragma once

#include "base/time.hpp"

#include <chrono>
#include <cstddef>

namespace fanfetch::sqlite {

/// Decides when the writer takes what is queued.
///
/// A commit costs about the same whether it carries one row or a hundred. So under load the
/// writer waits a little for a group to fill; while little is asked of it, it waits for nobody.
///
/// Units    load is counted in items, as a Write counts them
/// Threads  one owner; pure but for its own memory
class GroupPace {
public:
    /// A group is not waited for any longer, counted from the group before it.
    static constexpr std::chrono::microseconds longest_wait{10'000};
    /// Nor when it has so many items.
    static constexpr std::size_t enough = 1024;
    /// Below so many items a second a commit for each write costs too little to save.
    static constexpr double busy_per_second = 6000;

    /// When to take what is waiting now; not later than `now` means at once.
    [[nodiscard]] Steady::time_point due(Steady::time_point now, std::size_t waiting) const;

    void took(Steady::time_point now, std::size_t items);

private:
    [[nodiscard]] double load_at(Steady::time_point now) const;

    double load_ = 0;  // items of the recent past, older ones counting less
    Steady::time_point last_{};
};

}  // namespace fanfetch::sqlite
