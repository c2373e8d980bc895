#include "webhook_run.hpp"

#include "coro/owed_completion.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <utility>

namespace fanfetch {

namespace asio = boost::asio;

WebhookRun::WebhookRun(HttpFetcher::Parts fetch, WebhookSender::Parts parts)
    : loop_{parts.loop}, fetcher_{std::move(fetch)}, sender_{with(std::move(parts))} {}

WebhookSender::Parts WebhookRun::with(WebhookSender::Parts parts) {
    parts.fetcher = &fetcher_;
    return parts;
}

void WebhookRun::start() {
    auto ended = [over = over_](const std::exception_ptr&) { over->set_result(); };
    OwedCompletion owed{loop_, std::move(ended)};
    asio::co_spawn(
        loop_, sender_.run(), asio::bind_cancellation_slot(stop_.slot(), std::move(owed))
    );
}

void WebhookRun::stop_soon() {
    asio::post(loop_, [this] { sender_.stop(); });
}

void WebhookRun::stop() {
    auto over = over_->get_future();
    asio::post(loop_, [this, over] {
        if (!over.done()) {
            stop_.emit(asio::cancellation_type::terminal);
        }
    });
    over.result();
    asio::post(loop_, [this] { fetcher_.close_idle(); });
}

}  // namespace fanfetch
