#include "job/wait_condition.hpp"

namespace fanfetch {

bool WaitCondition::holds(const JobSnapshot& job) const noexcept {
    if (job.done()) {
        return true;
    }
    switch (what) {
        case kind::all_completed:
            return false;
        case kind::first_completed:
            return job.record.tally.terminal() > 0;
        case kind::first_exception:
            return job.record.tally.failed > 0;
        case kind::count:
            return job.record.tally.terminal() >= number;
        case kind::seq:
            return job.record.last_seq > number;
        case kind::change:
            return job.version != number;
    }
    return false;
}

bool has_exception(const JobSnapshot& job) noexcept {
    const auto state = job.record.state;
    return state == job_state::failed || state == job_state::expired || job.record.tally.failed > 0;
}

bool JobsDone::satisfies(const WaitCondition& condition) const noexcept {
    using kind = WaitCondition::kind;
    if (done == total) {
        return true;
    }
    switch (condition.what) {
        case kind::first_completed:
            return done > 0;
        case kind::first_exception:
            return exceptions > 0;
        case kind::count:
            return done >= condition.number;
        case kind::all_completed:
        case kind::seq:
        case kind::change:
            return false;
    }
    return false;
}

}  // namespace fanfetch
