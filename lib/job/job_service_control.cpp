#include "job/job_service.hpp"

#include "coro/await_future.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

// What is asked of single jobs: of one that lives its actor is asked, of one that is done the
// store.

namespace fanfetch {
namespace {

/// A selection by numbers that the job does not have selects less than was meant.
std::optional<Failure> index_beyond(const RerunSelection& selection, std::uint64_t total) {
    if (selection.indexes.empty() || selection.indexes.back() < total) {
        return std::nullopt;
    }
    std::string detail = "reading /index: there is no item " +
                         std::to_string(selection.indexes.back()) + ", the job has " +
                         std::to_string(total) + ", counted from 0";
    return Failure{failure_code::api_invalid, detail, 0, {{"/index", detail}}};
}

}  // namespace

/// Asks the job, when it lives. One that is done is given as it ended.
awaitable<Expected<JobSnapshotPtr>> JobService::ask_job(
    std::string id, std::string tenant, AskJob ask
) {
    if (const auto job = live(id); job && job->tenant() == tenant && !job->over()) {
        auto answer = co_await await_future(ask(*job));
        if (answer || answer.error().code != failure_code::job_done) {
            co_return answer;
        }
        // It is just ending: what it ends as will be durable in a moment.
        auto ended = co_await await_future(job->when(WaitCondition{}));
        co_return ended;
    }
    auto found = co_await find(std::move(id), std::move(tenant));
    co_return found;
}

awaitable<Expected<JobSnapshotPtr>> JobService::pause(std::string id, std::string tenant) {
    AskJob ask = [](Job& live) { return live.pause(); };
    auto job = co_await ask_job(id, std::move(tenant), std::move(ask));
    if (job && (*job)->done()) {
        co_return failed(failure_code::job_done, "pausing job " + id + ": it has ended");
    }
    co_return job;
}

awaitable<Expected<JobSnapshotPtr>> JobService::resume(std::string id, std::string tenant) {
    AskJob ask = [](Job& live) { return live.resume(); };
    auto job = co_await ask_job(id, std::move(tenant), std::move(ask));
    if (job && (*job)->done()) {
        co_return failed(failure_code::job_done, "resuming job " + id + ": it has ended");
    }
    co_return job;
}

awaitable<Expected<JobSnapshotPtr>> JobService::seal(std::string id, std::string tenant) {
    AskJob ask = [](Job& live) { return live.close(); };
    auto job = co_await ask_job(std::move(id), std::move(tenant), std::move(ask));
    co_return job;
}

awaitable<Expected<JobSnapshotPtr>> JobService::change(
    std::string id, std::string tenant, JobPatch patch
) {
    AskJob ask = [&patch](Job& live) { return live.change(patch); };
    auto job = co_await ask_job(id, std::move(tenant), std::move(ask));
    if (!job || !(*job)->done()) {
        co_return job;
    }
    if (patch.needs_a_running_job()) {
        co_return failed(
            failure_code::job_done,
            "changing job " + id + ": it has ended; its ttl and metadata can be changed"
        );
    }
    auto record = (*job)->record;
    record.options = patched(std::move(record.options), patch);
    JobChange change;
    change.options = record.options;
    if (record.finished_at) {
        record.expires_at = *record.finished_at + record.options.ttl;
        change.expires_at = record.expires_at;
    }
    auto written = co_await await_future(parts_.store->change_job(id, std::move(change)));
    if (!written) {
        co_return written.error();
    }
    co_return snapshot_of(std::move(record));
}

awaitable<Expected<JobSnapshotPtr>> JobService::rerun(
    std::string id, std::string tenant, RerunSelection selection, LoopExecutor loop
) {
    auto found = co_await find(id, std::move(tenant));
    if (!found) {
        co_return found.error();
    }
    if (auto fault = index_beyond(selection, (*found)->record.total)) {
        co_return *std::move(fault);
    }
    if (draining_) {
        co_return failed(failure_code::draining, "running items again: the service is ending");
    }
    if (auto allowed = may_store((*found)->record.tenant); !allowed) {
        co_return allowed.error();
    }
    const auto job = (*found)->done() ? adopt((*found)->record, loop) : nullptr;
    if (!job) {
        co_return failed(
            failure_code::job_running, "running items of job " + id + " again: it is not done yet"
        );
    }
    auto answer = co_await await_future(job->rerun(std::move(selection)));
    co_return answer;
}

awaitable<Expected<JobUpload>> JobService::append(std::string id, std::string tenant) {
    auto found = co_await find(id, tenant);
    if (!found) {
        co_return found.error();
    }
    if (draining_) {
        co_return failed(failure_code::draining, "appending items: the service is shutting down");
    }
    auto job = live(id);
    if (!job || (*found)->done()) {
        co_return failed(failure_code::job_done, "appending to job " + id + ": it has ended");
    }
    JobUpload upload{*this, std::move(job)};
    auto allowed = upload.may_append();
    if (allowed) {
        allowed = parts_.store->writable();
    }
    if (!allowed) {
        co_return allowed.error();
    }
    co_return std::move(upload);
}

}  // namespace fanfetch
