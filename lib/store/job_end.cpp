#include "store/job_end.hpp"

namespace fanfetch {

JobChange completing(const Completion& completion) {
    JobChange change;
    change.state = job_state::completed;
    change.finished_at = completion.finished_at;
    change.expires_at = completion.finished_at + completion.ttl;
    return change;
}

JobChange without_end(JobChange change) {
    if (!change.state && !change.finished_at) {
        return change;  // it is about something else: how long the job is kept, say
    }
    change.state.reset();
    change.reason.reset();
    change.finished_at.reset();
    change.expires_at.reset();
    return change;
}

}  // namespace fanfetch
