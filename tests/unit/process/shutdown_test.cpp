#include "parents.hpp"
#include "tasks.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <system_error>
#include <thread>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::HasSubstr;

std::size_t open_here() {
    std::size_t number = 0;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
        (void)entry;
        ++number;
    }
    return number;
}

TEST(ProcessPoolShutdown, Gen09NothingIsLeftBehind) {
    { ProcessPoolExecutor{}.submit(nothing).result(patience); }  // what is made once is made
    const auto before = open_here();
    int pid = 0;
    {
        ProcessPoolExecutor pool;
        pid = pool.submit(pid_of_worker).result(patience);
    }
    EXPECT_EQ(open_here(), before);
    EXPECT_NE(::kill(pid, 0), 0) << "it was reaped";
}

TEST(ProcessPoolShutdown, Exe02NothingIsAcceptedAfterwards) {
    ProcessPoolExecutor pool;
    pool.shutdown();

    EXPECT_THROW((void)pool.submit(square, 2), ExecutorShutdown);
    EXPECT_THROW((void)pool.map(square, std::vector{1, 2}, {.chunksize = 2}), ExecutorShutdown);
}

TEST(ProcessPoolShutdown, Exe02ASubmitThatRacesShutdownThrowsOrCompletes) {
    for (int round = 0; round < 5; ++round) {
        ProcessPoolExecutor pool{{.max_workers = 1}};
        std::vector<Future<int>> futures;
        std::thread submitter{[&] {
            try {
                for (;;) {
                    futures.push_back(pool.submit(square, 2));
                }
            } catch (const ExecutorShutdown&) {
            }
        }};
        pool.submit(nothing).result(patience);
        pool.shutdown({.cancel_futures = true});
        submitter.join();
        for (const auto& future : futures) {
            EXPECT_TRUE(future.done());
        }
    }
}

TEST(ProcessPoolShutdown, Exe03WaitsForWhatWasAccepted) {
    ProcessPoolExecutor pool{{.max_workers = 2}};
    std::vector<Future<int>> futures;
    for (int i = 0; i < 20; ++i) {
        futures.push_back(pool.submit(square, i));
    }

    pool.shutdown();

    for (const auto& future : futures) {
        EXPECT_TRUE(future.done() && !future.cancelled());
    }
    EXPECT_EQ(pool.workers(), 0);
}

TEST(ProcessPoolShutdown, Exe03MayBeCalledAgainAndBySeveral) {
    ProcessPoolExecutor pool;
    Gate gate;
    auto busy = pool.submit(pass_gate, gate.path());
    gate.wait_until_begun();
    pool.shutdown({.wait = false});
    std::vector<std::thread> waiting;
    for (int i = 0; i < 3; ++i) {
        waiting.emplace_back([&] {
            pool.shutdown();
            EXPECT_TRUE(busy.done());
        });
    }
    EXPECT_FALSE(busy.done());
    gate.open();
    for (auto& thread : waiting) {
        thread.join();
    }
    pool.shutdown();
}

TEST(ProcessPoolShutdown, Exe04WhatHasNotBegunIsCancelled) {
    ProcessPoolExecutor pool{{.max_workers = 1}};
    Gate gate;
    auto running = pool.submit(pass_gate, gate.path());
    gate.wait_until_begun();
    std::vector<Future<int>> queued;
    for (int i = 0; i < 3; ++i) {
        queued.push_back(pool.submit(square, i));
    }
    queued[0].cancel();

    pool.shutdown({.wait = false, .cancel_futures = true});

    for (const auto& future : queued) {
        EXPECT_TRUE(future.cancelled());
    }
    EXPECT_FALSE(running.done());
    gate.open();
    EXPECT_GT(running.result(patience), 0);
}

TEST(ProcessPoolShutdown, Exe05ReturnsAtOnceAndAcceptedCallsAreMade) {
    ProcessPoolExecutor pool{{.max_workers = 1}};
    Gate gate;
    auto first = pool.submit(pass_gate, gate.path());
    auto second = pool.submit(square, 2);
    gate.wait_until_begun();

    pool.shutdown({.wait = false});

    EXPECT_FALSE(second.done());
    gate.open();
    EXPECT_EQ(second.result(patience), 4);
    EXPECT_GT(first.result(patience), 0);
}

TEST(ProcessPoolShutdown, Exe05TheProcessDoesNotEndBeforeAcceptedCallsWereMade) {
    Parent parent{"finish"};

    EXPECT_EQ(parent.line(), "accepted\n");
    EXPECT_EQ(parent.wait(), 0);
}

TEST(ProcessPoolShutdown, Exe06TheDestructorDiscardsNothing) {
    std::vector<Future<int>> futures;
    try {
        ProcessPoolExecutor pool{{.max_workers = 1}};
        for (int i = 0; i < 10; ++i) {
            futures.push_back(pool.submit(square, i));
        }
        throw std::domain_error{"unwinding"};
    } catch (const std::domain_error&) {
        for (const auto& future : futures) {
            EXPECT_TRUE(future.done() && !future.exception());
        }
    }
}

TEST(ProcessPoolShutdown, Exe07WaitingInACallbackThrows) {
    ProcessPoolExecutor pool{{.max_workers = 1}};
    Promise<std::error_code> heard;
    auto told = heard.get_future();
    Gate gate;
    pool.submit(pass_gate, gate.path()).add_done_callback([&](const auto&) {
        try {
            pool.shutdown();
            heard.set_result(std::error_code{});
        } catch (const std::system_error& error) {
            heard.set_result(error.code());
        }
    });
    gate.wait_until_begun();
    gate.open();

    EXPECT_EQ(told.result(patience), std::errc::resource_deadlock_would_occur);
    EXPECT_THROW((void)pool.submit(square, 1), ExecutorShutdown) << "it has begun nevertheless";
}

TEST(ProcessPoolShutdown, Exe07ACallbackMayDestroyThePool) {
    auto pool = std::make_unique<ProcessPoolExecutor>(ProcessPoolOptions{.max_workers = 1});
    Gate gate;
    auto last = pool->submit(pass_gate, gate.path());
    auto after = pool->submit(square, 3);
    Promise<int> gone;
    auto told = gone.get_future();
    last.add_done_callback([&](const auto&) {
        pool.reset();
        gone.set_result(1);
    });
    gate.wait_until_begun();
    gate.open();

    EXPECT_EQ(told.result(patience), 1);
    EXPECT_EQ(after.result(patience), 9) << "accepted is accepted";
}

TEST(ProcessPoolShutdown, Ppe13AWorkerMayCrashAfterShutdownWasCalled) {
    for (const auto policy : {crash_policy::break_pool, crash_policy::replace_worker}) {
        ProcessPoolExecutor pool{{.max_workers = 1, .crash_policy = policy}};
        Gate gate;
        auto dying = pool.submit(pass_gate, gate.path());
        gate.wait_until_begun();
        auto dead = pool.submit(leave_with, 3);
        auto queued = pool.submit(square, 2);
        pool.shutdown({.wait = false});
        gate.open();
        pool.shutdown();

        EXPECT_TRUE(dying.done());
        EXPECT_THROW((void)dead.result(), BrokenProcessPool);
        if (policy == crash_policy::replace_worker) {
            EXPECT_EQ(queued.result(), 4);
        } else {
            EXPECT_THROW((void)queued.result(), BrokenProcessPool);
        }
    }
}

TEST(ProcessPoolShutdown, Ppe13ACallCancelledJustBeforeHoldsUpNothing) {
    ProcessPoolExecutor pool{{.max_workers = 1}};
    auto cancelled = pool.submit(hang);
    if (!cancelled.cancel()) {
        GTEST_SKIP() << "it had already been handed out";
    }
    pool.shutdown();
    EXPECT_EQ(pool.workers(), 0);
}

TEST(ProcessPoolShutdown, Ppe13TerminateAndKillEndRunningCallsAtOnce) {
    for (const bool kills : {false, true}) {
        ProcessPoolExecutor pool{{.max_workers = 1}};
        auto running = pool.submit(hang);
        auto queued = pool.submit(square, 1);
        ASSERT_TRUE(eventually([&] { return running.running(); }));

        kills ? pool.kill_workers() : pool.terminate_workers();

        EXPECT_THAT(text_of(running), HasSubstr(kills ? "SIGKILL" : "SIGTERM"));
        EXPECT_TRUE(queued.cancelled());
        EXPECT_THROW((void)pool.submit(square, 1), ExecutorShutdown);
        pool.shutdown();
        EXPECT_EQ(pool.workers(), 0);
    }
}

}  // namespace
}  // namespace fanfetch
