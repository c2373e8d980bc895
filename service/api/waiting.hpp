#pragma once

#include "http/server_types.hpp"
#include "job/job_service.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace fanfetch {

/// A wait ends when its client goes or the service does. Who only closed his sending side, or asks
/// a service that ends, is answered with the job as it is.
///
/// `request` is used until the wait is over.
[[nodiscard]] JobService::GiveUp while_worth_waiting(const HttpRequest& request);

/// A job as the producer of a stream follows it: each wait ends when the client goes or the service
/// does, and the stream's gone() tells.
///
/// Errors   job_not_found
/// Threads  the session's shard
class FollowedJob {
public:
    FollowedJob(JobService& jobs, std::string id, std::string tenant, ResponseStream& out);

    /// The job as it is.
    awaitable<Expected<JobSnapshotPtr>> now();
    /// The same once the condition holds, or `limit` has passed.
    awaitable<Expected<JobSnapshotPtr>> until(
        WaitCondition condition, std::chrono::milliseconds limit
    );

private:
    JobService& jobs_;
    std::string id_;
    std::string tenant_;
    /// Shared with the session, which calls once, when the client goes: in a wait or between two.
    struct End {
        bool come = false;
        std::function<void()> stop_wait;
    };
    std::shared_ptr<End> end_ = std::make_shared<End>();
};

}  // namespace fanfetch
