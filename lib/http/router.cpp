#include "http/router.hpp"

#include <algorithm>
#include <stdexcept>

namespace fanfetch {

struct Router::Node {
    struct Route {
        http::verb method;
        HttpHandler handler;
    };

    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> named;
    std::string name;  ///< of the parameter that led here
    std::vector<Route> routes;

    [[nodiscard]] const HttpHandler* handler_of(http::verb method) const noexcept {
        const auto found = std::ranges::find(routes, method, &Route::method);
        return found == routes.end() ? nullptr : &found->handler;
    }
};

namespace {

/// Calls `visit` with each segment of a path that begins with '/'; stops when it says false.
template <class Visit>
bool for_each_segment(std::string_view path, Visit visit) {
    while (!path.empty()) {
        path.remove_prefix(1);
        const auto slash = path.find('/');
        if (!visit(path.substr(0, slash))) {
            return false;
        }
        path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
    }
    return true;
}

awaitable<HttpReply> ready(HttpReply reply) {
    co_return reply;
}

}  // namespace

Router::Router() : root_{std::make_unique<Node>()} {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(http::verb method, std::string_view pattern, HttpHandler handler) {
    if (pattern.empty() || pattern.front() != '/') {
        throw std::logic_error{"route pattern does not begin with '/': " + std::string{pattern}};
    }
    Node* node = root_.get();
    for_each_segment(pattern, [&](std::string_view segment) {
        const bool named = segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
        auto& next = named ? node->named : node->literals[std::string{segment}];
        if (!next) {
            next = std::make_unique<Node>();
        }
        node = next.get();
        if (named) {
            const auto name = segment.substr(1, segment.size() - 2);
            if (!node->name.empty() && node->name != name) {
                throw std::logic_error{"two names for one segment: " + std::string{pattern}};
            }
            node->name = name;
        }
        return true;
    });
    if (node->handler_of(method) != nullptr) {
        throw std::logic_error{"route is there already: " + std::string{pattern}};
    }
    node->routes.push_back({method, std::move(handler)});
    if (std::ranges::find(methods_, method) == methods_.end()) {
        methods_.push_back(method);
    }
}

const Router::Node* Router::find(HttpRequest& request) const {
    const Node* node = root_.get();
    const bool found = for_each_segment(request.path, [&](std::string_view segment) {
        if (const auto literal = node->literals.find(segment); literal != node->literals.end()) {
            node = literal->second.get();
            return true;
        }
        if (!node->named || segment.empty()) {
            return false;
        }
        node = node->named.get();
        request.path_parameters.insert_or_assign(node->name, std::string{segment});
        return true;
    });
    return found && !node->routes.empty() ? node : nullptr;
}

std::string Router::methods_of(const Node& node) const {
    std::string allow{"OPTIONS"};
    for (const auto& route : node.routes) {
        allow += ", ";
        allow += http::to_string(route.method);
        if (route.method == http::verb::get) {
            allow += ", HEAD";
        }
    }
    return allow;
}

awaitable<HttpReply> Router::answer(HttpRequest& request) const {
    const bool asks_options = request.method == http::verb::options;
    if (asks_options && request.path == "*") {
        HttpReply reply{.status = http::status::no_content};
        std::string allow{"OPTIONS"};
        for (const auto method : methods_) {
            allow += ", ";
            allow += http::to_string(method);
        }
        reply.set("Allow", std::move(allow));
        return ready(std::move(reply));
    }

    const auto* node = find(request);
    if (node == nullptr) {
        return ready(
            problem_reply(failed(failure_code::api_not_found, "finding the resource: no such path"))
        );
    }
    const auto method = request.method == http::verb::head ? http::verb::get : request.method;
    if (const auto* handler = node->handler_of(method)) {
        return (*handler)(request);
    }

    auto reply = asks_options ? HttpReply{.status = http::status::no_content}
                              : problem_reply(failed(
                                    failure_code::api_method_not_allowed,
                                    "finding the resource: it does not know this method"
                                ));
    reply.set("Allow", methods_of(*node));
    return ready(std::move(reply));
}

HttpHandler Router::handler() const {
    return [this](HttpRequest& request) { return answer(request); };
}

}  // namespace fanfetch
