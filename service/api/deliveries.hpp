#pragma once

#include "api/context.hpp"

namespace fanfetch {

/// What was told to whom and how it went: the log of webhook deliveries, and replay.
class DeliveriesApi {
public:
    explicit DeliveriesApi(ApiContext& context) : context_{context} {}

    void add_routes(Routes& routes);

private:
    awaitable<HttpReply> list(HttpRequest& request);
    awaitable<HttpReply> replay(HttpRequest& request);

    ApiContext& context_;
};

}  // namespace fanfetch
