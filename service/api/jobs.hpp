#pragma once

#include "api/context.hpp"

namespace fanfetch {

/// The jobs themselves: submit, list, status, cancel, erase.
class JobsApi {
public:
    explicit JobsApi(ApiContext& context) : context_{context} {}

    void add_routes(Routes& routes);

private:
    awaitable<HttpReply> submit(HttpRequest& request);
    awaitable<HttpReply> list(HttpRequest& request);
    awaitable<HttpReply> status(HttpRequest& request);
    awaitable<HttpReply> wait_for(
        HttpRequest& request, WaitCondition condition, std::chrono::milliseconds patience
    );
    awaitable<HttpReply> cancel(HttpRequest& request);
    awaitable<HttpReply> erase(HttpRequest& request);

    ApiContext& context_;
};

}  // namespace fanfetch
