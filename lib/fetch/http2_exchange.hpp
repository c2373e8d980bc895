#pragma once

#include "fetch/exchange.hpp"
#include "http2/http2_connection.hpp"

#include <memory>

namespace fanfetch {

/// As `run_exchange`, on a stream of a connection that others use at the same time.
///
/// When the time is up, when the coroutine is cancelled or when the rest of the response is not
/// wanted, the stream is reset and the connection goes on. `end.unprocessed` says that the origin
/// has not looked at the request.
///
/// Errors   those of run_exchange, and http_h2_error
/// Threads  the loop of the connection
awaitable<void> run_http2_exchange(
    std::shared_ptr<Http2Connection> connection, ExchangeScratch& scratch, DeadlineWheel& wheel,
    const ExchangeOrder& order, ExchangeEnd& end
);

}  // namespace fanfetch
