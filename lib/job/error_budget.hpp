#pragma once

#include "model/options.hpp"
#include "model/state.hpp"

namespace fanfetch {

/// Whether a job has had all the failures that its `on_error` allows. A percentage is of the items
/// finished, from the tenth on.
[[nodiscard]] constexpr bool over_error_budget(
    const JobOptions& options, const JobTally& tally
) noexcept {
    constexpr std::uint64_t first_to_judge = 10;
    switch (options.on_error) {
        case on_error::go_on:
            return false;
        case on_error::stop:
            return tally.failed > 0;
        case on_error::stop_after_count:
            return tally.failed >= options.on_error_limit;
        case on_error::stop_after_percent:
            return tally.terminal() >= first_to_judge &&
                   tally.failed * 100 >= options.on_error_limit * tally.terminal();
    }
    return false;
}

}  // namespace fanfetch
