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

}  // namespace fanfetch
