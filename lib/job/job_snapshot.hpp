#pragma once

#include "model/job_record.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace fanfetch {

/// How a snapshot is shown, made by the first who asks: a job that is polled by thousands is
/// written out once for each picture of it. A copy begins without.
///
/// Threads  any
class Rendering {
public:
    Rendering() = default;
    Rendering(const Rendering&) noexcept {}
    Rendering& operator=(const Rendering&) = delete;

    struct Text {
        std::string text;
        std::string tag;  ///< another text, another tag
    };

    template <class Make>
    const Text& get(Make make) const {
        std::call_once(made_, [&] { text_ = make(); });
        return text_;
    }

private:
    mutable std::once_flag made_;
    mutable Text text_;
};

/// A job as it looks from outside at one moment. Immutable: everybody may read it.
struct JobSnapshot {
    JobRecord record;   ///< state, tally, total, last_seq and times as of now
    ItemCounts counts;  ///< always sums to record.total
    double rate_per_s = 0;
    std::optional<std::chrono::milliseconds> eta;
    std::uint64_t version = 0;  ///< changes whenever anything above does

    Rendering shown{};

    [[nodiscard]] bool done() const noexcept { return is_done(record.state); }
};

using JobSnapshotPtr = std::shared_ptr<const JobSnapshot>;

/// The counts of a job of which `waiting` items wait and `running` are on their way; what is left
/// is queued. Clamped so that the sum holds whatever the two say.
[[nodiscard]] ItemCounts counts_of(
    const JobRecord& record, std::uint64_t waiting, std::uint64_t running
) noexcept;

/// The snapshot of a job that nobody works on: it is done, or not yet taken up.
[[nodiscard]] JobSnapshotPtr snapshot_of(JobRecord record);

}  // namespace fanfetch
