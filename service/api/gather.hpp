#pragma once

#include "api/context.hpp"
#include "api/idempotency.hpp"

namespace fanfetch {

/// POST /v1/gather: submit, wait and get every result in one answer.
class GatherApi {
public:
    explicit GatherApi(ApiContext& context) : context_{context} {}

    void add_routes(Routes& routes);

private:
    awaitable<HttpReply> gather(HttpRequest& request);
    awaitable<Expected<std::string>> take(HttpRequest& request, const KeyedRequest& keyed);
    awaitable<Expected<JobSnapshotPtr>> done_or_ending(HttpRequest& request, std::string job);

    ApiContext& context_;
};

}  // namespace fanfetch
