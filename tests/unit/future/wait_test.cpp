#include "future/wait.hpp"

#include "future/promise.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

const auto some_error = std::make_exception_ptr(std::runtime_error{"some"});

template <class T>
std::vector<Future<T>> futures_of(const std::vector<Promise<T>>& promises) {
    std::vector<Future<T>> futures;
    for (const auto& promise : promises) {
        futures.push_back(promise.get_future());
    }
    return futures;
}

TEST(Wait, Wai01DuplicatesAreReportedOnce) {
    Promise<int> pending;
    const auto done = make_ready(1);
    const auto rest = pending.get_future();

    const auto result = wait(std::vector{done, rest, done, rest, done}, 0s);

    EXPECT_EQ(result.done, std::vector{done});
    EXPECT_EQ(result.not_done, std::vector{rest});
}

TEST(Wait, Wai02AllCompletedWaitsForEach) {
    std::vector<Promise<int>> promises(50);
    const auto futures = futures_of(promises);
    std::jthread producer{[&promises] {
        for (auto& promise : promises) {
            promise.set_result(1);
        }
    }};

    const auto result = wait(futures);

    EXPECT_EQ(result.done, futures) << "in input order";
    EXPECT_TRUE(result.not_done.empty());
}

TEST(Wait, Wai02FirstCompletedReturnsWithOne) {
    std::vector<Promise<int>> promises(3);
    const auto futures = futures_of(promises);
    std::jthread producer{[&promises] { promises[1].set_result(1); }};

    const auto result = wait(futures, std::nullopt, return_when::first_completed);

    EXPECT_EQ(result.done, std::vector{futures[1]});
    EXPECT_EQ(result.not_done, (std::vector{futures[0], futures[2]}));
}

TEST(Wait, Wai02FirstExceptionReturnsWithIt) {
    std::vector<Promise<int>> promises(3);
    const auto futures = futures_of(promises);
    std::jthread producer{[&promises] {
        promises[0].set_result(1);
        promises[1].set_exception(some_error);
    }};

    const auto result = wait(futures, std::nullopt, return_when::first_exception);

    EXPECT_EQ(result.done, (std::vector{futures[0], futures[1]}));
    EXPECT_EQ(futures[1].exception(), some_error);
}

TEST(Wait, Wai02FirstExceptionWithoutOneWaitsForAll) {
    std::vector<Promise<int>> promises(2);
    const auto futures = futures_of(promises);
    std::jthread producer{[&promises] {
        promises[0].set_result(1);
        promises[1].set_result(2);
    }};

    EXPECT_EQ(wait(futures, 1h, return_when::first_exception).done, futures);
}

TEST(Wait, Wai03CancelledIsNotAnException) {
    std::vector<Promise<int>> promises(3);
    const auto futures = futures_of(promises);
    (void)futures[0].cancel();

    EXPECT_EQ(wait(futures, 0s, return_when::first_exception).not_done.size(), 2U);

    std::jthread producer{[&] {
        (void)futures[1].cancel();
        promises[2].set_result(1);
    }};
    EXPECT_EQ(wait(futures, std::nullopt, return_when::first_exception).done.size(), 3U);
}

TEST(Wait, Wai04WhatHoldsOnEntryReturnsAtOnce) {
    Promise<int> pending;
    const std::vector futures{make_ready(1), pending.get_future(), make_ready(2)};

    const auto result = wait(futures, std::nullopt, return_when::first_completed);

    EXPECT_EQ(result.done, (std::vector{futures[0], futures[2]}));
}

TEST(Wait, Wai05ATimeoutIsNotAnError) {
    Promise<int> pending;
    const std::vector futures{make_ready(1), pending.get_future()};

    EXPECT_EQ(wait(futures, 1ms).done, std::vector{futures[0]});
    EXPECT_EQ(wait(futures, 0s).not_done, std::vector{futures[1]});
}

TEST(Wait, Wai06AnEmptyInputReturnsAtOnce) {
    for (const auto condition :
         {return_when::all_completed, return_when::first_completed, return_when::first_exception}) {
        const auto result = wait(std::vector<Future<int>>{}, std::nullopt, condition);

        EXPECT_TRUE(result.done.empty() && result.not_done.empty());
    }
}

TEST(Wait, Wai07NoListenerStaysBehind) {
    Promise<int> promise;
    const auto future = promise.get_future();

    for (int round = 0; round < 100; ++round) {
        EXPECT_EQ(wait(std::vector{future}, 1us).not_done.size(), 1U);
    }

    // A listener that is left would be called on freed memory, which the sanitizers would tell.
    promise.set_result(1);
    EXPECT_EQ(future.result(), 1);
}

TEST(Wait, Wai08NoWakeUpIsLost) {
    for (int round = 0; round < 300; ++round) {
        std::vector<Promise<int>> promises(8);
        const auto futures = futures_of(promises);
        std::vector<std::jthread> producers;
        for (int part = 0; part < 2; ++part) {
            producers.emplace_back([&promises, part] {
                for (std::size_t index = static_cast<std::size_t>(part); index < 8; index += 2) {
                    promises[index].set_result(1);
                }
            });
        }

        EXPECT_EQ(wait(futures).done.size(), 8U);
        producers.clear();
    }
}

TEST(Wait, Fut05ACancelledFutureCountsAsCompletedAtOnce) {
    Promise<int> promise;
    const auto future = promise.get_future();

    (void)future.cancel();

    EXPECT_EQ(wait(std::vector{future}).done.size(), 1U);
}

TEST(Wait, TakesDifferentTypes) {
    Promise<std::string> pending;

    const auto result = wait({make_ready(1), make_ready(), pending.get_future()}, 0s);

    EXPECT_EQ(result.done.size(), 2U);
    EXPECT_EQ(result.not_done, std::vector<AnyFuture>{pending.get_future()});
}

}  // namespace
}  // namespace fanfetch
