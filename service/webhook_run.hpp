#pragma once

#include "fetch/http_fetcher.hpp"
#include "future/promise.hpp"
#include "webhook/sender.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <memory>

namespace fanfetch {

/// The sender of webhooks on one shard, with connections of its own through the gate there.
///
/// Threads  `start` before the loop runs; the rest not on a loop's thread
class WebhookRun {
public:
    /// The fetcher of `parts` is this one's own.
    WebhookRun(HttpFetcher::Parts fetch, WebhookSender::Parts parts);

    [[nodiscard]] WebhookSender& sender() noexcept { return sender_; }

    void start();

    /// Begins nothing more; what is under way may end until `stop`.
    void stop_soon();

    /// Cuts off what has not ended by now: it is in the outbox still. Blocks.
    void stop();

private:
    WebhookSender::Parts with(WebhookSender::Parts parts);

    LoopExecutor loop_;
    HttpFetcher fetcher_;
    WebhookSender sender_;
    boost::asio::cancellation_signal stop_;
    std::shared_ptr<Promise<void>> over_ = std::make_shared<Promise<void>>();
};

}  // namespace fanfetch
