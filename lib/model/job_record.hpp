#pragma once

#include "base/time.hpp"
#include "model/callback.hpp"
#include "model/options.hpp"
#include "model/state.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// A job as the store keeps it.
struct JobRecord {
    std::string id;
    std::string tenant = "default";
    JobOptions options;
    job_state state = job_state::pending;
    state_reason reason = state_reason::none;
    bool sealed = false;  ///< no more items will come
    /// Left open on purpose, so that items can be appended: it goes on over a restart, where one
    /// that is neither sealed nor open is an upload that broke off.
    bool open = false;
    std::uint32_t run = 1;   ///< how often it has been set going: 1, and once more by each retry
    bool rerunning = false;  ///< its items are still being put back for another run
    std::uint64_t total = 0;
    std::uint64_t last_seq = 0;
    JobTally tally;
    WallTime created_at{};
    std::optional<WallTime> started_at;
    std::optional<WallTime> finished_at;
    std::optional<WallTime> expires_at;
    /// Those a job is created with. Not filled in when it is read: see WebhookStore::callbacks.
    std::vector<CallbackRecord> callbacks{};
};

}  // namespace fanfetch
