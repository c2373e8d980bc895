#pragma once

#include "api/context.hpp"

namespace fanfetch {

/// What happens to a job, as server-sent events.
class EventsApi {
public:
    explicit EventsApi(ApiContext& context) : context_{context} {}

    void add_routes(Routes& routes);

private:
    awaitable<HttpReply> events(HttpRequest& request);

    ApiContext& context_;
};

}  // namespace fanfetch
