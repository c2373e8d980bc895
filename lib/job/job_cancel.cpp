#include "job/job.hpp"

#include <boost/asio/dispatch.hpp>

#include <utility>

namespace fanfetch {

namespace asio = boost::asio;

namespace {

job_state end_of(state_reason reason) noexcept {
    switch (reason) {
        case state_reason::deadline:
            return job_state::expired;
        case state_reason::internal:
            return job_state::failed;
        default:
            return job_state::cancelled;
    }
}

}  // namespace

Future<Expected<CancelAnswer>> Job::cancel(cancel_mode mode, state_reason reason) {
    Promise<Expected<CancelAnswer>> promise;
    auto answer = promise.get_future();
    auto work = [self = shared_from_this(), mode, reason, promise = std::move(promise)]() mutable {
        self->on_cancel(mode, reason, std::move(promise));
    };
    asio::dispatch(parts_.loop, std::move(work));
    return answer;
}

/// Cancelling comes in three steps: nothing starts any more; what is in flight ends (by itself, or
/// aborted); every item without a result is recorded as cancelled, and the job with it.
void Job::on_cancel(cancel_mode mode, state_reason reason, Promise<Expected<CancelAnswer>> answer) {
    CancelAnswer said;
    if (is_done(record_.state) || ending_) {
        said.state = record_.state;
        answer.try_set_result(said);
        return;
    }
    const bool first = record_.state != job_state::cancelling || shards_.empty();
    record_.state = job_state::cancelling;
    if (record_.reason == state_reason::none) {
        record_.reason = reason;
    }
    end_state_ = end_of(record_.reason);
    const auto unfinished = record_.total - record_.tally.terminal();
    const auto running = std::min(unfinished, in_flight() + uncommitted_);
    said.state = record_.state;
    said.left_running = mode == cancel_mode::drain ? running : 0;
    said.cancelled =
        first ? unfinished - said.left_running : (mode == cancel_mode::abort ? running : 0);
    window_.clear();
    passed_.clear();
    look_timer_.cancel();
    for (std::size_t shard = 0; shard < shards_.size(); ++shard) {
        parts_.drop(shard, id_, mode == cancel_mode::abort);
    }
    JobChange change;
    change.state = record_.state;
    change.reason = record_.reason;
    change.sealed = true;
    record_.sealed = true;
    auto known = parts_.store->change_job(id_, change);
    auto tell = [said, answer = std::make_shared<Promise<Expected<CancelAnswer>>>(std::move(answer)
                       )](const auto& done) {
        const auto& outcome = done.result();
        if (outcome) {
            answer->try_set_result(said);
        } else {
            answer->try_set_result(outcome.error());
        }
    };
    known.add_done_callback(std::move(tell));
    publish();
    check_end();
}

void Job::cancel_the_rest() {
    ending_ = true;
    record_.finished_at = parts_.clock->wall();
    record_.expires_at = *record_.finished_at + record_.options.ttl;
    JobChange change;
    change.state = end_state_;
    change.reason = record_.reason;
    change.finished_at = record_.finished_at;
    change.expires_at = record_.expires_at;
    auto rest = parts_.store->cancel_rest(id_, cancellation_code(record_.reason), change);
    auto ended = [self = shared_from_this()](const auto& done) {
        auto commit = done.result();
        asio::dispatch(self->parts_.loop, [self, commit = std::move(commit)]() mutable {
            if (commit) {
                self->apply(*commit);
            }
            if (commit && commit->completed_at) {
                self->completed(*commit->completed_at);
                return;
            }
            self->ended();
        });
    };
    rest.add_done_callback(std::move(ended));
}

void Job::begin() {
    asio::dispatch(parts_.loop, [self = shared_from_this()] { self->arm_deadline(); });
}

void Job::arm_deadline() {
    if (!record_.options.deadline || is_done(record_.state)) {
        return;
    }
    const auto left = record_.created_at + *record_.options.deadline - parts_.clock->wall();
    deadline_.expires_at(saturating_add(parts_.clock->now(), left));
    deadline_.async_wait([self = shared_from_this()](boost::system::error_code error) {
        if (!error) {
            self->on_cancel(cancel_mode::abort, state_reason::deadline, {});
        }
    });
}

}  // namespace fanfetch
