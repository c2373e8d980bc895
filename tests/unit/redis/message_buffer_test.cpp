#include "redis/message_buffer.hpp"

#include "coro/sleep.hpp"
#include "coro/spawn.hpp"
#include "redis/errors.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace fanfetch::redis {
namespace {

using testing::run_coroutine;

using Texts = std::vector<std::string>;

Message text(std::string payload) {
    return {.channel = "c", .payload = std::move(payload), .pattern = {}};
}

std::string told(const Message& message) {
    return message.reconnected() ? "gap" : message.payload;
}

awaitable<Texts> take(MessageBuffer& buffer, std::size_t count) {
    Texts taken;
    while (taken.size() < count) {
        taken.push_back(told(co_await buffer.get()));
    }
    co_return taken;
}

awaitable<> put_all(MessageBuffer& buffer, Texts payloads) {
    for (auto& payload : payloads) {
        co_await buffer.put(text(std::move(payload)));
    }
}

/// What the loop does by itself in a few turns.
awaitable<> settle() {
    for (int turn = 0; turn < 10; ++turn) {
        co_await yield_now();
    }
}

std::exception_ptr the_end() {
    return std::make_exception_ptr(ProtocolError{"the end"});
}

TEST(MessageBuffer, Rps02FirstInFirstOut) {
    const auto taken = run_coroutine([](LoopExecutor home) -> awaitable<Texts> {
        MessageBuffer buffer{home, {}};
        Texts payloads{"1", "2", "3"};
        co_await put_all(buffer, payloads);
        co_return co_await take(buffer, 3);
    });

    EXPECT_EQ(taken, (Texts{"1", "2", "3"}));
}

TEST(MessageBuffer, Rps05StopReadingWaitsForRoomByNumber) {
    struct Seen {
        bool waited = false;
        Texts taken;
        std::uint64_t dropped = 1;
    };

    const auto seen = run_coroutine([](LoopExecutor home) -> awaitable<Seen> {
        MessageBuffer buffer{home, {.messages = 2, .policy = on_overflow::stop_reading}};
        const auto putting = spawn(home, put_all(buffer, {"1", "2", "3", "4"}));
        co_await settle();
        Seen found{.waited = !putting.done(), .taken = {}};
        found.taken = co_await take(buffer, 4);
        co_await putting.join();
        found.dropped = buffer.dropped();
        co_return found;
    });

    EXPECT_TRUE(seen.waited);
    EXPECT_EQ(seen.taken, (Texts{"1", "2", "3", "4"}));
    EXPECT_EQ(seen.dropped, 0U);
}

TEST(MessageBuffer, Rps05StopReadingWaitsForRoomByBytes) {
    const std::string large(1'000, 'x');

    const bool waited = run_coroutine([&large](LoopExecutor home) -> awaitable<bool> {
        const BufferLimits limits{.bytes = {2'500}, .policy = on_overflow::stop_reading};
        MessageBuffer buffer{home, limits};
        const auto putting = spawn(home, put_all(buffer, {large, large, large}));
        co_await settle();
        const bool waiting = !putting.done();
        (void)co_await take(buffer, 3);
        co_await putting.join();
        co_return waiting;
    });

    EXPECT_TRUE(waited);
}

TEST(MessageBuffer, Rps05OneMessageLargerThanTheBoundIsLetInAlone) {
    const auto taken = run_coroutine([](LoopExecutor home) -> awaitable<Texts> {
        MessageBuffer buffer{home, {.bytes = {10}, .policy = on_overflow::fail}};
        Texts payloads{"larger than ten bytes"};
        co_await put_all(buffer, payloads);
        co_return co_await take(buffer, 1);
    });

    EXPECT_EQ(taken, Texts{"larger than ten bytes"});
}

TEST(MessageBuffer, Rps05DropOldestKeepsTheNewestAndCounts) {
    struct Seen {
        Texts taken;
        std::uint64_t dropped = 0;
    };

    const auto seen = run_coroutine([](LoopExecutor home) -> awaitable<Seen> {
        MessageBuffer buffer{home, {.messages = 2, .policy = on_overflow::drop_oldest}};
        Texts payloads{"1", "2", "3", "4", "5"};
        co_await put_all(buffer, payloads);
        Seen found;
        found.taken = co_await take(buffer, 2);
        found.dropped = buffer.dropped();
        co_return found;
    });

    EXPECT_EQ(seen.taken, (Texts{"4", "5"}));
    EXPECT_EQ(seen.dropped, 3U);
}

TEST(MessageBuffer, Rps05DropOldestLeavesAPromisedMessageAlone) {
    const auto taken = run_coroutine([](LoopExecutor home) -> awaitable<Texts> {
        MessageBuffer buffer{home, {.messages = 1, .policy = on_overflow::drop_oldest}};
        auto getting = spawn(home, take(buffer, 1));
        co_await settle();
        Texts payloads{"1", "2"};  // the first wakes the getter, which has not run when 2 comes
        co_await put_all(buffer, payloads);
        auto all = co_await std::move(getting).join();
        all.push_back(told(co_await buffer.get()));
        co_return all;
    });

    EXPECT_EQ(taken, (Texts{"1", "2"}));
}

TEST(MessageBuffer, Rps05FailEndsAtTheFirstMessageTooMany) {
    auto overflow = [](LoopExecutor home) -> awaitable<> {
        MessageBuffer buffer{home, {.messages = 2, .policy = on_overflow::fail}};
        Texts payloads{"1", "2", "3"};
        co_await put_all(buffer, payloads);
    };

    EXPECT_THROW(run_coroutine(overflow), BufferOverflow);
}

TEST(MessageBuffer, Rps04MarkersAreLetInAndNeverLost) {
    const auto taken = run_coroutine([](LoopExecutor home) -> awaitable<Texts> {
        MessageBuffer buffer{home, {.messages = 2, .policy = on_overflow::drop_oldest}};
        buffer.put_marker();
        buffer.put_marker();
        Texts payloads{"1", "2", "3"};
        co_await put_all(buffer, payloads);
        buffer.put_marker();
        co_return co_await take(buffer, 4);
    });

    EXPECT_EQ(taken, (Texts{"gap", "2", "3", "gap"})) << "two gaps without a message are one";
}

TEST(MessageBuffer, Rps04AMarkerThatWasTakenDoesNotStandForTheNextGap) {
    const auto taken = run_coroutine([](LoopExecutor home) -> awaitable<Texts> {
        MessageBuffer buffer{home, {}};
        buffer.put_marker();
        auto markers = co_await take(buffer, 1);
        buffer.put_marker();
        markers.push_back(told(co_await buffer.get()));
        co_return markers;
    });

    EXPECT_EQ(taken, (Texts{"gap", "gap"}));
}

TEST(MessageBuffer, Rps07TheReasonComesAfterWhatWasReceived) {
    struct Seen {
        Texts taken;
        std::string error;
    };

    const auto seen = run_coroutine([](LoopExecutor home) -> awaitable<Seen> {
        MessageBuffer buffer{home, {}};
        co_await buffer.put(text("1"));
        buffer.end(the_end());
        buffer.end(std::make_exception_ptr(std::logic_error{"another"}));
        co_await buffer.put(text("too late"));
        buffer.put_marker();
        Seen found;
        found.taken = co_await take(buffer, 1);
        try {
            (void)co_await buffer.get();
        } catch (const ProtocolError& error) {
            found.error = error.what();
        }
        co_return found;
    });

    EXPECT_EQ(seen.taken, Texts{"1"});
    EXPECT_EQ(seen.error, "the end");
}

TEST(MessageBuffer, Rps07TheEndWakesWhoeverWaits) {
    struct Seen {
        bool getter_failed = false;
        bool putter_ended = false;
    };

    const auto seen = run_coroutine([](LoopExecutor home) -> awaitable<Seen> {
        MessageBuffer empty{home, {}};
        MessageBuffer full{home, {.messages = 1, .policy = on_overflow::stop_reading}};
        const auto getting = spawn(home, take(empty, 1));
        const auto putting = spawn(home, put_all(full, {"1", "2"}));
        co_await settle();
        empty.end(the_end());
        full.end(the_end());
        co_await settle();
        Seen found;
        found.getter_failed = getting.done() && getting.exception() != nullptr;
        found.putter_ended = putting.done() && putting.exception() == nullptr;
        co_return found;
    });

    EXPECT_TRUE(seen.getter_failed);
    EXPECT_TRUE(seen.putter_ended);
}

TEST(MessageBuffer, Rps06ACancelledGetterTakesNothing) {
    const auto taken = run_coroutine([](LoopExecutor home) -> awaitable<Texts> {
        MessageBuffer buffer{home, {}};
        const auto getting = spawn(home, take(buffer, 1));
        co_await settle();
        co_await buffer.put(text("1"));
        getting.cancel();  // it was given the message, and has not run since
        co_await settle();
        co_return co_await take(buffer, 1);
    });

    EXPECT_EQ(taken, Texts{"1"});
}

}  // namespace
}  // namespace fanfetch::redis
