#pragma once

#include "api/context.hpp"
#include "store/job_store.hpp"

namespace fanfetch {

/// The bytes of a result: GET /v1/jobs/{id}/results/{index}/body.
///
/// Whatever an origin sent is data here: never sniffed, never run, never shown in place.
class BodiesApi {
public:
    explicit BodiesApi(ApiContext& context) : context_{context} {}

    void add_routes(Routes& routes);

private:
    awaitable<HttpReply> body(HttpRequest& request);

    ApiContext& context_;
};

}  // namespace fanfetch
