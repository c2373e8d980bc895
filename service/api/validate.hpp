#pragma once

#include "api/context.hpp"

namespace fanfetch {

/// POST /v1/validate: what a submission would come to.
class ValidateApi {
public:
    explicit ValidateApi(ApiContext& context) : context_{context} {}

    void add_routes(Routes& routes);

private:
    awaitable<HttpReply> validate(HttpRequest& request);

    ApiContext& context_;
};

}  // namespace fanfetch
