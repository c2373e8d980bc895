#include "coro/owed_completion.hpp"

#include "coro/event_loop.hpp"
#include "future/errors.hpp"
#include "future/promise.hpp"
#include "support/patience.hpp"

#include <gtest/gtest.h>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <new>
#include <string>

namespace fanfetch {
namespace {

namespace asio = boost::asio;

/// An operation that cannot be started.
awaitable<void> no_memory() {
    auto initiate = [](auto&&) { throw std::bad_alloc{}; };
    const asio::use_awaitable_t<LoopExecutor> token;
    return asio::async_initiate<const asio::use_awaitable_t<LoopExecutor>, void()>(initiate, token);
}

/// Hears what a handler was called with, and how often.
struct Ending {
    Promise<std::exception_ptr> promise;
    int calls = 0;
};

/// Runs it on a loop of its own; what its handler was told.
std::string told_of(awaitable<void> body) {
    EventLoop loop;
    loop.start();
    Ending ending;
    auto told = ending.promise.get_future();
    loop.post([&loop, &ending, body = std::move(body)]() mutable {
        auto ended = [&ending](const std::exception_ptr& error) {
            ++ending.calls;
            ending.promise.try_set_result(error);
        };
        OwedCompletion owed{loop.executor(), ended};
        asio::co_spawn(loop.executor(), std::move(body), std::move(owed));
    });
    const auto error = told.result(testing::patience);
    loop.stop();
    loop.join();
    EXPECT_EQ(ending.calls, 1);
    return error ? describe(error) : "ended";
}

awaitable<void> lost_at_once() {
    co_await no_memory();
}

awaitable<void> lost_later() {
    co_await asio::post(asio::use_awaitable_t<LoopExecutor>{});
    co_await lost_at_once();
}

TEST(OwedCompletion, IsCalledWhenTheCoroutineEnds) {
    auto ends = []() -> awaitable<void> { co_return; };
    auto throws = []() -> awaitable<void> {
        throw std::runtime_error{"broken"};
        co_return;
    };
    EXPECT_EQ(told_of(ends()), "ended");
    EXPECT_EQ(told_of(throws()), "std::runtime_error: broken");
}

TEST(OwedCompletion, IsCalledWhenTheCoroutineIsLost) {
    const auto lost = describe(std::make_exception_ptr(CoroutineLost{}));
    EXPECT_EQ(told_of(lost_at_once()), lost);
    EXPECT_EQ(told_of(lost_later()), lost);
}

/// What this is for: a plain handler hears nothing. When Asio tells it, this class can go.
TEST(OwedCompletion, APlainHandlerIsNotCalledWhenTheCoroutineIsLost) {
    EventLoop loop;
    loop.start();
    auto watched = std::make_shared<int>(0);
    auto ended = [watched](const std::exception_ptr&) { ++*watched; };
    const std::weak_ptr<int> handler = watched;
    loop.post([&loop, ended = std::move(ended)]() mutable {
        asio::co_spawn(loop.executor(), lost_later(), std::move(ended));
    });
    loop.stop();
    loop.join();
    EXPECT_EQ(*watched, 0);
    watched.reset();
    EXPECT_TRUE(handler.expired()) << "it was destroyed";
}

TEST(OwedCompletion, IsNotCalledWhenItsLoopGoes) {
    int calls = 0;
    auto alive = std::make_shared<int>(0);
    const std::weak_ptr<int> handler = alive;
    {
        EventLoop loop;
        auto waits = [](LoopExecutor executor) -> awaitable<void> {
            using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, LoopExecutor>;
            Acceptor acceptor{executor, {asio::ip::address_v4::loopback(), 0}};
            co_await acceptor.async_wait(asio::socket_base::wait_read, no_throw);
        };
        auto ended = [&calls, alive = std::move(alive)](const std::exception_ptr&) { ++calls; };
        OwedCompletion owed{loop.executor(), std::move(ended)};
        asio::co_spawn(loop.executor(), waits(loop.executor()), std::move(owed));
        auto turn = []() -> awaitable<void> {
            co_await asio::post(asio::use_awaitable_t<LoopExecutor>{});
        };
        loop.run_until_complete(turn());
    }
    EXPECT_TRUE(handler.expired());
    EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace fanfetch
