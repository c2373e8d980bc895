#pragma once

#include "api/context.hpp"

namespace fanfetch {

/// Liveness, readiness, metrics, capabilities and the contract itself.
class HealthApi {
public:
    explicit HealthApi(ApiContext& context) : context_{context} {}

    void add_routes(Routes& routes);

private:
    awaitable<HttpReply> livez(HttpRequest& request);
    awaitable<HttpReply> readyz(HttpRequest& request);
    awaitable<HttpReply> metrics(HttpRequest& request);
    awaitable<HttpReply> capabilities(HttpRequest& request);
    awaitable<HttpReply> openapi(HttpRequest& request);

    ApiContext& context_;
};

/// Whether a request is answered even when the service is full.
[[nodiscard]] bool is_essential(const HttpRequest& request);

}  // namespace fanfetch
