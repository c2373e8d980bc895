#include "future/as_completed.hpp"

#include "future/promise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <ranges>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

TEST(AsCompleted, Asc01DoneOnesFirstThenInOrderOfCompletion) {
    std::vector<Promise<int>> promises(3);
    std::vector<Future<int>> futures{make_ready(0)};
    for (const auto& promise : promises) {
        futures.push_back(promise.get_future());
    }
    std::vector<int> seen;

    auto completions = as_completed(futures);
    promises[2].set_result(3);
    promises[0].set_result(1);
    promises[1].set_result(2);
    for (const auto& future : completions) {
        seen.push_back(future.result());
    }

    EXPECT_EQ(seen, (std::vector{0, 3, 1, 2}));
}

TEST(AsCompleted, Asc01DuplicatesOnceAndCancelledToo) {
    Promise<int> promise;
    const auto cancelled = promise.get_future();
    (void)cancelled.cancel();
    const auto ready = make_ready(1);
    int count = 0;

    for (const auto& future : as_completed(std::vector{ready, cancelled, ready, cancelled})) {
        EXPECT_TRUE(future == ready || future == cancelled);
        ++count;
    }

    EXPECT_EQ(count, 2);
}

TEST(AsCompleted, Asc02TheTextTellsHowManyAreUnfinished) {
    Promise<int> first;
    Promise<int> second;
    std::vector<int> seen;
    std::string text;

    try {
        for (const auto& future : as_completed(
                 std::vector{first.get_future(), make_ready(5), second.get_future()}, 1ms
             )) {
            seen.push_back(future.result());
        }
    } catch (const TimeoutError& error) {
        text = error.what();
    }

    EXPECT_EQ(text, "2 of 3 futures unfinished");
    EXPECT_EQ(seen, std::vector{5}) << "what came before stays valid";
}

TEST(AsCompleted, Asc03WhatIsDoneIsGivenAfterTheDeadlineToo) {
    std::vector<Promise<int>> promises(3);
    std::vector<Future<int>> futures;
    for (const auto& promise : promises) {
        futures.push_back(promise.get_future());
    }
    auto completions = as_completed(futures, 0s);  // passed before the first step

    for (auto& promise : promises) {
        promise.set_result(1);
    }

    EXPECT_EQ(std::ranges::distance(completions.begin(), completions.end()), 3);
}

TEST(AsCompleted, Asc04ZeroGivesWhatIsDoneThenThrows) {
    Promise<int> pending;
    auto completions = as_completed(std::vector{pending.get_future(), make_ready(1)}, 0s);

    auto at = completions.begin();
    EXPECT_EQ((*at).result(), 1);
    EXPECT_THROW(++at, TimeoutError);
}

TEST(AsCompleted, Asc04AnEmptyInputIsAnEmptyRange) {
    for (const auto& future : as_completed(std::vector<Future<int>>{}, 0s)) {
        FAIL() << to_string(future);
    }
}

TEST(AsCompleted, Asc05KeepsNoHandleToWhatItGave) {
    const auto value = std::make_shared<int>(1);
    std::vector<Future<std::shared_ptr<int>>> futures{make_ready(value), make_ready(value)};
    auto completions = as_completed(futures);
    futures.clear();

    auto at = completions.begin();
    EXPECT_EQ(value.use_count(), 3);
    ++at;

    EXPECT_EQ(value.use_count(), 2) << "the first was let go";
}

TEST(AsCompleted, Asc05EndingHalfWayCancelsNothing) {
    std::vector<Promise<int>> promises(2);
    const std::vector futures{promises[0].get_future(), promises[1].get_future()};

    promises[0].set_result(1);
    for (const auto& future : as_completed(futures)) {
        EXPECT_EQ(future, futures[0]);
        break;
    }

    EXPECT_FALSE(futures[1].done());
    promises[1].set_result(2);
    EXPECT_EQ(futures[1].result(), 2);
}

TEST(AsCompleted, Asc06ManyAreGivenInOrder) {
    constexpr int count = 20'000;
    std::vector<Promise<int>> promises(count);
    std::vector<Future<int>> futures;
    for (const auto& promise : promises) {
        futures.push_back(promise.get_future());
    }
    std::jthread producer{[&promises] {
        for (int number = 0; number < count; ++number) {
            promises[static_cast<std::size_t>(number)].set_result(number);
        }
    }};
    std::vector<bool> seen(count);
    for (const auto& future : as_completed(futures)) {
        seen[static_cast<std::size_t>(future.result())] = true;
    }

    EXPECT_EQ(std::ranges::count(seen, true), count);
}

TEST(AsCompleted, TracesFuturesToWhatTheyAreFor) {
    std::unordered_map<AnyFuture, std::string> origin;
    origin.emplace(make_ready(1), "one");
    origin.emplace(make_ready(), "none");
    std::vector<std::string> seen;

    for (const AnyFuture& future : as_completed(std::views::keys(origin), 1s)) {
        seen.push_back(origin.at(future));
    }

    std::ranges::sort(seen);
    EXPECT_EQ(seen, (std::vector<std::string>{"none", "one"}));
}

}  // namespace
}  // namespace fanfetch
