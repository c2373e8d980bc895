#pragma once

#include "api/context.hpp"

namespace fanfetch {

/// Everything of a job as one download.
class ExportApi {
public:
    explicit ExportApi(ApiContext& context) : context_{context} {}

    void add_routes(Routes& routes);

private:
    awaitable<HttpReply> download(HttpRequest& request);

    ApiContext& context_;
};

}  // namespace fanfetch
