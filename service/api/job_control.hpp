#pragma once

#include "api/context.hpp"

namespace fanfetch {

/// What a job can be told while it runs, and afterwards: pause, resume, items and seal of an open
/// one, PATCH, retry. Cancelling and erasing stand with the jobs themselves.
class JobControlApi {
public:
    explicit JobControlApi(ApiContext& context) : context_{context} {}

    void add_routes(Routes& routes);

private:
    using Order = awaitable<Expected<JobSnapshotPtr>> (JobService::*)(std::string, std::string);

    awaitable<HttpReply> tell(HttpRequest& request, Order order);
    awaitable<HttpReply> append(HttpRequest& request);
    awaitable<HttpReply> change(HttpRequest& request);
    awaitable<HttpReply> retry(HttpRequest& request);

    ApiContext& context_;
};

}  // namespace fanfetch
