#pragma once

#include "base/expected.hpp"
#include "coro/loop.hpp"
#include "future/future.hpp"
#include "job/job.hpp"
#include "job/request_digest.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace fanfetch {

class JobService;

/// A job while its items arrive: chunk after chunk is appended, with a few on their way at a time.
///
/// Memory is bounded by the chunks that are not durable yet; `add` waits when there are too many.
/// Destroyed before `seal` or `leave_open` succeeded, it cancels the job: its client was never told
/// of it. An upload that appends to a job which was there before never cancels it: what it brought
/// by then stays.
///
/// Errors   what the store says (store_unavailable, disk_low), job_too_many_items, queue_full,
///          job_done when the job was cancelled meanwhile; appending: also job_cancelling,
///          job_sealed, job_uploading
/// Threads  one coroutine
class JobUpload {
public:
    JobUpload(
        JobService& service, std::shared_ptr<Job> job, Future<Expected<void>> created,
        bool start_early
    );
    /// Appends to an open job.
    JobUpload(JobService& service, std::shared_ptr<Job> job);
    JobUpload(JobUpload&&) noexcept = default;
    JobUpload& operator=(JobUpload&&) = delete;
    ~JobUpload();

    [[nodiscard]] const std::shared_ptr<Job>& job() const noexcept { return job_; }
    [[nodiscard]] std::uint64_t added() const noexcept { return added_; }

    /// Appends items in order; their indexes are given here. `key` is remembered together with
    /// them, and of this call either all is done or nothing.
    awaitable<Expected<void>> add(
        std::vector<Item> items, std::optional<RequestKey> key = std::nullopt
    );

    /// No more items will come: true once everything is durable. `key` is remembered with it.
    awaitable<Expected<void>> seal(std::optional<RequestKey> key = {});
    /// As seal, of a job that more items may be appended to.
    awaitable<Expected<void>> leave_open(std::optional<RequestKey> key = {});
    /// What was appended is durable, and the job shows it.
    awaitable<Expected<void>> settle();

    /// Whether the job takes items that are appended.
    [[nodiscard]] Expected<void> may_append() const;

    /// Ends the job as cancelled, if it is this upload that makes it; the upload is over.
    void abort(state_reason reason);

private:
    template <class Tell>
    void tell_of(const Future<Expected<Commit>>& appended, std::size_t bytes, Tell tell);
    awaitable<Expected<void>> wait_for_oldest();
    awaitable<Expected<void>> finish(JobChange change);
    [[nodiscard]] Expected<void> may_add(std::size_t count) const;

    JobService* service_;
    std::shared_ptr<Job> job_;
    Future<Expected<void>> created_;
    /// Items that the store has been given.
    struct OnTheWay {
        Future<Expected<void>> told;  // done when the job has been told of them
        std::size_t bytes;            // that they take
    };
    std::deque<OnTheWay> on_their_way_;
    std::size_t bytes_on_their_way_ = 0;
    std::uint64_t added_ = 0;
    std::optional<RequestDigester> digester_;  // when the job has its requests compared
    bool start_early_;
    bool appends_ = false;  // to a job that was there before
    bool open_ = true;      // the job would be cancelled
};

}  // namespace fanfetch
