// The part of App that ends it.
#include "app.hpp"
#include "coro/owed_completion.hpp"
#include "tls_setup.hpp"
#include "webhook_run.hpp"

#include <boost/asio/co_spawn.hpp>

#include <chrono>
#include <exception>
#include <utility>

namespace fanfetch {

namespace asio = boost::asio;

namespace {

/// Runs something on a loop, after what is queued there, and waits until it is done.
template <class Work>
void run_there(EventLoop& loop, Work work) {
    auto promise = std::make_shared<Promise<void>>();
    auto done = promise->get_future();
    loop.post([promise, work = std::move(work)]() mutable {
        work();
        promise->set_result();
    });
    done.result();
}

}  // namespace

void App::stop_dispatchers() {
    std::vector<Future<void>> stopped;
    for (auto& shard : shards_) {
        auto promise = std::make_shared<Promise<void>>();
        stopped.push_back(promise->get_future());
        auto body = shard->dispatcher->stop(settings_.shutdown.grace);
        auto ended = [promise](const std::exception_ptr&) { promise->set_result(); };
        OwedCompletion owed{shard->loop.executor(), std::move(ended)};
        asio::co_spawn(shard->loop.executor(), std::move(body), std::move(owed));
    }
    for (auto& one : stopped) {
        one.result();
    }
}

/// The last results are on their way: their commits make jobs end, and those ends are written too.
void App::settle_jobs() {
    constexpr int results_then_ends = 2;
    for (int round = 0; round < results_then_ends; ++round) {
        store_->record({}).result();  // answered after everything that was asked before
        for (auto& shard : shards_) {
            run_there(shard->loop, [] {});
        }
    }
}

void App::stop() {
    if (!std::exchange(started_, false)) {
        return;
    }
    log_.info("stopping");
    jobs_->drain();
    server_->drain();
    stop_dispatchers();
    settle_jobs();
    store_->watch_outbox(nullptr);
    webhooks_->stop_soon();

    // The whole has to be over two seconds after the grace, whoever does not read.
    constexpr std::chrono::milliseconds last_replies{1'500};
    auto closed = std::make_shared<Promise<void>>();
    auto over = closed->get_future();
    auto ended = [this, closed](const std::exception_ptr&) {
        retention_->stop();
        if (identity_watch_) {
            identity_watch_->stop();
        }
        closed->set_result();
    };
    const auto home = shards_.front()->loop.executor();
    OwedCompletion owed{home, std::move(ended)};
    asio::co_spawn(home, server_->shutdown(last_replies), std::move(owed));
    over.result();
    webhooks_->stop();
    jobs_->rest();
    blocking_->shutdown();
    for (auto& shard : shards_) {
        run_there(shard->loop, [&shard] { shard->fetcher->close_idle(); });
        shard->loop.stop();
    }
    for (auto& shard : shards_) {
        shard->loop.join();
    }
    // The last commits are made here; whom they would be reported to has ended.
    store_.reset();
    log_.info("stopped");
}

}  // namespace fanfetch
