#include "job/job.hpp"

#include <algorithm>
#include <utility>

// What a job is asked while it lives, beside being cancelled: to pause and go on, to change, to
// take no more items, and to run items again once it is done.

namespace fanfetch {

/// Does `work(job, answer)` on the job's loop.
template <class Work>
Future<Expected<JobSnapshotPtr>> Job::ask(Work work) {
    Answer answer;
    auto future = answer.get_future();
    on_loop([work = std::move(work), answer = std::move(answer)](Job& job) mutable {
        work(job, std::move(answer));
    });
    return future;
}

void Job::answer_when_durable(Future<Expected<void>> written, Answer answer) {
    auto tell = [self = shared_from_this(),
                 answer = std::make_shared<Answer>(std::move(answer))](const auto& done) {
        const auto& outcome = done.result();
        if (outcome) {
            answer->try_set_result(self->snapshot());
        } else {
            answer->try_set_result(outcome.error());
        }
    };
    written.add_done_callback(std::move(tell));
}

/// Why the job can be neither paused nor changed any more.
std::optional<Failure> Job::refusal() const {
    if (is_done(record_.state) || ending_) {
        return failed(failure_code::job_done, "changing job " + id_ + ": it has ended");
    }
    if (record_.state == job_state::cancelling) {
        return failed(
            failure_code::job_cancelling, "changing job " + id_ + ": it is being cancelled"
        );
    }
    return std::nullopt;
}

Future<Expected<JobSnapshotPtr>> Job::pause() {
    return ask([](Job& job, Answer answer) { job.on_pause(true, std::move(answer)); });
}

Future<Expected<JobSnapshotPtr>> Job::resume() {
    return ask([](Job& job, Answer answer) { job.on_pause(false, std::move(answer)); });
}

void Job::on_pause(bool pause, Answer answer) {
    if (auto refused = refusal()) {
        answer.try_set_result(*std::move(refused));
        return;
    }
    if (pause != (record_.state == job_state::paused)) {
        const auto going = record_.started_at ? job_state::running : job_state::pending;
        record_.state = pause ? job_state::paused : going;
        for (std::size_t shard = 0; shard < shards_.size(); ++shard) {
            parts_.hold(shard, id_, pause);
        }
        hand_out();
        lease_to_the_hungry();
        consider_looking_ahead();
        publish();
    }
    // Also when it is so already: what said it first may not be durable yet.
    JobChange change;
    change.state = record_.state;
    answer_when_durable(parts_.store->change_job(id_, change), std::move(answer));
}

Future<Expected<JobSnapshotPtr>> Job::change(JobPatch patch) {
    return ask([patch = std::move(patch)](Job& job, Answer answer) {
        job.on_change(patch, std::move(answer));
    });
}

void Job::on_change(const JobPatch& patch, Answer answer) {
    if (auto refused = refusal()) {
        answer.try_set_result(*std::move(refused));
        return;
    }
    const auto before = std::exchange(record_.options, patched(record_.options, patch));
    ttl_changed_ = ttl_changed_ || before.ttl != record_.options.ttl;
    std::vector<std::size_t> take_back(shards_.size(), 0);
    set_concurrency(before.concurrency, take_back);
    const auto knobs = JobKnobs::of(record_.options);
    {
        const std::lock_guard lock{published_mutex_};
        knobs_ = knobs;
    }
    for (std::size_t shard = 0; shard < shards_.size(); ++shard) {
        parts_.change(shard, id_, knobs, take_back[shard]);
    }
    if (patch.deadline) {
        deadline_.cancel();
        arm_deadline();
    }
    lease_to_the_hungry();
    publish();
    JobChange change;
    change.options = record_.options;
    answer_when_durable(parts_.store->change_job(id_, change), std::move(answer));
}

/// Issues more permits, or withdraws some: those that lie idle at once, the others as they come
/// back from the shards, which are asked for them.
void Job::set_concurrency(int before, std::vector<std::size_t>& take_back) {
    const auto old_count = static_cast<std::size_t>(before);
    const auto new_count = static_cast<std::size_t>(record_.options.concurrency);
    if (new_count >= old_count) {
        get_back(new_count - old_count);
        return;
    }
    const auto surplus = old_count - new_count;
    const auto idle = std::min(surplus, free_permits_);
    free_permits_ -= idle;
    debt_ += surplus - idle;
    auto wanted = surplus - idle;
    for (std::size_t shard = 0; shard < shards_.size() && wanted > 0; ++shard) {
        take_back[shard] = std::min(wanted, shards_[shard].permits);
        wanted -= take_back[shard];
    }
}

/// Permits that nobody holds any more: first those that are withdrawn are made up for.
void Job::get_back(std::size_t permits) noexcept {
    const auto paid = std::min(debt_, permits);
    debt_ -= paid;
    free_permits_ += permits - paid;
}

Future<Expected<JobSnapshotPtr>> Job::close() {
    return ask([](Job& job, Answer answer) { job.on_close(std::move(answer)); });
}

void Job::on_close(Answer answer) {
    if (!record_.sealed && !record_.open) {
        answer.try_set_result(failed(
            failure_code::job_uploading, "sealing job " + id_ + ": its upload is still going on"
        ));
        return;
    }
    if (record_.sealed) {
        answer.try_set_result(snapshot());
        return;
    }
    JobChange change;
    change.sealed = true;
    // Queued behind the items that were appended before, so that none of them comes too late.
    auto sealing = parts_.store->change_job(id_, change);
    auto tell = [self = shared_from_this(),
                 answer = std::make_shared<Answer>(std::move(answer))](const auto& done) {
        const auto& outcome = done.result();
        if (!outcome) {
            answer->try_set_result(outcome.error());
            return;
        }
        self->sealed();
        self->on_loop([answer](Job& job) { answer->try_set_result(job.snapshot()); });
    };
    sealing.add_done_callback(std::move(tell));
}

Future<Expected<JobSnapshotPtr>> Job::rerun(std::optional<RerunSelection> selection) {
    return ask([selection = std::move(selection)](Job& job, Answer answer) mutable {
        job.on_rerun(std::move(selection), std::move(answer));
    });
}

/// Until the store has put back the last item nothing is handed out, and a wish to cancel waits.
void Job::on_rerun(std::optional<RerunSelection> selection, Answer answer) {
    record_.rerunning = true;
    JobChange change;
    change.state = job_state::running;
    change.reason = state_reason::none;
    const auto& deadline = record_.options.deadline;
    if (deadline && record_.created_at + *deadline <= parts_.clock->wall()) {
        // It was meant for the run that is over: kept, it would end this one at once.
        change.options = record_.options;
        change.options->deadline.reset();
    }
    auto putting_back = parts_.store->rerun(id_, std::move(selection), std::move(change));
    auto tell = [self = shared_from_this(),
                 answer = std::make_shared<Answer>(std::move(answer))](const auto& done) {
        self->on_loop([answer, put_back = done.result()](Job& job) mutable {
            job.on_put_back(std::move(put_back), std::move(*answer));
        });
    };
    putting_back.add_done_callback(std::move(tell));
}

void Job::on_put_back(Expected<std::uint64_t> put_back, Answer answer) {
    if (!put_back || (*put_back == 0 && is_done(record_.state))) {
        // It stays as it ended.
        record_.rerunning = false;
        over_.store(true, std::memory_order_release);
        parts_.ended(*this);
        if (put_back) {
            answer.try_set_result(snapshot());
        } else {
            answer.try_set_result(put_back.error());
        }
        return;
    }
    auto read = [store = parts_.store, id = id_] { return store->find_job(id); };
    auto reading = parts_.blocking->submit(std::move(read));
    auto tell = [self = shared_from_this(),
                 answer = std::make_shared<Answer>(std::move(answer))](const auto& done) {
        auto record = done.exception() ? std::optional<JobRecord>{} : done.result();
        self->on_loop([answer, record = std::move(record)](Job& job) mutable {
            if (record) {
                job.on_reread(*std::move(record), std::move(*answer));
                return;
            }
            job.record_.rerunning = false;
            job.over_.store(true, std::memory_order_release);
            job.parts_.ended(job);
            answer->try_set_result(failed(
                failure_code::store_unavailable, "running items again: the job cannot be read"
            ));
        });
    };
    reading.add_done_callback(std::move(tell));
}

/// The store has the word: so the job looks now. What was asked of it meanwhile stays.
void Job::on_reread(JobRecord record, Answer answer) {
    if (!is_done(record_.state)) {
        record.state = record_.state;
        record.reason = record_.reason;
        record.options = std::move(record_.options);
    }
    record_ = std::move(record);
    record_.rerunning = false;
    ended_before_ = EndedItems::of(record_.tally);
    allowance_.reset(failures_left());
    publish();
    answer.try_set_result(snapshot());
    go_on();
}

}  // namespace fanfetch
