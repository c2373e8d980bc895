#pragma once

#include "api/context.hpp"

namespace fanfetch {

/// Waiting for several jobs at once.
class WaitApi {
public:
    explicit WaitApi(ApiContext& context) : context_{context} {}

    void add_routes(Routes& routes);

private:
    awaitable<HttpReply> wait(HttpRequest& request);

    ApiContext& context_;
};

}  // namespace fanfetch
