#pragma once

#include "api/access.hpp"
#include "http/router.hpp"

#include <string_view>
#include <utility>

namespace fanfetch {

/// Where the resources of the API enter their routes: none gets in without saying who may use it.
class Routes {
public:
    Routes(Router& router, Access& access) : router_{router}, access_{access} {}

    /// For keys with that scope.
    void add(http::verb method, std::string_view pattern, scope needed, HttpHandler handler) {
        router_.add(
            method, pattern,
            [&access = access_, needed, inner = std::move(handler)](HttpRequest& request) {
                return access.admit(needed, inner, request);
            }
        );
    }

    /// For everyone, without a key.
    void add_open(http::verb method, std::string_view pattern, HttpHandler handler) {
        router_.add(method, pattern, std::move(handler));
    }

private:
    Router& router_;
    Access& access_;
};

}  // namespace fanfetch
