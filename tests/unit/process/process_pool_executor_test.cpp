#include "process/process_pool_executor.hpp"

#include "future/wait.hpp"
#include "tasks.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <set>
#include <stdexcept>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::HasSubstr;

TEST(ProcessPool, Exe01ACallIsMadeInAnotherProcess) {
    ProcessPoolExecutor pool;

    EXPECT_EQ(pool.submit(square, 7).result(patience), 49);
    EXPECT_NE(pool.submit(pid_of_worker).result(patience), ::getpid());
    pool.submit(nothing).result(patience);
}

TEST(ProcessPool, Exe01ArgumentsAreConvertedToWhatTheTaskTakes) {
    ProcessPoolExecutor pool;
    int by = 2;

    EXPECT_EQ(pool.submit(echo, "a literal").result(patience), "a literal");
    EXPECT_EQ(pool.submit(move_point, Point{1, "p"}, std::ref(by)).result(patience).x, 3);
}

TEST(ProcessPool, Exe01IsAnExecutorLikeAnyOther) {
    ThreadPoolExecutor threads;
    ProcessPoolExecutor processes;

    for (Executor* const executor : std::initializer_list<Executor*>{&threads, &processes}) {
        EXPECT_EQ(executor->submit(square, 3).result(patience), 9);
        EXPECT_EQ(
            describe(executor->submit(fail_known, "text").exception(patience)),
            "fanfetch::testing::KnownError: text"
        );
    }
}

TEST(ProcessPool, Exe01OnlyRegisteredTasksCanBeMadeElsewhere) {
    ProcessPoolExecutor pool;

    EXPECT_THROW((void)pool.submit([] { return 1; }), std::invalid_argument);
    EXPECT_THROW((void)pool.map([](int n) { return n; }, std::vector{1}), std::invalid_argument);
}

TEST(ProcessPool, Ppe01HasAtLeastOneWorker) {
    EXPECT_THROW(ProcessPoolExecutor({.max_workers = 0}), std::invalid_argument);
    EXPECT_THROW(ProcessPoolExecutor({.max_tasks_per_child = 0}), std::invalid_argument);
    EXPECT_THROW(ProcessPoolExecutor({.crash_loop_limit = 0}), std::invalid_argument);
    EXPECT_THROW(ProcessPoolExecutor({.max_frame_bytes = ByteSize{10}}), std::invalid_argument);
    EXPECT_EQ(ProcessPoolExecutor{}.max_workers(), usable_cpus());
}

TEST(ProcessPool, Ppe01WorkersStartOnDemandAndIdleOnesAreReused) {
    ProcessPoolExecutor pool{{.max_workers = 4}};
    EXPECT_EQ(pool.workers(), 0);

    std::set<int> pids;
    for (int i = 0; i < 5; ++i) {
        pids.insert(pool.submit(pid_of_worker).result(patience));
    }

    EXPECT_EQ(pids.size(), 1U);
    EXPECT_EQ(pool.workers(), 1);
}

TEST(ProcessPool, Ppe01StartsAsManyAsAreWantedAndNotMore) {
    ProcessPoolExecutor pool{{.max_workers = 2}};
    Gate gates[2];
    std::vector<Future<int>> passing;
    for (auto& gate : gates) {
        passing.push_back(pool.submit(pass_gate, gate.path()));
    }
    for (auto& gate : gates) {
        gate.wait_until_begun();
    }
    auto third = pool.submit(square, 1);

    EXPECT_EQ(pool.workers(), 2);
    gates[0].open();
    gates[1].open();
    EXPECT_NE(passing[0].result(patience), passing[1].result(patience));
    EXPECT_EQ(third.result(patience), 1);
}

TEST(ProcessPool, Ppe02RunningMeansHandedToAWorker) {
    ProcessPoolExecutor pool{{.max_workers = 1}};
    Gate gate;
    auto first = pool.submit(pass_gate, gate.path());
    std::vector<Future<int>> rest;
    for (int i = 0; i < 3; ++i) {
        rest.push_back(pool.submit(square, i));
    }
    gate.wait_until_begun();

    EXPECT_TRUE(first.running());
    EXPECT_FALSE(first.cancel());
    for (const auto& future : rest) {
        EXPECT_FALSE(future.running());
    }
    EXPECT_TRUE(rest[1].cancel());
    gate.open();

    EXPECT_EQ(rest[0].result(patience), 0);
    EXPECT_THROW((void)rest[1].result(patience), CancelledError);
    EXPECT_EQ(rest[2].result(patience), 4);
}

TEST(ProcessPool, Ppe03AnExceptionArrivesWithItsTypeTextAndWorker) {
    ProcessPoolExecutor pool{{.max_workers = 1}};
    const int pid = pool.submit(pid_of_worker).result(patience);

    const auto failed = pool.submit(fail_with, "the text");

    try {
        (void)failed.result(patience);
        FAIL() << "it threw";
    } catch (const RemoteError& error) {
        EXPECT_EQ(error.type(), "std::domain_error");
        EXPECT_EQ(error.text(), "the text");
        EXPECT_THAT(error.worker(), HasSubstr(std::to_string(pid)));
    }
    EXPECT_EQ(pool.submit(pid_of_worker).result(patience), pid) << "the worker survives";
}

TEST(ProcessPool, Ppe03RegisteredExceptionsArriveAsThemselves) {
    ProcessPoolExecutor pool;

    EXPECT_THROW((void)pool.submit(fail_known, "x").result(patience), KnownError);
}

TEST(ProcessPool, Ppe04ArgumentsThatCannotBeEncodedFailTheirFutureOnly) {
    ProcessPoolExecutor pool{{.max_workers = 1}};
    const int pid = pool.submit(pid_of_worker).result(patience);

    EXPECT_EQ(text_of(pool.submit(take_unwritable, Unwritable{})), "std::domain_error: unwritable");
    EXPECT_EQ(pool.submit(pid_of_worker).result(patience), pid);
}

TEST(ProcessPool, Ppe04AResultThatCannotBeEncodedFailsItsFutureOnly) {
    ProcessPoolExecutor pool{{.max_workers = 1}};
    const int pid = pool.submit(pid_of_worker).result(patience);

    EXPECT_THAT(text_of(pool.submit(give_unwritable)), HasSubstr("unwritable"));
    EXPECT_EQ(pool.submit(pid_of_worker).result(patience), pid);
}

TEST(ProcessPool, Ppe09AWorkerRetiresAfterItsTasks) {
    ProcessPoolExecutor pool{{.max_workers = 1, .max_tasks_per_child = 2}};
    std::vector<Future<int>> futures;
    for (int i = 0; i < 6; ++i) {
        futures.push_back(pool.submit(pid_of_worker));
    }

    std::map<int, int> calls;
    for (const auto& future : futures) {
        ++calls[future.result(patience)];
    }

    EXPECT_EQ(calls.size(), 3U);
    for (const auto& [pid, number] : calls) {
        EXPECT_EQ(number, 2);
    }
}

TEST(ProcessPool, Ppe09RetiredWorkersAreReplacedDuringShutdownToo) {
    std::vector<Future<int>> futures;
    {
        ProcessPoolExecutor pool{{.max_workers = 2, .max_tasks_per_child = 1}};
        for (int i = 0; i < 6; ++i) {
            futures.push_back(pool.submit(square, i));
        }
        pool.shutdown({.wait = false});
    }
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(futures[static_cast<std::size_t>(i)].result(patience), i * i);
    }
}

TEST(ProcessPool, Ppe09AReplacementThatCannotStartBreaksThePool) {
    TempDir dir;
    std::filesystem::create_symlink(
        std::filesystem::read_symlink("/proc/self/exe"), dir.file("worker")
    );
    ProcessPoolExecutor pool{
        {.max_workers = 1, .max_tasks_per_child = 1, .program = dir.file("worker")}};
    Gate gate;
    auto first = pool.submit(pass_gate, gate.path());
    auto second = pool.submit(square, 2);
    gate.wait_until_begun();

    std::filesystem::remove(dir.file("worker"));
    gate.open();

    EXPECT_GT(first.result(patience), 0);
    EXPECT_THAT(text_of(second), HasSubstr("no worker can be started"));
    EXPECT_THROW((void)pool.submit(square, 2), BrokenProcessPool);
}

TEST(ProcessPool, Ppe09APoolWithoutAnyWorkerIsBroken) {
    ProcessPoolExecutor pool{{.program = "/nowhere/at/all"}};

    EXPECT_THROW((void)pool.submit(square, 2).result(patience), BrokenProcessPool);
}

TEST(ProcessPool, Ppe10AnOverrunningWorkerIsKilledAndThePoolGoesOn) {
    ProcessPoolExecutor pool{{.max_workers = 1, .task_time_limit = 2s}};

    auto hung = pool.submit(hang);
    auto next = pool.submit(square, 3);

    EXPECT_THROW((void)hung.result(patience), TimeoutError);
    EXPECT_EQ(next.result(patience), 9);
    EXPECT_FALSE(pool.broken());
}

TEST(ProcessPool, Ppe11TheInitializerRunsInEachWorkerBeforeItsFirstCall) {
    TempDir dir;
    ProcessPoolExecutor pool{
        {.max_workers = 1,
         .max_tasks_per_child = 1,
         .initializer = WorkerInitializer{append_to_file, dir.file("log"), "started\n"}}};

    pool.submit(append_to_file, dir.file("log"), "called\n").result(patience);
    pool.submit(append_to_file, dir.file("log"), "called\n").result(patience);

    std::ifstream log{dir.file("log")};
    const std::string text{std::istreambuf_iterator<char>{log}, {}};
    EXPECT_EQ(text, "started\ncalled\nstarted\ncalled\n");
}

TEST(ProcessPool, Ppe11AFailingInitializerBreaksThePool) {
    ProcessPoolExecutor pool{
        {.crash_policy = crash_policy::replace_worker,
         .initializer = WorkerInitializer{fail_with, "not today"}}};
    std::vector<Future<int>> futures;
    try {
        for (int i = 0; i < 5; ++i) {
            futures.push_back(pool.submit(square, i));
        }
    } catch (const BrokenProcessPool&) {
        // The first worker has already failed.
    }

    for (const auto& future : futures) {
        EXPECT_THAT(text_of(future), HasSubstr("not today"));
        EXPECT_THROW((void)future.result(), BrokenProcessPool);
    }
    EXPECT_THROW((void)pool.submit(square, 1), BrokenProcessPool);
    EXPECT_TRUE(pool.broken());
}

TEST(ProcessPool, Ppe12AFrameThatIsTooLongIsRefusedOnTheSendingSide) {
    ProcessPoolExecutor pool{{.max_workers = 1, .max_frame_bytes = ByteSize{10'000}}};
    const int pid = pool.submit(pid_of_worker).result(patience);

    EXPECT_THROW(
        (void)pool.submit(length, std::string(20'000, 'x')).result(patience), std::length_error
    );
    EXPECT_THAT(text_of(pool.submit(bytes_of, 20'000U)), HasSubstr("std::length_error"));
    EXPECT_EQ(pool.submit(length, std::string(9'000, 'x')).result(patience), 9'000U);
    EXPECT_EQ(pool.submit(pid_of_worker).result(patience), pid);
}

TEST(ProcessPool, Ppe12ALargeFrameToOneWorkerDoesNotHoldUpTheOthers) {
    ProcessPoolExecutor pool{{.max_workers = 2}};
    const int first = pool.submit(pid_of_worker).result(patience);
    ::kill(first, SIGSTOP);

    auto large = pool.submit(length, std::string(32U << 20U, 'x'));  // goes to the idle one
    ASSERT_TRUE(eventually([&] { return large.running(); }));
    const int second = pool.submit(pid_of_worker).result(patience);

    EXPECT_NE(second, first);
    EXPECT_FALSE(large.done());
    ::kill(first, SIGCONT);
    EXPECT_EQ(large.result(patience), 32U << 20U);
}

TEST(ProcessPool, Ppe12LargeFramesTravelBothWays) {
    ProcessPoolExecutor pool{{.max_workers = 1}};

    EXPECT_EQ(pool.submit(bytes_of, 50'000'000U).result(patience).size(), 50'000'000U);
}

TEST(ProcessPool, Ppe14AWorkerHasNoPoolsOfItsOwn) {
    ProcessPoolExecutor pool;

    EXPECT_THAT(text_of(pool.submit(use_a_pool)), HasSubstr("std::logic_error"));
}

TEST(ProcessPool, Ppe16WhatATaskPrintsDisturbsNothing) {
    ProcessPoolExecutor pool{{.max_workers = 1}};

    EXPECT_EQ(pool.submit(print, "printed by a worker\n").result(patience), 0);
    EXPECT_EQ(pool.submit(square, 2).result(patience), 4);
}

TEST(ProcessPool, Ppe16WorkersInheritTheirSocketAndTheStandardStreamsOnly) {
    const int left_open = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
    ProcessPoolExecutor pool;

    const auto open = pool.submit(open_descriptors).result(patience);

    EXPECT_EQ(open, (std::vector{0, 1, 2, 3}));
    ::close(left_open);
}

TEST(ProcessPool, Tpe09ACallbackThatWaitsForItsOwnPoolIsToldSo) {
    ProcessPoolExecutor pool{{.max_workers = 1}};
    Promise<std::string> heard;
    auto told = heard.get_future();
    Gate gate;

    pool.submit(pass_gate, gate.path()).add_done_callback([&](const auto&) {
        auto other = pool.submit(square, 2);
        try {
            (void)other.result();
            heard.set_result("nothing");
        } catch (const std::system_error& error) {
            heard.set_result(error.what());
        }
    });
    gate.wait_until_begun();
    gate.open();

    EXPECT_THAT(told.result(patience), HasSubstr("waits for a call of the pool"));
}

}  // namespace
}  // namespace fanfetch
