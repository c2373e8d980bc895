#pragma once

#include "base/log.hpp"
#include "http/server_types.hpp"

#include <string>
#include <vector>

namespace fanfetch {

/// What happens to every request of the API, whatever its route.
///
/// A request with a `traceparent` leaves a line in the log; nothing of it is sent to anybody. Pages
/// of the origins that the operator named may use the API from a browser (CORS), with a key and
/// never with cookies; nobody else's may. Who takes no answer that there is gets 406, before
/// anything is done.
///
/// Threads  any shard
/// Source   Fetch standard §3.2 (CORS); W3C Trace Context
class Front {
public:
    struct Parts {
        HttpHandler inner;
        /// "https://console.example.com", or "*" for any.
        std::vector<std::string> cors_origins;
        Logger* log = nullptr;
    };

    explicit Front(Parts parts) : parts_{std::move(parts)} {}

    /// The handler of a server; this must outlive the server.
    [[nodiscard]] HttpHandler handler() const;

private:
    awaitable<HttpReply> answer(HttpRequest& request) const;
    void let_pages_in(const HttpRequest& request, HttpReply& reply) const;
    [[nodiscard]] bool allows(std::string_view origin) const noexcept;
    void log_traced(const HttpRequest& request, const HttpReply& reply) const;

    Parts parts_;
};

}  // namespace fanfetch
