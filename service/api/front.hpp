#pragma once

#include "base/log.hpp"
#include "http/server_types.hpp"

#include <utility>

namespace fanfetch {

/// What happens to every request of the API, whatever its route: one with a `traceparent` leaves a
/// line in the log. Nothing of it is sent to anybody.
///
/// Threads  any shard
/// Source   W3C Trace Context
class Front {
public:
    Front(HttpHandler inner, Logger& log) : inner_{std::move(inner)}, log_{log} {}

    /// The handler of a server; this must outlive the server.
    [[nodiscard]] HttpHandler handler() const;

private:
    awaitable<HttpReply> answer_traced(HttpRequest& request) const;
    void log_traced(const HttpRequest& request, const HttpReply& reply) const;

    HttpHandler inner_;
    Logger& log_;
};

}  // namespace fanfetch
