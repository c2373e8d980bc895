#pragma once

#include "base/time.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "support/patience.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace fanfetch::testing {

/// What happened on the server, for a test to wait for.
class Journal {
public:
    void note(const std::string& event) {
        const std::lock_guard guard{mutex_};
        events_.push_back(event);
        changed_.notify_all();
    }
    /// Whether the event has been noted `times` times, now or soon.
    [[nodiscard]] bool wait_for(const std::string& event, std::ptrdiff_t times = 1) {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, patience, [&] {
            return std::ranges::count(events_, event) >= times;
        });
    }
    [[nodiscard]] std::size_t count(const std::string& event) {
        const std::lock_guard guard{mutex_};
        return static_cast<std::size_t>(std::ranges::count(events_, event));
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> events_;
};

/// A real server on a free loopback port, each shard a loop on a thread of its own.
class TestServer {
public:
    explicit TestServer(HttpHandler handler, ServerOptions options = {}, std::size_t shards = 1) {
        std::vector<LoopExecutor> executors;
        for (std::size_t i = 0; i < shards; ++i) {
            auto& loop = loops_.emplace_back(1);
            executors.push_back(loop.get_executor());
            work_.emplace_back(loop.get_executor());
        }
        server_.emplace(executors, std::move(handler), std::move(options));
        const auto bound = server_->listen({boost::asio::ip::address_v4::loopback(), 0});
        port_ = bound.value().port();
        for (auto& loop : loops_) {
            threads_.emplace_back([&loop] { loop.run(); });
        }
    }

    ~TestServer() {
        shutdown(std::chrono::milliseconds{0});
        work_.clear();
        for (auto& thread : threads_) {
            thread.join();
        }
        server_.reset();
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] HttpServer& server() noexcept { return *server_; }
    [[nodiscard]] LoopExecutor home() noexcept { return loops_.front().get_executor(); }

    /// Runs `call` on the first shard, and waits for it.
    void at_home(const std::function<void()>& call) {
        run([call]() -> awaitable<void> {
            call();
            co_return;
        });
    }

    /// Waits until no connection is left, and the server has done what it does after one.
    [[nodiscard]] bool wait_until_empty() {
        const auto limit = Steady::now() + patience;
        while (server_->open_connections() > 0 && Steady::now() < limit) {
            at_home([] {});
        }
        at_home([] {});  // the count falls in the middle of a step of the loop
        return server_->open_connections() == 0;
    }

    /// Shuts the server down, once, and waits for the end.
    void shutdown(std::chrono::milliseconds grace) {
        if (!std::exchange(ended_, true)) {
            run([this, grace] { return server_->shutdown(grace); });
        }
    }

private:
    void run(const std::function<awaitable<void>()>& work) {
        std::promise<void> done;
        boost::asio::co_spawn(home(), work, [&done](std::exception_ptr error) {
            error ? done.set_exception(error) : done.set_value();
        });
        done.get_future().get();
    }

    std::deque<boost::asio::io_context> loops_;
    std::vector<boost::asio::executor_work_guard<LoopExecutor>> work_;
    std::optional<HttpServer> server_;
    std::vector<std::thread> threads_;
    std::uint16_t port_ = 0;
    bool ended_ = false;
};

/// Routes that the tests share: /hello, /echo (reads the body), /ignore (does not), /throws.
[[nodiscard]] inline Router make_router() {
    Router router;
    auto hello = [](HttpRequest&) -> awaitable<HttpReply> {
        HttpReply reply{.body = "hello"};
        reply.set("Content-Type", "text/plain");
        co_return reply;
    };
    auto echo = [](HttpRequest& request) -> awaitable<HttpReply> {
        auto body = co_await request.body->read_all(1U << 20U);
        if (!body) {
            co_return problem_reply(body.error());
        }
        co_return HttpReply{.body = *std::move(body)};
    };
    auto ignore = [](HttpRequest&) -> awaitable<HttpReply> { co_return HttpReply{.body = "ok"}; };
    auto throws = [](HttpRequest&) -> awaitable<HttpReply> {
        throw std::runtime_error{"/etc/secret"};
        co_return HttpReply{};
    };
    router.add(http::verb::get, "/hello", hello);
    router.add(http::verb::get, "/jobs/{id}", hello);
    router.add(http::verb::post, "/echo", echo);
    router.add(http::verb::post, "/ignore", ignore);
    router.add(http::verb::get, "/throws", throws);
    return router;
}

}  // namespace fanfetch::testing
