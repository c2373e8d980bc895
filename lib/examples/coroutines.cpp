// Coroutines on one thread: three that count, then their values in order, then one that fails.
//
// `gather` is asyncio's: it starts everything it is given and gives the values in the order given,
// not in the order they were ready. Nothing here runs at the same time as anything else; while one
// coroutine sleeps, the loop lets the next one go on, which is why the counts take turns.
//
// Two things differ from Python. A coroutine lambda or function keeps references it was given, so
// parameters are taken by value. And nothing is awaited inside a larger expression: values are
// named first.

#include "coro/event_loop.hpp"
#include "coro/gather.hpp"
#include "coro/sleep.hpp"

#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;
using fanfetch::awaitable;

namespace {

/// Counts to `end` with a pause after each number, and gives the product of them all.
awaitable<int> count_to(std::string name, int end) {
    int product = 1;
    for (int number = 1; number <= end; ++number) {
        std::printf("%s counts: %d of %d\n", name.c_str(), number, end);
        product *= number;
        co_await fanfetch::sleep(20ms);
    }
    std::printf("%s is done\n", name.c_str());
    co_return product;
}

awaitable<int> stumble() {
    co_await fanfetch::sleep(5ms);
    throw std::runtime_error{"tripped over a stone"};
}

/// Values of a gather, as a list in Python would be printed.
awaitable<> show_values() {
    std::vector<awaitable<int>> counters;
    counters.push_back(count_to("Long", 4));
    counters.push_back(count_to("Middling", 3));
    counters.push_back(count_to("Short", 2));
    const std::vector<int> values = co_await fanfetch::gather(std::move(counters));
    std::printf("gathered: [%d, %d, %d]\n", values[0], values[1], values[2]);
}

/// As `gather(..., return_exceptions=True)`: whoever fails does not spoil the others' outcome.
awaitable<> show_outcomes() {
    std::vector<awaitable<int>> mixed;
    mixed.push_back(count_to("Careful", 2));
    mixed.push_back(stumble());
    mixed.push_back(count_to("Steady", 1));
    const auto outcomes = co_await fanfetch::gather(std::move(mixed), fanfetch::return_exceptions);
    for (const auto& outcome : outcomes) {
        try {
            std::printf("outcome: %d\n", outcome.value());
        } catch (const std::exception& error) {
            std::printf("outcome: failed, %s\n", error.what());
        }
    }
}

/// Without it, the first failure is thrown by the gather.
awaitable<> show_failure() {
    try {
        co_await fanfetch::gather(stumble(), fanfetch::sleep(10ms));
    } catch (const std::runtime_error& error) {
        std::printf("gather threw: %s\n", error.what());
    }
}

awaitable<> all_three() {
    co_await show_values();
    co_await show_outcomes();
    co_await show_failure();
}

}  // namespace

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    fanfetch::EventLoop loop;
    loop.run(all_three());  // asyncio.run(all_three())
}
