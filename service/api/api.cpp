#include "api/api.hpp"

namespace fanfetch {

Api::Api(ApiContext context) : context_{std::move(context)} {
    context_.request_keys = &request_keys_;
    Routes routes{router_, access_};
    jobs_.add_routes(routes);
    gather_.add_routes(routes);
    results_.add_routes(routes);
    bodies_.add_routes(routes);
    health_.add_routes(routes);
    hosts_.add_routes(routes);
    events_.add_routes(routes);
    wait_.add_routes(routes);
    export_.add_routes(routes);
    docs_.add_routes(routes);
    report_.add_routes(routes);
    callbacks_.add_routes(routes);
    deliveries_.add_routes(routes);
    job_control_.add_routes(routes);
    validate_.add_routes(routes);
}

}  // namespace fanfetch
