#include "coro/spawn_threadsafe.hpp"

#include "coro/event_loop.hpp"
#include "coro/sleep.hpp"
#include "future/errors.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

class SpawnThreadsafe : public ::testing::Test {
protected:
    SpawnThreadsafe() { loop_.start(); }

    EventLoop loop_;
};

TEST_F(SpawnThreadsafe, Brg05GivesAFutureOfTheOutcome) {
    auto seven = []() -> awaitable<int> {
        co_await yield_now();
        co_return 7;
    };
    auto fails = []() -> awaitable<> {
        throw std::domain_error{"no"};
        co_return;
    };

    EXPECT_EQ(spawn_threadsafe(loop_.executor(), seven()).result(10s), 7);
    EXPECT_THROW(spawn_threadsafe(loop_.executor(), fails()).result(10s), std::domain_error);
}

TEST_F(SpawnThreadsafe, Brg05AnExpiringResultDoesNotCancelButCancelReachesTheTask) {
    Promise<void> begun;
    Promise<void> unwound;
    const auto started = begun.get_future();
    const auto ended = unwound.get_future();
    auto hangs = [&]() -> awaitable<> {
        const auto mark = std::shared_ptr<void>{nullptr, [&](void*) { unwound.set_result(); }};
        begun.set_result();
        co_await sleep(std::nullopt);
    };
    const auto future = spawn_threadsafe(loop_.executor(), hangs());
    started.result(10s);

    EXPECT_THROW(future.result(5ms), TimeoutError);
    EXPECT_FALSE(ended.done());
    EXPECT_TRUE(future.cancel());

    ended.result(10s);
    EXPECT_TRUE(future.cancelled());
}

TEST_F(SpawnThreadsafe, Brg05ALoopDestroyedFirstBreaksThePromise) {
    auto other = std::make_unique<EventLoop>();
    const auto future = spawn_threadsafe(other->executor(), sleep(std::nullopt));
    other->run_until_complete(yield_now());

    other.reset();

    EXPECT_THROW(future.result(10s), BrokenPromise);
}

}  // namespace
}  // namespace fanfetch
