#include "future/future.hpp"

#include "future/promise.hpp"
#include "logged_errors.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::LoggedErrors;

struct Opaque {  // neither default-constructible nor copyable
    explicit Opaque(int start) : value{start} {}
    Opaque(Opaque&&) = default;
    Opaque& operator=(Opaque&&) = default;
    int value;
};

TEST(Future, Gen08WhatWasWrittenBeforeIsVisibleAfter) {
    for (int round = 0; round < 200; ++round) {
        Promise<void> promise;
        const auto future = promise.get_future();
        int plain = 0;
        std::jthread producer{[&promise, &plain] {
            plain = 42;
            promise.set_result();
        }};

        while (!future.done()) {
            std::this_thread::yield();
        }
        EXPECT_EQ(plain, 42);
    }
}

TEST(Future, Gen07DistinctHandlesAreUsedFromAnyThreads) {
    Promise<int> promise;
    const auto future = promise.get_future();
    std::vector<std::jthread> readers;
    for (int reader = 0; reader < 4; ++reader) {
        readers.emplace_back([handle = future] {
            auto copy = handle;
            EXPECT_EQ(copy.result(), 5);
        });
    }

    promise.set_result(5);
}

TEST(Future, Fut01TellsItsState) {
    Promise<int> promise;
    const auto future = promise.get_future();
    EXPECT_FALSE(future.done() || future.running() || future.cancelled());

    EXPECT_TRUE(promise.set_running_or_notify_cancel());
    EXPECT_TRUE(future.running());
    EXPECT_FALSE(future.done() || future.cancelled());

    promise.set_result(1);
    EXPECT_TRUE(future.done());
    EXPECT_FALSE(future.running() || future.cancelled());
}

TEST(Future, Fut01BothCancelledStatesAreDone) {
    Promise<int> promise;
    const auto future = promise.get_future();

    EXPECT_TRUE(future.cancel());
    EXPECT_TRUE(future.done() && future.cancelled());

    EXPECT_FALSE(promise.set_running_or_notify_cancel());
    EXPECT_TRUE(future.done() && future.cancelled());
    EXPECT_FALSE(future.running());
}

TEST(Future, Fut02CancelOnPendingReturnsTrue) {
    Promise<int> promise;
    const auto future = promise.get_future();

    EXPECT_TRUE(future.cancel());
    EXPECT_TRUE(future.cancel()) << "again, and nothing changes";
    EXPECT_TRUE(future.cancelled());
}

TEST(Future, Fut02CancelOnRunningOrFinishedReturnsFalse) {
    Promise<int> promise;
    const auto future = promise.get_future();

    EXPECT_TRUE(promise.set_running_or_notify_cancel());
    EXPECT_FALSE(future.cancel());
    EXPECT_TRUE(future.running());

    promise.set_result(1);
    EXPECT_FALSE(future.cancel());
    EXPECT_EQ(future.result(), 1);
}

TEST(Future, Fut04CancelWakesWhoeverWaits) {
    Promise<int> promise;
    const auto future = promise.get_future();
    std::atomic<int> woken{0};
    {
        std::jthread for_result{[&] {
            EXPECT_THROW(future.result(), CancelledError);
            ++woken;
        }};
        std::jthread for_exception{[&] {
            EXPECT_THROW((void)future.exception(1h), CancelledError);
            ++woken;
        }};
        EXPECT_TRUE(future.cancel());
    }
    EXPECT_EQ(woken, 2);
}

TEST(Future, Fut06ResultMayBeReadByManyAndOften) {
    const auto future = make_ready<std::string>("text");
    const std::string& first = future.result();
    {
        std::jthread other{[future] { EXPECT_EQ(future.result(), "text"); }};
    }
    EXPECT_EQ(&future.result(), &first);
}

TEST(Future, Fut06VoidAndReferencesWork) {
    int target = 1;
    auto reference = make_ready<int&>(target);
    reference.result() = 2;

    static_assert(std::is_void_v<decltype(make_ready().result())>);
    EXPECT_NO_THROW(make_ready().result());
    EXPECT_EQ(target, 2);
}

TEST(Future, Fut06TheTypeNeedsNeitherDefaultNorCopy) {
    EXPECT_EQ(make_ready<Opaque>(4).result().value, 4);
    EXPECT_EQ(make_ready(Opaque{5}).take().value, 5);
}

TEST(Future, Fut06TheSameExceptionComesEveryTime) {
    const auto future = make_failed<int>(std::make_exception_ptr(std::out_of_range{"far"}));

    EXPECT_THROW(future.result(), std::out_of_range);
    EXPECT_THROW(future.result(0s), std::out_of_range);
}

TEST(Future, Fut07TakeMovesTheValueOut) {
    auto future = make_ready(std::make_unique<int>(9));
    const auto other = future;

    EXPECT_EQ(*std::move(future).take(), 9);

    EXPECT_THROW(other.result(), InvalidStateError);
    EXPECT_THROW(Future{other}.take(), InvalidStateError);
    EXPECT_TRUE(other.done());
}

TEST(Future, Fut07OneOfManyTakersGetsTheValue) {
    const auto future = make_ready(std::make_unique<int>(9));
    std::atomic<int> got{0};
    {
        std::vector<std::jthread> takers;
        for (int taker = 0; taker < 4; ++taker) {
            takers.emplace_back([handle = future, &got]() mutable {
                try {
                    got += *std::move(handle).take();
                } catch (const InvalidStateError&) {
                }
            });
        }
    }
    EXPECT_EQ(got, 9);
}

TEST(Future, Fut08ResultTimesOutAndTheFutureGoesOn) {
    Promise<int> promise;
    const auto future = promise.get_future();

    EXPECT_THROW(future.result(1ms), TimeoutError);
    EXPECT_FALSE(future.done());

    promise.set_result(1);
    EXPECT_EQ(future.result(0s), 1);
    EXPECT_EQ(future.result(-1s), 1);
}

TEST(Future, Fut09ExceptionReturnsWhatWasThrown) {
    const auto failed = make_failed<int>(std::make_exception_ptr(std::out_of_range{"far"}));
    Promise<int> promise;
    const auto pending = promise.get_future();

    EXPECT_EQ(describe(failed.exception()), "std::out_of_range: far");
    EXPECT_EQ(make_ready(1).exception(), nullptr);
    EXPECT_THROW((void)pending.exception(1ms), TimeoutError);
    EXPECT_TRUE(pending.cancel());
    EXPECT_THROW((void)pending.exception(), CancelledError);
}

TEST(Future, Fut10AStoredTimeoutIsToldFromOneOfTheWait) {
    const auto stored = make_failed<int>(std::make_exception_ptr(TimeoutError{"the task's own"}));
    const auto gave_up = make_failed<int>(std::make_exception_ptr(CancelledError{}));
    Promise<int> promise;

    EXPECT_EQ(type_name(stored.exception(0s)), "fanfetch::TimeoutError");
    EXPECT_EQ(type_name(gave_up.exception(0s)), "fanfetch::CancelledError");
    EXPECT_FALSE(gave_up.cancelled());
    EXPECT_THROW((void)promise.get_future().exception(0s), TimeoutError);
}

TEST(Future, Fut11CallbacksRunOnceInOrder) {
    Promise<int> promise;
    const auto future = promise.get_future();
    std::vector<int> order;
    for (int number = 0; number < 5; ++number) {
        future.add_done_callback([&order, number](Future<int> done) {
            order.push_back(number + done.result());
        });
    }

    promise.set_result(10);

    EXPECT_EQ(order, (std::vector{10, 11, 12, 13, 14}));
}

TEST(Future, Fut12OnADoneFutureTheCallbackRunsAtOnce) {
    std::optional<std::thread::id> where;

    make_ready(1).add_done_callback([&where](const auto&) { where = std::this_thread::get_id(); });

    EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(Future, Fut13OtherwiseInTheThreadThatCompletesOrCancels) {
    Promise<int> first;
    Promise<int> second;
    std::thread::id completed_in;
    std::thread::id cancelled_in;
    first.get_future().add_done_callback([&](const auto&) {
        completed_in = std::this_thread::get_id();
    });
    const auto future = second.get_future();
    future.add_done_callback([&](const auto&) { cancelled_in = std::this_thread::get_id(); });

    std::thread worker{[&first] { first.set_result(1); }};
    const auto worker_id = worker.get_id();
    worker.join();
    (void)future.cancel();

    EXPECT_EQ(completed_in, worker_id);
    EXPECT_EQ(cancelled_in, std::this_thread::get_id());
}

TEST(Future, Fut14ACallbackThatThrowsIsLoggedAndTheRestRun) {
    const LoggedErrors logged;
    Promise<int> promise;
    const auto future = promise.get_future();
    bool last_ran = false;
    future.add_done_callback([](const auto&) { throw std::runtime_error{"first"}; });
    future.add_done_callback([](const auto&) { throw 7; });
    future.add_done_callback([&last_ran](const auto&) { last_ran = true; });

    EXPECT_NO_THROW(promise.set_result(1));
    EXPECT_NO_THROW(future.add_done_callback([](const auto&) { throw 8; }));

    EXPECT_TRUE(last_ran);
    EXPECT_EQ(future.result(), 1);
    EXPECT_EQ(
        logged.all(), (std::vector<std::string>{
                          "running a done callback: std::runtime_error: first",
                          "running a done callback: int", "running a done callback: int"})
    );
}

TEST(Future, Fut15ACallbackAddedInACallbackRunsAtOnce) {
    Promise<int> promise;
    std::vector<int> order;
    promise.get_future().add_done_callback([&order](const auto& done) {
        order.push_back(1);
        done.add_done_callback([&order](const auto&) { order.push_back(2); });
        order.push_back(3);
    });
    promise.get_future().add_done_callback([&order](const auto&) { order.push_back(4); });

    promise.set_result(1);

    EXPECT_EQ(order, (std::vector{1, 2, 3, 4}));
}

TEST(Future, Fut16ResultMayReturnWhileCallbacksAreInProgress) {
    Promise<int> promise;
    const auto future = promise.get_future();
    Promise<void> release;
    future.add_done_callback([gate = release.get_future()](const auto&) { gate.result(); });
    std::jthread producer{[&promise] { promise.set_result(1); }};

    EXPECT_EQ(future.result(), 1);  // would deadlock if it waited for the callback

    release.set_result();
}

TEST(Future, Fut17InsideACallbackTheFutureAnswers) {
    Promise<int> promise;
    Promise<int> another;
    std::optional<Future<int>> only_handle{promise.get_future()};
    bool called = false;
    only_handle->add_done_callback([&](const Future<int>& done) {
        only_handle.reset();
        EXPECT_TRUE(done.done());
        EXPECT_EQ(done.result(), 1);
        EXPECT_EQ(done.exception(), nullptr);
        EXPECT_FALSE(done.cancelled());
        EXPECT_TRUE(another.get_future().cancel());
        called = true;
    });

    promise.set_result(1);

    EXPECT_TRUE(called);
}

TEST(Future, Fut18CallbacksAreReleasedAfterTheyHaveRun) {
    const auto held = std::make_shared<int>(0);
    Promise<int> promise;
    const auto future = promise.get_future();
    future.add_done_callback([held](const auto&) {});
    future.add_done_callback([held](const auto&) {});
    future.add_done_callback([held, large = std::array<char, 100>{}](const auto&) { (void)large; });
    EXPECT_EQ(held.use_count(), 4);

    promise.set_result(1);
    future.add_done_callback([held](const auto&) {});

    EXPECT_EQ(held.use_count(), 1);
}

TEST(Future, Fut18ARemovedCallbackIsNotCalled) {
    const auto held = std::make_shared<int>(0);
    Promise<int> promise;
    const auto future = promise.get_future();
    std::vector<int> called;
    std::vector<CallbackToken> tokens;
    for (int number = 0; number < 4; ++number) {
        tokens.push_back(future.add_done_callback([held, &called, number](const auto&) {
            called.push_back(number);
        }));
    }

    EXPECT_TRUE(future.remove_done_callback(tokens[0]));
    EXPECT_TRUE(future.remove_done_callback(tokens[3]));
    EXPECT_FALSE(future.remove_done_callback(tokens[3])) << "removed already";
    EXPECT_EQ(held.use_count(), 3) << "released when removed";
    tokens.push_back(future.add_done_callback([&called](const auto&) { called.push_back(4); }));
    promise.set_result(1);

    EXPECT_EQ(called, (std::vector{1, 2, 4}));
    EXPECT_FALSE(future.remove_done_callback(tokens[1])) << "its call is over";
    EXPECT_FALSE(future.remove_done_callback({}));
}

TEST(Future, Fut18ACallbackMayRemoveALaterOne) {
    Promise<int> promise;
    const auto future = promise.get_future();
    CallbackToken later;
    bool removed = false;
    bool called = false;
    const auto own = future.add_done_callback([&](const auto& done) {
        removed = done.remove_done_callback(later);
    });
    later = future.add_done_callback([&called](const auto&) { called = true; });

    promise.set_result(1);

    EXPECT_TRUE(removed);
    EXPECT_FALSE(called);
    EXPECT_FALSE(future.remove_done_callback(own));
}

TEST(Future, Fut19EqualWhenTheyShareAState) {
    const auto one = make_ready(1);
    const auto same = one;
    const auto other = make_ready(1);

    EXPECT_EQ(one, same);
    EXPECT_NE(one, other);
    EXPECT_EQ(std::hash<Future<int>>{}(one), std::hash<AnyFuture>{}(same));
    EXPECT_EQ((std::unordered_set<AnyFuture>{one, same, other}.size()), 2U);
    EXPECT_EQ((std::unordered_set<Future<int>>{one, same, other}.size()), 2U);
}

TEST(Future, Fut19ToStringShowsStateAndOutcome) {
    Promise<int> promise;
    const auto future = promise.get_future();
    EXPECT_EQ(to_string(future), "<Future pending>");
    EXPECT_TRUE(promise.set_running_or_notify_cancel());
    EXPECT_EQ(to_string(future), "<Future running>");
    promise.set_exception(std::make_exception_ptr(std::out_of_range{"far"}));
    EXPECT_EQ(to_string(future), "<Future finished with std::out_of_range>");
    EXPECT_NE(future.exception(), nullptr);

    Promise<int> never;
    const auto cancelled = never.get_future();
    EXPECT_TRUE(cancelled.cancel());
    EXPECT_EQ(to_string(cancelled), "<Future cancelled>");
    EXPECT_FALSE(never.set_running_or_notify_cancel());
    EXPECT_EQ(to_string(cancelled), "<Future cancelled and notified>");
    EXPECT_EQ(to_string(make_ready()), "<Future finished with a value>");
}

TEST(Future, Fut20HasNoPublicConstructorOfItsOwn) {
    static_assert(!std::is_default_constructible_v<Future<int>>);
    static_assert(!std::is_default_constructible_v<AnyFuture>);
    static_assert(!std::is_constructible_v<Future<int>, detail::StatePtr>);
    static_assert(!std::is_constructible_v<Future<int>, AnyFuture>);
}

TEST(Future, Fut21AnExceptionNobodyLookedAtIsReportedOnce) {
    const LoggedErrors logged;

    { const auto dropped = make_failed<int>(std::make_exception_ptr(std::out_of_range{"far"})); }

    EXPECT_EQ(
        logged.all(),
        std::vector<std::string>{
            "nobody looked at the exception of a future: std::out_of_range: far"}
    );
}

TEST(Future, Fut21LookingSuppressesTheReport) {
    const LoggedErrors logged;
    const auto error = std::make_exception_ptr(std::out_of_range{"far"});

    EXPECT_THROW(make_failed<int>(error).result(), std::out_of_range);
    EXPECT_EQ(make_failed<int>(error).exception(), error);
    make_failed<int>(error).add_done_callback([](const auto&) {});

    EXPECT_TRUE(logged.all().empty());
}

TEST(Future, Fut21DroppingEveryHandleNeitherCancelsNorWaits) {
    Promise<int> promise;
    bool called = false;
    promise.get_future().add_done_callback([&called](const auto&) { called = true; });

    promise.set_result(1);

    EXPECT_TRUE(called);
}

TEST(Future, AMovedFromHandleSaysSo) {
    auto future = make_ready(1);
    const auto moved = std::move(future);

    EXPECT_THROW((void)future.done(), InvalidStateError);  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(to_string(future), "<Future moved from>");
    EXPECT_EQ(moved.result(), 1);
}

TEST(Future, Prf07TheStateIsSmall) {
    static_assert(sizeof(detail::ValueState<int>) <= 192);
}

}  // namespace
}  // namespace fanfetch
