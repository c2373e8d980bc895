#pragma once

#include "api/context.hpp"
#include "api/result_list.hpp"

namespace fanfetch {

/// The results of a job: pages, streams, one by one, and their bodies.
class ResultsApi {
public:
    explicit ResultsApi(ApiContext& context) : context_{context} {}

    void add_routes(Router& router);

private:
    awaitable<HttpReply> list(HttpRequest& request);
    awaitable<HttpReply> page(const HttpRequest& request, const JobSnapshot& job, ResultFilter filter);
    awaitable<HttpReply> one(HttpRequest& request);
    awaitable<HttpReply> body(HttpRequest& request);
    awaitable<Expected<ItemRow>> find(const HttpRequest& request);

    ApiContext& context_;
};

}  // namespace fanfetch
