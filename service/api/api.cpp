#include "api/api.hpp"

namespace fanfetch {

Api::Api(ApiContext context) : context_{std::move(context)} {
    jobs_.add_routes(router_);
    gather_.add_routes(router_);
    results_.add_routes(router_);
    bodies_.add_routes(router_);
    health_.add_routes(router_);
}

}  // namespace fanfetch
