#pragma once

#include "api/context.hpp"
#include "api/result_list.hpp"

namespace fanfetch {

/// The results of a job: pages, streams, and one by one.
class ResultsApi {
public:
    explicit ResultsApi(ApiContext& context) : context_{context} {}

    void add_routes(Routes& routes);

private:
    awaitable<HttpReply> list(HttpRequest& request);
    awaitable<HttpReply> page(
        const HttpRequest& request, const JobSnapshot& job, ResultFilter filter
    );
    awaitable<HttpReply> one(HttpRequest& request);

    ApiContext& context_;
};

}  // namespace fanfetch
