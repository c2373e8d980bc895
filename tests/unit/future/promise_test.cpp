#include "future/promise.hpp"

#include "logged_errors.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::LoggedErrors;

const auto some_error = std::make_exception_ptr(std::runtime_error{"some"});

TEST(Promise, Prm01PendingBecomesRunning) {
    Promise<int> promise;

    EXPECT_TRUE(promise.set_running_or_notify_cancel());

    EXPECT_TRUE(promise.get_future().running());
}

TEST(Promise, Prm01CancelledIsToBeSkipped) {
    Promise<int> promise;
    EXPECT_TRUE(promise.get_future().cancel());

    EXPECT_FALSE(promise.set_running_or_notify_cancel());

    EXPECT_EQ(to_string(promise.get_future()), "<Future cancelled and notified>");
}

TEST(Promise, Prm02ASecondStartIsAnError) {
    Promise<int> running;
    EXPECT_TRUE(running.set_running_or_notify_cancel());
    EXPECT_THROW((void)running.set_running_or_notify_cancel(), InvalidStateError);
    EXPECT_TRUE(running.get_future().running());

    running.set_result(1);
    EXPECT_THROW((void)running.set_running_or_notify_cancel(), InvalidStateError);
    EXPECT_EQ(running.get_future().result(), 1);

    Promise<int> cancelled;
    EXPECT_TRUE(cancelled.get_future().cancel());
    EXPECT_FALSE(cancelled.set_running_or_notify_cancel());
    EXPECT_THROW((void)cancelled.set_running_or_notify_cancel(), InvalidStateError);
}

TEST(Promise, Prm03CompletesFromPendingAndFromRunning) {
    Promise<int> pending;
    Promise<int> running;
    EXPECT_TRUE(running.set_running_or_notify_cancel());

    pending.set_result(1);
    running.set_exception(some_error);

    EXPECT_EQ(pending.get_future().result(), 1);
    EXPECT_EQ(running.get_future().exception(), some_error);
}

TEST(Promise, Prm03TheFirstOutcomeStands) {
    Promise<int> promise;
    promise.set_result(1);

    EXPECT_THROW(promise.set_result(2), InvalidStateError);
    EXPECT_THROW(promise.set_exception(some_error), InvalidStateError);
    EXPECT_FALSE(promise.try_set_result(3));
    EXPECT_FALSE(promise.try_set_exception(some_error));

    EXPECT_EQ(promise.get_future().result(), 1);
}

TEST(Promise, Prm03ACancelledFutureTakesNoOutcome) {
    Promise<int> promise;
    EXPECT_TRUE(promise.get_future().cancel());

    EXPECT_THROW(promise.set_result(1), InvalidStateError);
    EXPECT_FALSE(promise.try_set_exception(some_error));

    EXPECT_TRUE(promise.get_future().cancelled());
}

TEST(Promise, Prm03AValueThatCannotBeMadeChangesNothing) {
    struct Refusing {
        explicit Refusing(int) { throw std::domain_error{"no"}; }
        Refusing() = default;
    };
    Promise<Refusing> promise;
    EXPECT_TRUE(promise.set_running_or_notify_cancel());

    EXPECT_THROW(promise.set_result(1), std::domain_error);

    EXPECT_TRUE(promise.get_future().running());
    EXPECT_TRUE(promise.try_set_result());
}

TEST(Promise, Prm05ADestroyedPromiseIsBroken) {
    const auto future = [] { return Promise<int>{}.get_future(); }();

    EXPECT_THROW(future.result(), BrokenPromise);
}

TEST(Promise, Prm05AnAssignedPromiseIsBrokenToo) {
    Promise<int> promise;
    const auto first = promise.get_future();

    promise = Promise<int>{};

    EXPECT_THROW(first.result(), BrokenPromise);
    EXPECT_FALSE(promise.get_future().done());
}

TEST(Promise, Prm05ABrokenPromiseStillCallsBack) {
    std::string seen;
    {
        Promise<int> promise;
        promise.get_future().add_done_callback([&seen](const auto& done) { seen = to_string(done); }
        );
    }
    EXPECT_EQ(seen, "<Future finished with fanfetch::BrokenPromise>");
}

TEST(Promise, Prm05APromiseWithoutFutureBreaksQuietly) {
    const LoggedErrors logged;

    { const Promise<int> promise; }

    EXPECT_TRUE(logged.all().empty());
}

TEST(Promise, MayBeDestroyedOnceTheResultIsSeen) {
    for (int round = 0; round < 200; ++round) {
        auto promise = std::make_unique<Promise<int>>();
        const auto future = promise->get_future();
        future.add_done_callback([&promise](const auto&) { promise.reset(); });

        std::jthread producer{[raw = promise.get()] { raw->set_result(1); }};

        EXPECT_EQ(future.result(), 1);
    }
}

TEST(Promise, MakeReadyFindsTheType) {
    const std::string text = "abc";

    static_assert(std::is_same_v<decltype(make_ready(text)), Future<std::string>>);
    static_assert(std::is_same_v<decltype(make_ready()), Future<void>>);
    static_assert(std::is_same_v<decltype(make_ready<long>(1)), Future<long>>);

    EXPECT_EQ(make_ready(text).result(), "abc");
    EXPECT_EQ(make_ready<std::string>(3U, 'x').result(), "xxx");
}

}  // namespace
}  // namespace fanfetch
