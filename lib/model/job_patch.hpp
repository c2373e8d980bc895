#pragma once

#include "model/json_member.hpp"
#include "model/options.hpp"
#include "model/options_reader.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace fanfetch {

/// What is to be changed of a job while it runs. Only members with a value are.
struct JobPatch {
    std::optional<int> concurrency;
    std::optional<int> per_host_concurrency;
    std::optional<double> per_host_rate;  ///< 0: none
    std::optional<int> priority;
    std::optional<std::optional<std::chrono::milliseconds>> deadline;  ///< within: none
    std::optional<std::chrono::milliseconds> ttl;
    std::optional<std::string> metadata;  ///< empty: none

    /// Whether it asks for anything that means nothing to a job that is done.
    [[nodiscard]] bool needs_a_running_job() const noexcept {
        return concurrency || per_host_concurrency || per_host_rate || priority || deadline;
    }
};

/// The options with the patch laid over them.
[[nodiscard]] JobOptions patched(JobOptions options, const JobPatch& patch);

/// Reads the body of a PATCH: `concurrency`, `per_host`, `priority`, `deadline`, `ttl`, `metadata`,
/// each as in a job's options; null takes a deadline, a rate or the metadata away. `context.now`
/// is when the job was created: its deadline counts from there.
///
/// Errors  api_invalid with a pointer; `patch` is then half written and of no use
Fault read_job_patch(const JsonMember& member, const OptionContext& context, JobPatch& patch);

}  // namespace fanfetch
