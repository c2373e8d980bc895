#pragma once

#include "api/context.hpp"

namespace fanfetch {

/// What each host is doing, and the operator's word on it.
class HostsApi {
public:
    explicit HostsApi(ApiContext& context) : context_{context} {}

    void add_routes(Routes& routes);

private:
    awaitable<HttpReply> list(HttpRequest& request);
    awaitable<HttpReply> one(HttpRequest& request);
    awaitable<HttpReply> change(HttpRequest& request);

    ApiContext& context_;
};

}  // namespace fanfetch
