#include "job/job.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace fanfetch {

namespace asio = boost::asio;

JobSnapshotPtr Job::make_snapshot() const {
    auto snapshot = std::make_shared<JobSnapshot>();
    std::uint64_t waiting = 0;
    for (const auto& part : shards_) {
        waiting += part.waiting;
    }
    snapshot->record = record_;
    snapshot->counts = counts_of(record_, waiting, in_flight() + uncommitted_);
    snapshot->version = version_;
    if (!is_done(record_.state)) {
        snapshot->rate_per_s = rate_.per_second();
        if (record_.sealed) {
            snapshot->eta = rate_.eta(record_.total - record_.tally.terminal());
        }
    }
    return snapshot;
}

/// Something changed. Whoever waits for it hears at once; the picture for everybody else is
/// painted anew at most every few milliseconds, since a job changes with every loop turn.
void Job::changed() {
    constexpr std::chrono::milliseconds publish_interval{5};
    ++version_;
    const auto now = parts_.clock->now();
    const bool recent = now - last_publish_ < publish_interval;
    if (!recent || !waiters_.empty()) {
        publish();
        return;
    }
    if (std::exchange(publish_armed_, true)) {
        return;
    }
    publish_timer_.expires_after(publish_interval);
    publish_timer_.async_wait([self = shared_from_this()](boost::system::error_code) {
        self->publish_armed_ = false;
        self->publish();
    });
}

void Job::publish() {
    ++version_;
    last_publish_ = parts_.clock->now();
    rate_.update(record_.tally.terminal(), last_publish_);
    auto snapshot = make_snapshot();
    count_me();
    {
        const std::lock_guard lock{published_mutex_};
        published_ = snapshot;
    }
    wake_waiters();
}

void Job::count_me() {
    LiveCounts::Counts counts;
    if (!is_done(record_.state)) {
        counts = {1, record_.total - record_.tally.terminal()};
    }
    share_.set(counts);
}

/// As publish, unless the picture shows everything already: looking at a job does not change it.
void Job::publish_if_stale() {
    if (snapshot()->version == version_) {
        wake_waiters();
        return;
    }
    publish();
}

Future<JobSnapshotPtr> Job::when(WaitCondition condition) {
    Promise<JobSnapshotPtr> promise;
    auto answer = promise.get_future();
    auto work = [self = shared_from_this(), condition, promise = std::move(promise)]() mutable {
        self->waiters_.push_back({condition, std::move(promise)});
        self->publish_if_stale();
    };
    // Behind what the job has been told already, also by another thread a moment ago.
    asio::post(parts_.loop, std::move(work));
    return answer;
}

void Job::wake_waiters() {
    const auto snapshot = this->snapshot();
    std::erase_if(waiters_, [&snapshot](Waiter& waiter) {
        if (waiter.condition.holds(*snapshot)) {
            waiter.promise.try_set_result(snapshot);
            return true;
        }
        return waiter.promise.get_future().cancelled();
    });
}

}  // namespace fanfetch
