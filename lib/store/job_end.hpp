#pragma once

#include "store/job_store.hpp"

namespace fanfetch {

// How a job ends in the store. Pure; every store decides by these.

/// Whether a job with these counters has nothing left to do and nobody is stopping it.
[[nodiscard]] constexpr bool completes(
    job_state state, bool sealed, const JobTally& tally, std::uint64_t total
) noexcept {
    return sealed && !is_done(state) && state != job_state::cancelling && tally.terminal() == total;
}

/// The change that completes a job.
[[nodiscard]] JobChange completing(const Completion& completion);

/// A change as a job that is done takes it: its end stays as it is.
[[nodiscard]] JobChange without_end(JobChange change);

}  // namespace fanfetch
