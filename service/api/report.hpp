#pragma once

#include "api/context.hpp"

namespace fanfetch {

/// What failed and why, as a list that can be submitted again.
class ReportApi {
public:
    explicit ReportApi(ApiContext& context) : context_{context} {}

    void add_routes(Routes& routes);

private:
    awaitable<HttpReply> report(HttpRequest& request);

    ApiContext& context_;
};

}  // namespace fanfetch
