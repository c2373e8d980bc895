#include "process/parallel.hpp"

#include "process/parallel_for.hpp"
#include "tasks.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <forward_list>
#include <latch>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>

namespace fanfetch {
namespace {

using namespace testing;
using ::testing::HasSubstr;

constexpr auto every_policy = {
    parallel_policy::per_cpu, parallel_policy::per_item, parallel_policy::dynamic};

TEST(ParallelFor, Par01EachElementExactlyOnce) {
    for (const auto policy : every_policy) {
        for (const std::size_t grain : {1U, 3U, 100U}) {
            std::vector<std::atomic<int>> seen(50);
            parallel_for(seen, [](std::atomic<int>& count) { ++count; }, {policy, grain});
            for (const auto& count : seen) {
                EXPECT_EQ(count, 1);
            }
        }
    }
}

TEST(ParallelFor, Par01AnyForwardRange) {
    std::forward_list<int> numbers{1, 2, 3};
    parallel_for(numbers, [](int& n) { n *= 10; });

    EXPECT_EQ(numbers, (std::forward_list{10, 20, 30}));
}

TEST(ParallelFor, Par01AnEmptyRangeIsNothingToDo) {
    parallel_for(std::vector<int>{}, [](int) { FAIL(); });
    EXPECT_TRUE(parallel_for(std::vector<int>{}, square, {.processes = true}).empty());
}

TEST(ParallelFor, Par01TheCallerTakesPartSoNestingCannotDeadlock) {
    std::atomic<int> calls = 0;
    const std::vector<int> few(4);
    parallel_for(few, [&](int) {
        parallel_for(few, [&](int) { parallel_for(few, [&](int) { ++calls; }); });
    });

    EXPECT_EQ(calls, 64);
}

TEST(ParallelFor, Par01OneElementRunsInTheCallersThread) {
    std::thread::id who;
    parallel_for(std::vector{1}, [&](int) { who = std::this_thread::get_id(); });

    EXPECT_EQ(who, std::this_thread::get_id());
}

TEST(ParallelFor, Par02PerItemWorksOnAllAtOnce) {
    std::latch all{5};
    parallel_for(
        std::vector<int>(5), [&](int) { all.arrive_and_wait(); },
        {.policy = parallel_policy::per_item}
    );
}

TEST(ParallelFor, Par02PerCpuDealsRoundRobin) {
    // Whoever has an element has those a number of CPUs further on, in order.
    const auto cpus = static_cast<std::size_t>(usable_cpus());
    std::vector<std::size_t> indices(4 * cpus);
    std::iota(indices.begin(), indices.end(), 0U);
    std::mutex mutex;
    std::vector<std::vector<std::size_t>> stripes(cpus);
    parallel_for(
        indices,
        [&](std::size_t index) {
            const std::lock_guard lock{mutex};
            stripes[index % cpus].push_back(index / cpus);
        },
        {.policy = parallel_policy::per_cpu}
    );

    for (const auto& stripe : stripes) {
        EXPECT_EQ(stripe, (std::vector<std::size_t>{0, 1, 2, 3}));
    }
}

TEST(ParallelFor, Par02AGrainIsAtLeastOne) {
    EXPECT_THROW(parallel_for(std::vector{1}, [](int) {}, {.grain = 0}), std::invalid_argument);
}

TEST(ParallelFor, Par03TheFirstExceptionEndsItAndTheOthersAreLogged) {
    std::atomic<int> logged = 0;
    const auto before =
        set_error_logger([&](std::string_view, const std::exception_ptr&) { ++logged; });
    std::atomic<int> calls = 0;
    std::latch both{2};
    const auto body = [&](int n) {
        ++calls;
        if (n < 2) {
            both.arrive_and_wait();  // so that both have begun before either throws
            throw std::domain_error{"no"};
        }
    };
    std::vector<int> numbers(1000);
    std::iota(numbers.begin(), numbers.end(), 0);

    EXPECT_THROW(
        parallel_for(std::vector{0, 1}, body, {.policy = parallel_policy::per_item}),
        std::domain_error
    );
    EXPECT_EQ(logged, 1);
    calls = 0;
    EXPECT_THROW(
        parallel_for(
            numbers,
            [&](int n) {
                ++calls;
                if (n == 0) {
                    throw std::domain_error{"no"};
                }
                std::this_thread::yield();
            },
            {.grain = 1000}
        ),
        std::domain_error
    );
    EXPECT_EQ(calls, 1) << "nothing was handed out after it";
    set_error_logger(before);
}

TEST(ParallelFor, Par04InProcessesOnlyWhatIsReturnedComesBack) {
    for (const auto policy : every_policy) {
        EXPECT_EQ(
            parallel_for(std::vector{1, 2, 3}, square, {.policy = policy, .processes = true}),
            (std::vector{1, 4, 9})
        );
    }
    EXPECT_EQ(parallel_for(std::vector{1, 2, 3}, square), (std::vector{1, 4, 9})) << "threads";
}

TEST(ParallelFor, Par04ChildrenAreReapedWhateverHappens) {
    const auto pids = parallel_for(std::vector{1, 2}, pid_for, {.processes = true});
    for (const int pid : pids) {
        EXPECT_NE(pid, ::getpid());
        EXPECT_NE(::kill(pid, 0), 0);
    }
    EXPECT_THROW(
        (void)parallel_for(std::vector{1, 2, 3}, leave_with, {.processes = true}), BrokenProcessPool
    );
    EXPECT_THROW(
        (void)parallel_for(std::vector<std::string>{"x"}, fail_known, {.processes = true}),
        KnownError
    );
}

TEST(ParallelFor, Par04ProcessesNeedARegisteredTask) {
    EXPECT_THROW(
        parallel_for(std::vector{1}, [](int) {}, {.processes = true}), std::invalid_argument
    );
}

TEST(Parallel, Par05CallsReturnAtOnceAndRunInNewProcesses) {
    const auto pass = parallel(pass_gate, {.max_running = 2});
    Gate gates[3];
    std::vector<Future<int>> futures;
    for (auto& gate : gates) {
        futures.push_back(pass(gate.path()));
    }
    gates[0].wait_until_begun();
    gates[1].wait_until_begun();
    EXPECT_FALSE(futures[2].running()) << "two at a time";
    gates[0].open();
    gates[1].open();
    gates[2].wait_until_begun();
    gates[2].open();

    std::set<int> pids;
    for (const auto& future : futures) {
        pids.insert(future.result(patience));
    }
    EXPECT_EQ(pids.size(), 3U);
}

TEST(Parallel, Par05ACrashIsItsOwnCallsAffair) {
    const auto leave = parallel(leave_with);
    std::vector<Future<int>> futures;
    for (int i = 0; i < 7; ++i) {
        futures.push_back(leave(1));
    }
    for (const auto& future : futures) {
        EXPECT_THAT(text_of(future), HasSubstr("exited with code 1"));
    }
    EXPECT_THROW((void)parallel(fail_known)("x").result(patience), KnownError);
}

TEST(Parallel, Par05InAThreadAnyCallableWillDo) {
    const auto twice = parallel([](int n) { return 2 * n; }, {.in_thread = true});

    EXPECT_EQ(twice(4).result(patience), 8);
    EXPECT_THROW((void)parallel([](int n) { return n; }), std::invalid_argument);
}

}  // namespace
}  // namespace fanfetch
