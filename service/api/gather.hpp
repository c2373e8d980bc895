#pragma once

#include "api/context.hpp"

namespace fanfetch {

/// POST /v1/gather: submit, wait and get every result in one answer.
class GatherApi {
public:
    explicit GatherApi(ApiContext& context) : context_{context} {}

    void add_routes(Routes& routes);

private:
    awaitable<HttpReply> gather(HttpRequest& request);

    ApiContext& context_;
};

}  // namespace fanfetch
