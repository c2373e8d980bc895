#include "job/job_service.hpp"

#include "base/uuid.hpp"
#include "coro/await_future.hpp"
#include "coro/run_in_executor.hpp"
#include "coro/with_timeout.hpp"

#include <boost/asio/dispatch.hpp>

#include <algorithm>
#include <utility>

namespace fanfetch {

namespace asio = boost::asio;

namespace {

/// The same words for every id, so that another tenant's job looks like none at all.
Failure no_such_job() {
    return failed(failure_code::job_not_found, "looking up the job: there is none");
}

}  // namespace

JobService::JobService(Parts parts) : parts_{std::move(parts)}, settled_{*parts_.clock} {}

Expected<JobUpload> JobService::begin(
    JobOptions options, std::string tenant, LoopExecutor loop, bool start_early
) {
    if (draining_) {
        return failed(failure_code::draining, "creating a job: the service is shutting down");
    }
    if (auto writable = parts_.store->writable(); !writable) {
        return writable.error();
    }
    if (const auto limits = limits_of(tenant);
        limits.max_jobs && use_of(tenant).jobs >= *limits.max_jobs) {
        return failed(
            failure_code::quota_exceeded,
            "creating a job: " + std::to_string(*limits.max_jobs) + " are not done yet"
        );
    }
    if (auto allowed = may_store(tenant); !allowed) {
        return allowed.error();
    }
    JobRecord record;
    record.id = make_id("job", *parts_.clock);
    record.tenant = std::move(tenant);
    record.options = std::move(options);
    record.created_at = parts_.clock->wall();
    for (auto& order : std::exchange(record.options.callbacks, {})) {
        record.callbacks.push_back(
            new_callback(std::move(order), record.id, record.tenant, *parts_.clock)
        );
    }
    auto created = parts_.store->create_job(record);
    auto job = adopt(std::move(record), loop);
    job->begin();
    return JobUpload{*this, std::move(job), std::move(created), start_early};
}

Job::Parts JobService::parts_of_jobs(LoopExecutor loop) {
    Job::Parts parts{loop};
    parts.store = parts_.store;
    parts.blocking = parts_.blocking;
    parts.clock = parts_.clock;
    parts.log = parts_.log;
    parts.shards = parts_.shards.size();
    parts.give = [this](
                     std::size_t shard, std::shared_ptr<JobFrontEnd> job, std::vector<Item> items,
                     std::size_t permits
                 ) {
        auto& target = parts_.shards[shard];
        auto work = [dispatcher = target.dispatcher, job = std::move(job), items = std::move(items),
                     permits]() mutable { dispatcher->give(job, std::move(items), permits); };
        asio::dispatch(target.loop, std::move(work));
    };
    parts.ask_backlog = [this](std::size_t shard, std::shared_ptr<JobFrontEnd> job) {
        auto& target = parts_.shards[shard];
        auto work = [dispatcher = target.dispatcher, job = std::move(job)] {
            job->backlog(dispatcher->backlog(job->id()));
        };
        asio::dispatch(target.loop, std::move(work));
    };
    parts.drop = [this](std::size_t shard, std::string id, bool abort) {
        auto& target = parts_.shards[shard];
        auto work = [dispatcher = target.dispatcher, id = std::move(id), abort] {
            dispatcher->drop(id, abort);
        };
        asio::dispatch(target.loop, std::move(work));
    };
    parts.hold = [this](std::size_t shard, std::string id, bool held) {
        auto& target = parts_.shards[shard];
        auto work = [dispatcher = target.dispatcher, id = std::move(id), held] {
            dispatcher->hold(id, held);
        };
        asio::dispatch(target.loop, std::move(work));
    };
    parts.change =
        [this](std::size_t shard, std::string id, JobKnobs knobs, std::size_t take_back) {
            auto& target = parts_.shards[shard];
            auto work = [dispatcher = target.dispatcher, id = std::move(id), knobs, take_back] {
                dispatcher->change(id, knobs, take_back);
            };
            asio::dispatch(target.loop, std::move(work));
        };
    parts.ended = [this](const Job& job) { forget(job); };
    parts.live = counts_;
    return parts;
}

std::shared_ptr<Job> JobService::adopt(JobRecord record, LoopExecutor loop) {
    auto job = std::make_shared<Job>(parts_of_jobs(loop), std::move(record));
    const std::lock_guard lock{mutex_};
    auto& place = live_[job->id()];
    if (place && !place->over()) {
        return nullptr;
    }
    place = job;
    return job;
}

void JobService::forget(const Job& job) {
    const std::lock_guard lock{mutex_};
    const auto found = live_.find(job.id());
    if (found != live_.end() && found->second.get() == &job) {
        live_.erase(found);
    }
}

std::shared_ptr<Job> JobService::live(const std::string& id) const {
    const std::lock_guard lock{mutex_};
    const auto found = live_.find(id);
    return found == live_.end() ? nullptr : found->second;
}

awaitable<Expected<JobSnapshotPtr>> JobService::find(std::string id, std::string tenant) {
    // Another tenant's job is looked up in the store like one that does not exist, so that the
    // time it takes does not tell them apart.
    if (const auto job = live(id); job && job->tenant() == tenant) {
        co_return job->snapshot();
    }
    auto look = [store = parts_.store, id] { return store->find_job(id); };
    auto record = co_await run_in_executor(*parts_.blocking, std::move(look));
    const auto gone = [this](const JobRecord& job) {
        // Its time is over, whenever it is swept away.
        return job.expires_at && *job.expires_at <= settled_.wall();
    };
    if (!record || record->tenant != tenant || gone(*record)) {
        co_return no_such_job();
    }
    co_return snapshot_of(std::move(*record));
}

awaitable<Expected<JobSnapshotPtr>> JobService::wait(
    std::string id, std::string tenant, WaitCondition condition, std::chrono::milliseconds limit,
    GiveUp give_up
) {
    const auto job = live(id);
    if (!job || job->tenant() != tenant || limit <= std::chrono::milliseconds{0}) {
        auto found = co_await find(std::move(id), std::move(tenant));
        co_return found;
    }
    auto holds = job->when(condition);
    if (give_up) {
        give_up([holds] { holds.cancel(); });
    }
    auto waiting = [&holds]() -> awaitable<JobSnapshotPtr> {
        auto snapshot = co_await await_future(holds);
        co_return snapshot;
    };
    try {
        auto snapshot = co_await with_timeout(limit, waiting);
        co_return snapshot;
    } catch (const TimeoutError&) {
        holds.cancel();
    } catch (const CancelledError&) {  // given up, or the whole loop is ending
    }
    co_return job->snapshot();
}

void JobService::client_gone(const std::string& id, const std::string& tenant) {
    if (const auto job = live(id); job && job->tenant() == tenant) {
        auto answer = job->cancel(cancel_mode::abort, state_reason::client_gone);
        answer.add_done_callback([](const auto&) {});
    }
}

awaitable<std::vector<JobSnapshotPtr>> JobService::list(JobQuery query) {
    auto look = [store = parts_.store, query = std::move(query)] {
        return store->list_jobs(query);
    };
    auto records = co_await run_in_executor(*parts_.blocking, std::move(look));
    std::vector<JobSnapshotPtr> jobs;
    jobs.reserve(records.size());
    for (auto& record : records) {
        const auto job = live(record.id);
        jobs.push_back(job ? job->snapshot() : snapshot_of(std::move(record)));
    }
    co_return jobs;
}

awaitable<Expected<CancelAnswer>> JobService::cancel(
    std::string id, std::string tenant, cancel_mode mode, state_reason reason
) {
    const auto job = live(id);
    if (job && job->tenant() == tenant) {
        auto answer = co_await await_future(job->cancel(mode, reason));
        co_return answer;
    }
    auto found = co_await find(std::move(id), std::move(tenant));
    if (!found) {
        co_return found.error();
    }
    CancelAnswer answer;
    answer.state = (*found)->record.state;
    co_return answer;
}

awaitable<Expected<void>> JobService::erase(std::string id, std::string tenant) {
    auto found = co_await find(id, std::move(tenant));
    if (!found) {
        co_return found.error();
    }
    if (!(*found)->done()) {
        co_return failed(failure_code::job_running, "erasing " + id + ": it is not done yet");
    }
    auto erasing = erase_unused(id);
    if (!erasing) {
        co_return failed(failure_code::job_running, "erasing " + id + ": it is being run again");
    }
    auto erased = co_await await_future(*std::move(erasing));
    co_return erased;
}

/// Asks the store to erase a done job, unless somebody is about to run it again. Under one lock, so
/// that whoever comes later finds nothing.
std::optional<Future<Expected<void>>> JobService::erase_unused(const std::string& id) {
    const std::lock_guard lock{mutex_};
    const auto found = live_.find(id);
    if (found != live_.end()) {
        if (!found->second->over()) {
            return std::nullopt;
        }
        live_.erase(found);
    }
    auto erased = parts_.store->erase_job(id);
    erased.add_done_callback([this](const auto&) { look_at_quotas(); });
    return erased;
}

std::size_t JobService::recover() {
    auto records = parts_.store->unfinished_jobs();
    std::size_t next = 0;
    for (auto& record : records) {
        const auto& home = parts_.shards[next++ % parts_.shards.size()];
        adopt(std::move(record), home.loop)->take_up();
    }
    return records.size();
}

void JobService::rest() {
    const std::lock_guard lock{mutex_};
    for (const auto& [id, job] : live_) {
        job->rest();
    }
}

void JobService::expire() {
    constexpr std::size_t at_a_time = 100;
    const auto now = settled_.wall();
    for (bool more = true; more;) {
        const auto ids = parts_.store->expired_jobs(now, at_a_time);
        std::vector<Future<Expected<void>>> erasing;
        for (const auto& id : ids) {
            if (auto erased = erase_unused(id)) {
                parts_.log->info("job_expired", {{"job", id}});
                erasing.push_back(*std::move(erased));
            }
        }
        more = ids.size() == at_a_time && !erasing.empty();
        for (const auto& erased : erasing) {
            more = erased.result().has_value() && more;
        }
    }
    constexpr std::chrono::hours keys_are_kept{25};  // a day, and some time for clocks to differ
    auto forgotten = parts_.store->forget_keys(now - keys_are_kept);
    forgotten.add_done_callback([](const auto&) {});
}

TenantLimits JobService::limits_of(const std::string& tenant) const {
    return parts_.limits_of ? parts_.limits_of(tenant) : TenantLimits{};
}

TenantUse JobService::use_of(const std::string& tenant) const {
    const auto counts = counts_->of(tenant);
    return {counts.jobs, counts.items, stored_by(tenant)};
}

std::uint64_t JobService::stored_by(const std::string& tenant) const {
    const auto coming = parts_.pending != nullptr ? parts_.pending->of(tenant) : 0;
    return parts_.store->stored_bytes(tenant) + coming;
}

Expected<void> JobService::may_store(const std::string& tenant) const {
    const auto limit = limits_of(tenant).max_stored_bytes;
    if (limit && stored_by(tenant) >= *limit) {
        return failed(
            failure_code::quota_exceeded,
            "taking new work: " + std::to_string(*limit) +
                " bytes of responses are stored; jobs that are erased or expire make room"
        );
    }
    return {};
}

/// Room may have been made. Any thread; the shards do not touch their tenants' quotas often.
void JobService::look_at_quotas() {
    for (auto& shard : parts_.shards) {
        asio::post(shard.loop, [dispatcher = shard.dispatcher] { dispatcher->look_at_quotas(); });
    }
}

void JobService::terms_changed() {
    for (auto& shard : parts_.shards) {
        asio::post(shard.loop, [dispatcher = shard.dispatcher] { dispatcher->reweigh(); });
    }
}

Expected<void> JobService::may_queue(const std::string& tenant, std::uint64_t items) const {
    const auto limits = limits_of(tenant);
    if (auto allowed = may_store(tenant); !allowed) {
        return allowed;
    }
    if (limits.max_queued_items && use_of(tenant).queued_items + items > *limits.max_queued_items) {
        return failed(
            failure_code::quota_exceeded, "adding items: more than " +
                                              std::to_string(*limits.max_queued_items) +
                                              " would be queued"
        );
    }
    return {};
}

std::uint64_t JobService::unfinished_items() const {
    return counts_->all().items;
}

std::size_t JobService::live_jobs() const {
    const std::lock_guard lock{mutex_};
    return live_.size();
}

}  // namespace fanfetch
