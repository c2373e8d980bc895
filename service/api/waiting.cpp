#include "api/waiting.hpp"

#include <utility>

namespace fanfetch {

JobService::GiveUp while_worth_waiting(const HttpRequest& request) {
    return [&request](const std::function<void()>& stop) {
        request.on_client_gone(stop);
        request.on_ending(stop);
    };
}

FollowedJob::FollowedJob(JobService& jobs, std::string id, std::string tenant, ResponseStream& out)
    : jobs_{jobs}, id_{std::move(id)}, tenant_{std::move(tenant)} {
    out.on_gone([end = end_] {
        end->come = true;
        if (end->stop_wait) {
            end->stop_wait();
        }
    });
}

awaitable<Expected<JobSnapshotPtr>> FollowedJob::now() {
    return jobs_.find(id_, tenant_);
}

awaitable<Expected<JobSnapshotPtr>> FollowedJob::until(
    WaitCondition condition, std::chrono::milliseconds limit
) {
    JobService::GiveUp give_up = [end = end_](std::function<void()> stop_wait) {
        end->stop_wait = std::move(stop_wait);
        if (end->come) {
            end->stop_wait();
        }
    };
    auto job = co_await jobs_.wait(id_, tenant_, condition, limit, std::move(give_up));
    end_->stop_wait = nullptr;
    co_return job;
}

}  // namespace fanfetch
