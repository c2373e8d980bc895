#include "job/error_budget.hpp"

#include <algorithm>
#include <limits>

namespace fanfetch {
namespace {

std::uint64_t short_of(std::uint64_t most, std::uint64_t had) noexcept {
    return most > had ? most - had : 0;
}

/// The smallest number of failures that, coming next, make up the percentage of all finished.
std::uint64_t short_of_percentage(std::uint64_t percent, EndedItems ended) noexcept {
    constexpr std::uint64_t first_to_judge = 10;
    constexpr std::uint64_t whole = 100;
    const auto too_few = short_of(first_to_judge, ended.all);
    // (failed + n) * 100 >= percent * (all + n), solved for n
    const auto missing = short_of(percent * ended.all, whole * ended.failed);
    if (missing == 0) {
        return too_few;
    }
    if (percent >= whole) {  // one success, and it never comes about
        return std::numeric_limits<std::uint64_t>::max();
    }
    const auto each = whole - percent;
    return std::max(too_few, (missing + each - 1) / each);
}

}  // namespace

std::uint64_t failures_left(const JobOptions& options, EndedItems ended) noexcept {
    switch (options.on_error) {
        case on_error::go_on:
            break;
        case on_error::stop:
            return short_of(1, ended.failed);
        case on_error::stop_after_count:
            return short_of(options.on_error_limit, ended.failed);
        case on_error::stop_after_percent:
            return short_of_percentage(options.on_error_limit, ended);
    }
    return std::numeric_limits<std::uint64_t>::max();
}

void FailureAllowance::count() noexcept {
    const std::lock_guard lock{mutex_};
    ++underway_;
}

bool FailureAllowance::exhausted() noexcept {
    const std::lock_guard lock{mutex_};
    const bool exhausted = underway_ >= left_;
    waited_for_ = waited_for_ || exhausted;
    return exhausted;
}

void FailureAllowance::reset(std::uint64_t left) noexcept {
    const std::lock_guard lock{mutex_};
    underway_ = 0;
    left_ = left;
}

bool FailureAllowance::judge(std::uint64_t durable, std::uint64_t left) noexcept {
    const std::lock_guard lock{mutex_};
    underway_ -= std::min(underway_, durable);
    left_ = left;
    if (underway_ >= left_ || !waited_for_) {
        return false;
    }
    waited_for_ = false;
    return true;
}

}  // namespace fanfetch
