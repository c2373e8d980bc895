// Five tasks that do nothing for different times, three at a time: `map` gives what they return in
// the order of its inputs, whichever ends first.
//
//     loiter                      (in steps of 100 ms)
//     loiter 500                  (the same, slower)
//
// It is what `for result in executor.map(loiter, [3, 1, 2, 0, 1])` does in Python: all five are
// submitted by the call of `map`, which returns at once, and the loop waits for one result after
// the other. The first is the slowest here, so the others are ready long before they are shown.

#include "executor/thread_pool_executor.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

const auto started = std::chrono::steady_clock::now();

/// Prints a line with the time since the program started; lines of several threads do not mix.
void say(const std::string& text) {
    const std::chrono::duration<double> since = std::chrono::steady_clock::now() - started;
    std::printf("[%6.3f] %s\n", since.count(), text.c_str());
}

int loiter(int steps, std::chrono::milliseconds step) {
    const auto indent = std::string(static_cast<std::size_t>(steps) * 4, ' ');
    const auto name = indent + "loiter(" + std::to_string(steps) + ")";
    say(name + ": does nothing for " + std::to_string((steps * step).count()) + " ms");
    std::this_thread::sleep_for(steps * step);
    say(name + ": done");
    return steps * 10;
}

}  // namespace

int main(int count, char** arguments) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const std::chrono::milliseconds step{count > 1 ? std::atoi(arguments[1]) : 100};
    if (step.count() <= 0) {
        std::fprintf(stderr, "usage: loiter [MILLISECONDS]\n");
        return 2;
    }

    say("main: starts");
    fanfetch::ThreadPoolExecutor pool{{.max_workers = 3}};
    const std::vector<int> inputs{3, 1, 2, 0, 1};
    auto results = pool.map([step](int steps) { return loiter(steps, step); }, inputs);

    say("main: has a range of results, and waits for the first");
    std::size_t position = 0;
    for (const int result : results) {
        say("main: result " + std::to_string(position++) + " is " + std::to_string(result));
    }
    say("main: ends");
}
