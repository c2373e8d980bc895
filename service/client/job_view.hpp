#pragma once

#include "base/expected.hpp"
#include "batch/progress.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fanfetch {

/// What the command line looks at of a job document.
struct JobView {
    std::string id;
    std::string state;
    std::string reason;  ///< empty: none
    bool done = false;
    bool sealed = true;
    std::uint64_t total = 0;
    std::uint64_t running = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t skipped = 0;
    std::uint64_t cancelled = 0;
    std::uint64_t bytes = 0;
    std::string created_at;
    std::map<std::string, std::uint64_t> failures{};  ///< by code

    [[nodiscard]] std::uint64_t ended() const noexcept {
        return succeeded + failed + skipped + cancelled;
    }
    /// Whether it has not gone, or is not going, as it was meant to.
    [[nodiscard]] bool exception() const noexcept {
        return failed > 0 || state == "failed" || state == "expired";
    }
    /// Whether there is nothing to complain of: done, with every item fetched or skipped.
    [[nodiscard]] bool fine() const noexcept {
        return state == "completed" && failed == 0 && cancelled == 0;
    }
};

/// Errors   http_malformed: it is not a job
[[nodiscard]] Expected<JobView> read_job(std::string_view document);

/// When `fanfetch wait` has waited enough.
struct WaitRule {
    enum class kind : std::uint8_t { all_completed, first_completed, first_exception, count };
    kind what = kind::all_completed;
    std::uint64_t count = 0;

    /// "all_completed", "first_completed", "first_exception" or "count:N", with N from 1
    [[nodiscard]] static std::optional<WaitRule> parse(std::string_view text) noexcept;
};

/// Of one job its items count, of several the jobs, as with `GET /v1/jobs/{id}` and
/// `POST /v1/wait`. What can no longer come is not waited for.
[[nodiscard]] bool waited_enough(WaitRule rule, std::span<const JobView> jobs) noexcept;

/// How far they are together; the total is unknown while one may still grow.
[[nodiscard]] ProgressCounts progress_of(std::span<const JobView> jobs) noexcept;

/// One line about a job: "job_… completed: 5 items: 4 succeeded, 1 failed (http.status_404: 1)".
[[nodiscard]] std::string job_line(const JobView& job);

/// A table of jobs with its heading, each line ended.
[[nodiscard]] std::string job_table(std::span<const JobView> jobs);

}  // namespace fanfetch
