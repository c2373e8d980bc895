#pragma once

#include "http/server_types.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// Finds the handler of a method and a path, and answers for those that have none.
///
/// Patterns are literal segments and `{name}` segments, such as "/v1/jobs/{id}/results"; a literal
/// goes before a name, and a name matches one segment that is not empty. HEAD runs the handler of
/// GET (the session drops the body). OPTIONS answers 204 with Allow, also for "*". What is left is
/// 404 for an unknown path and 405 with Allow for a known one, as problem documents.
///
/// Errors   add() throws std::logic_error for a pattern or method that is there already
/// Threads  filled by one thread, then immutable; answer() from any shard
/// Source   RFC 9110 §9.3.2, §9.3.7, §15.5.6
class Router {
public:
    Router();
    ~Router();
    Router(Router&&) noexcept;
    Router& operator=(Router&&) noexcept;

    void add(http::verb method, std::string_view pattern, HttpHandler handler);

    /// Answers `request`, whose path_parameters it fills. The router outlives the coroutine.
    [[nodiscard]] awaitable<HttpReply> answer(HttpRequest& request) const;

    /// The router as the handler of a server; it must outlive the server.
    [[nodiscard]] HttpHandler handler() const;

private:
    struct Node;

    [[nodiscard]] const Node* find(HttpRequest& request) const;
    [[nodiscard]] std::string methods_of(const Node& node) const;

    std::unique_ptr<Node> root_;
    std::vector<http::verb> methods_;  ///< all there are, for `OPTIONS *`
};

}  // namespace fanfetch
