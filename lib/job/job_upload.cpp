#include "job/job_upload.hpp"

#include "coro/await_future.hpp"
#include "future/promise.hpp"
#include "job/job_service.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace fanfetch {

namespace asio = boost::asio;

namespace {

/// What an upload may have given to the store and not be told of: enough to fill one group after
/// the other, and little beside what the other uploads have there.
constexpr std::size_t most_on_their_way = 512U << 10U;

}  // namespace

JobUpload::JobUpload(
    JobService& service, std::shared_ptr<Job> job, Future<Expected<void>> created, bool start_early
)
    : service_{&service},
      job_{std::move(job)},
      created_{std::move(created)},
      start_early_{start_early} {
    if (job_->options().dedupe) {
        digester_.emplace(job_->options().fetch);
    }
}

JobUpload::JobUpload(JobService& service, std::shared_ptr<Job> job)
    : service_{&service},
      job_{std::move(job)},
      created_{make_ready<Expected<void>>(Expected<void>{})},
      start_early_{false},
      appends_{true},
      open_{false} {
    if (job_->options().dedupe) {
        digester_.emplace(job_->options().fetch);
    }
}

JobUpload::~JobUpload() {
    if (job_ && open_) {
        abort(state_reason::upload_aborted);
    }
}

void JobUpload::abort(state_reason reason) {
    open_ = false;
    if (appends_) {
        return;
    }
    // Nobody waits for the answer: the job's end says it all.
    auto answer = job_->cancel(cancel_mode::abort, reason);
    answer.add_done_callback([](const auto&) {});
}

Expected<void> JobUpload::may_add(std::size_t count) const {
    const auto& limits = service_->limits();
    if (appends_) {
        if (auto allowed = may_append(); !allowed) {
            return allowed;
        }
    }
    if (!job_->reserve(count, limits.max_items_per_job)) {
        return failed(
            failure_code::job_too_many_items,
            "adding items: more than " + std::to_string(limits.max_items_per_job)
        );
    }
    if (service_->unfinished_items() + count > limits.max_queued_items) {
        job_->release(count);
        return failed(
            failure_code::queue_full,
            "adding items: " + std::to_string(limits.max_queued_items) + " items are queued already"
        );
    }
    // What is on its way to the store is not in the picture of the job yet.
    const auto pending = added_ - std::min(added_, job_->snapshot()->record.total);
    if (auto allowed = service_->may_queue(job_->tenant(), pending + count); !allowed) {
        return allowed;
    }
    const auto state = job_->snapshot()->record.state;
    if (state == job_state::cancelling || is_done(state)) {
        return failed(failure_code::job_done, "adding items: the job was cancelled");
    }
    return {};
}

Expected<void> JobUpload::may_append() const {
    const auto job = job_->snapshot();
    const auto& record = job->record;
    const auto doing = "appending to job " + record.id;
    if (job->done()) {
        return failed(failure_code::job_done, doing + ": it has ended");
    }
    if (record.state == job_state::cancelling) {
        return failed(failure_code::job_cancelling, doing + ": it is being cancelled");
    }
    if (record.sealed) {
        return failed(failure_code::job_sealed, doing + ": it is sealed");
    }
    if (!record.open) {
        return failed(failure_code::job_uploading, doing + ": its upload is still going on");
    }
    return {};
}

awaitable<Expected<void>> JobUpload::add(std::vector<Item> items, std::optional<RequestKey> key) {
    if (items.empty() && !key) {
        co_return Expected<void>{};
    }
    auto allowed = may_add(items.size());
    if (!allowed) {
        co_return allowed.error();
    }
    while (bytes_on_their_way_ >= most_on_their_way) {
        auto oldest = co_await wait_for_oldest();
        if (!oldest) {
            co_return oldest.error();
        }
    }
    std::size_t bytes = 0;
    for (auto& item : items) {
        bytes += sizeof(Item) + item.text_size();
        item.index = appends_ ? Item::unnumbered : added_;
        ++added_;
        if (digester_ && !item.failure) {
            item.digest = digester_->digest_of(item);
        }
    }
    // Queued in the store before anybody can fetch them: a result that came before its item would
    // be refused. The job is told of the commit only after it has been told of the items.
    // Which items are the same the store alone knows: those of such a job are read back.
    // Those that are appended get their numbers there.
    const bool keep = job_->hungry() && !digester_ && !appends_;
    auto kept = keep ? items : std::vector<Item>{};
    const auto count = items.size();
    auto appended = service_->store().append_items(job_->id(), std::move(items), std::move(key));
    if (appends_) {
        tell_of(appended, bytes, [job = job_, count](const Expected<Commit>& commit) {
            if (commit) {
                job->grown(*commit);
            } else {
                job->release(count);
            }
        });
    } else {
        job_->appending(std::move(kept), start_early_);
        tell_of(appended, bytes, [job = job_](const Expected<Commit>& commit) {
            if (commit) {
                job->appended(*commit);
            }
        });
    }
    co_return Expected<void>{};
}

/// Waits are for the job to know: what is durable but not told to it would not be in the answer.
template <class Tell>
void JobUpload::tell_of(const Future<Expected<Commit>>& appended, std::size_t bytes, Tell tell) {
    Promise<Expected<void>> told;
    on_their_way_.push_back({told.get_future(), bytes});
    bytes_on_their_way_ += bytes;
    auto done = [told = std::move(told), tell = std::move(tell)](const auto& future) mutable {
        const auto& commit = future.result();
        tell(commit);
        told.try_set_result(commit ? Expected<void>{} : Expected<void>{commit.error()});
    };
    appended.add_done_callback(std::move(done));
}

awaitable<Expected<void>> JobUpload::wait_for_oldest() {
    auto oldest = std::move(on_their_way_.front());
    on_their_way_.pop_front();
    bytes_on_their_way_ -= oldest.bytes;
    co_return co_await await_future(std::move(oldest.told));
}

awaitable<Expected<void>> JobUpload::settle() {
    while (!on_their_way_.empty()) {
        auto oldest = co_await wait_for_oldest();
        if (!oldest) {
            co_return oldest.error();
        }
    }
    if (appends_) {
        // The job has been told of each commit: let it show what was appended.
        WaitCondition at_once;
        at_once.what = WaitCondition::kind::count;
        auto shown = job_->when(at_once);
        co_await await_future(std::move(shown));
    }
    co_return Expected<void>{};
}

awaitable<Expected<void>> JobUpload::seal(std::optional<RequestKey> key) {
    JobChange change;
    change.sealed = true;
    change.key = std::move(key);
    auto finished = co_await finish(std::move(change));
    if (finished) {
        job_->sealed();
    }
    co_return finished;
}

awaitable<Expected<void>> JobUpload::leave_open(std::optional<RequestKey> key) {
    JobChange change;
    change.open = true;
    change.key = std::move(key);
    auto finished = co_await finish(std::move(change));
    if (finished) {
        job_->opened();
    }
    co_return finished;
}

awaitable<Expected<void>> JobUpload::finish(JobChange change) {
    // Queued behind the appends, so it is durable after them.
    auto sealed = service_->store().change_job(job_->id(), std::move(change));
    auto created = co_await await_future(created_);
    if (!created) {
        co_return created.error();
    }
    auto settled = co_await settle();
    if (!settled) {
        co_return settled.error();
    }
    auto known = co_await await_future(std::move(sealed));
    if (!known) {
        co_return known.error();
    }
    open_ = false;
    // What the store acknowledged is still on its way to the job: let it arrive first, so that
    // the answer to the submit shows all that was accepted.
    const LoopExecutor loop = co_await asio::this_coro::executor;
    co_await asio::post(loop, no_throw);
    co_return Expected<void>{};
}

}  // namespace fanfetch
