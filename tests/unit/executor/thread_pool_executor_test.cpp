#include "executor/thread_pool_executor.hpp"

#include "future/promise.hpp"
#include "future/wait.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

/// Keeps a worker busy until it is opened.
class Gate {
public:
    void open() { open_.count_down(); }
    /// A call that says it has begun, then waits.
    [[nodiscard]] auto blocker() {
        return [this] {
            begun_.count_down();
            open_.wait();
        };
    }
    void wait_until_begun() { begun_.wait(); }

private:
    std::latch open_{1};
    std::latch begun_{1};
};

/// A pool with one worker, which is busy until `gate` opens: what is submitted stays pending.
struct BusyPool {
    BusyPool() {
        pool.submit(gate.blocker()).add_done_callback([](const auto&) {});
        gate.wait_until_begun();
    }
    Gate gate;
    ThreadPoolExecutor pool{{.max_workers = 1}};
};

TEST(ThreadPool, Exe01SubmitGivesTheResult) {
    ThreadPoolExecutor pool;
    std::string target = "a";

    EXPECT_EQ(pool.submit([](int a, int b) { return a + b; }, 2, 3).result(), 5);
    EXPECT_EQ(pool.submit(&std::string::size, std::string{"four"}).result(), 4U);
    pool.submit([](std::string& text) { text += "b"; }, std::ref(target)).result();
    EXPECT_EQ(target, "ab");
    EXPECT_EQ(pool.submit([held = std::make_unique<int>(7)] { return *held; }).result(), 7);
}

TEST(ThreadPool, Exe01AThrowingCallStoresItsExceptionOfWhateverType) {
    ThreadPoolExecutor pool;

    EXPECT_THROW(pool.submit([] { throw std::domain_error{"x"}; }).result(), std::domain_error);
    EXPECT_THROW(pool.submit([] { throw 7; }).result(), int);
}

TEST(ThreadPool, Exe01NeverRunsInTheCallingThread) {
    ThreadPoolExecutor pool;

    EXPECT_NE(
        pool.submit([] { return std::this_thread::get_id(); }).result(), std::this_thread::get_id()
    );
}

TEST(ThreadPool, Exe02SubmitAfterShutdownThrows) {
    ThreadPoolExecutor pool;
    pool.shutdown({.wait = false});

    EXPECT_THROW((void)pool.submit([] {}), ExecutorShutdown);
}

TEST(ThreadPool, Exe02ASubmitRacingShutdownThrowsOrCompletes) {
    for (int round = 0; round < 200; ++round) {
        ThreadPoolExecutor pool{{.max_workers = 2}};
        std::atomic<int> ran{0};
        std::vector<Future<void>> accepted;
        std::jthread submitter{[&] {
            try {
                for (int number = 0; number < 50; ++number) {
                    accepted.push_back(pool.submit([&ran] { ++ran; }));
                }
            } catch (const ExecutorShutdown&) {
            }
        }};

        pool.shutdown({.wait = round % 2 == 0, .cancel_futures = round % 3 == 0});
        submitter.join();

        int completed = 0;
        for (const auto& future : wait(accepted).done) {
            completed += future.cancelled() ? 0 : 1;
        }
        EXPECT_EQ(completed, ran);
    }
}

TEST(ThreadPool, Exe03WithoutCancelEverythingQueuedStillRuns) {
    std::atomic<int> ran{0};
    BusyPool busy;
    for (int number = 0; number < 20; ++number) {
        (void)busy.pool.submit([&ran] { ++ran; });
    }

    busy.pool.shutdown({.wait = false});
    busy.gate.open();
    busy.pool.shutdown();

    EXPECT_EQ(ran, 20);
    EXPECT_EQ(busy.pool.workers(), 0);
}

TEST(ThreadPool, Exe03MayBeCalledRepeatedlyAndConcurrently) {
    BusyPool busy;
    const auto queued = busy.pool.submit([] {});
    busy.pool.shutdown({.wait = false});
    std::vector<std::jthread> callers;
    for (int caller = 0; caller < 3; ++caller) {
        callers.emplace_back([&busy] {
            busy.pool.shutdown();
            EXPECT_EQ(busy.pool.workers(), 0);
        });
    }

    busy.pool.shutdown({.wait = false, .cancel_futures = true});
    EXPECT_TRUE(queued.cancelled()) << "stronger, later";
    busy.gate.open();
    callers.clear();

    EXPECT_NO_THROW(busy.pool.shutdown());
}

TEST(ThreadPool, Exe04CancelFuturesLeavesNothingPending) {
    BusyPool busy;
    std::vector<Future<void>> queued;
    for (int number = 0; number < 10; ++number) {
        queued.push_back(busy.pool.submit([] {}));
    }
    EXPECT_TRUE(queued[4].cancel()) << "one cancelled before disturbs nothing";

    busy.pool.shutdown({.wait = false, .cancel_futures = true});

    EXPECT_EQ(wait(queued).done.size(), 10U);
    for (const auto& future : queued) {
        EXPECT_TRUE(future.cancelled());
    }
    busy.gate.open();
}

TEST(ThreadPool, Exe04RunningCallsFinishNormally) {
    ThreadPoolExecutor pool;
    Gate gate;
    const auto running = pool.submit(gate.blocker());
    gate.wait_until_begun();

    pool.shutdown({.wait = false, .cancel_futures = true});
    gate.open();

    EXPECT_NO_THROW(running.result());
}

TEST(ThreadPool, Gen05ACallbackOfShutdownMaySubmit) {
    BusyPool busy;
    bool refused = false;
    busy.pool.submit([] {}).add_done_callback([&](const auto&) {
        try {
            (void)busy.pool.submit([] {});
        } catch (const ExecutorShutdown&) {
            refused = true;
        }
    });

    busy.pool.shutdown({.wait = false, .cancel_futures = true});
    busy.gate.open();

    EXPECT_TRUE(refused);
}

/// Leaves `main` while a pool that nobody destroys has a call running and one queued, which
/// writes `word`. The running one goes on when the statics are being destroyed.
[[noreturn]] void exit_with_work(exit_policy at_exit, std::string_view word) {
    static std::atomic<bool> main_is_over;
    std::latch begun{1};
    static auto* const leaked = new ThreadPoolExecutor{{.max_workers = 1, .at_exit = at_exit}};
    (void)leaked->submit([&begun] {
        begun.count_down();
        main_is_over.wait(false);
    });
    begun.wait();
    (void)leaked->submit([word] { (void)!::write(STDERR_FILENO, word.data(), word.size()); });
    leaked->shutdown({.wait = false});
    // Registered after the pool's own hook, and so called before it.
    std::atexit([] {
        main_is_over = true;
        main_is_over.notify_all();
    });
    std::exit(0);
}

TEST(ThreadPoolDeathTest, Exe05TheProcessEndsAfterItsAcceptedCalls) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");

    EXPECT_EXIT(
        exit_with_work(exit_policy::finish, "the last words"), ::testing::ExitedWithCode(0),
        "the last words"
    );
}

TEST(ThreadPoolDeathTest, Exe05UnlessToldToAbandonThem) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");

    const auto hang = [] {
        static auto* const leaked = new ThreadPoolExecutor{{.at_exit = exit_policy::abandon}};
        static auto* const never = new std::latch{1};
        (void)leaked->submit([] { never->wait(); });
        std::exit(0);
    };

    EXPECT_EXIT(hang(), ::testing::ExitedWithCode(0), "");
}

TEST(ThreadPool, Exe05WaitFalseReturnsAtOnceAndTheCallsComplete) {
    BusyPool busy;
    const auto queued = busy.pool.submit([] { return 3; });

    busy.pool.shutdown({.wait = false});
    EXPECT_FALSE(queued.done());
    busy.gate.open();

    EXPECT_EQ(queued.result(), 3);
}

TEST(ThreadPool, Exe06TheDestructorDiscardsNothing) {
    std::atomic<int> ran{0};
    try {
        ThreadPoolExecutor pool{{.max_workers = 2}};
        for (int number = 0; number < 100; ++number) {
            (void)pool.submit([&ran] { ++ran; });
        }
        throw std::runtime_error{"unwinding"};
    } catch (const std::runtime_error&) {
    }
    EXPECT_EQ(ran, 100);
}

TEST(ThreadPool, Exe07AWorkerCannotWaitForTheEndOfItsPool) {
    ThreadPoolExecutor pool;
    const auto asked = pool.submit([&pool] { pool.shutdown(); });

    try {
        asked.result();
        FAIL() << "should have thrown";
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::resource_deadlock_would_occur);
    }
    EXPECT_THROW((void)pool.submit([] {}), ExecutorShutdown) << "the shutdown has begun";
}

TEST(ThreadPool, Exe07AWorkerMayDestroyItsPool) {
    Gate gate;
    std::atomic<int> ran{0};
    auto pool = std::make_unique<ThreadPoolExecutor>(ThreadPoolOptions{.max_workers = 1});
    const auto destroying = pool->submit([&pool, begin = gate.blocker()] {
        begin();
        pool.reset();
        return true;
    });
    gate.wait_until_begun();
    const auto queued = pool->submit([&ran] { ++ran; });
    gate.open();

    EXPECT_TRUE(destroying.result());
    queued.result();
    EXPECT_EQ(ran, 1) << "what was queued still ran";
}

TEST(ThreadPool, Tpe01TheDefaultSizeFollowsTheAffinityMask) {
    cpu_set_t all;
    CPU_ZERO(&all);
    ASSERT_EQ(::sched_getaffinity(0, sizeof all, &all), 0);
    int first = 0;
    while (!CPU_ISSET(first, &all)) {
        ++first;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);

    EXPECT_EQ(usable_cpus(), CPU_COUNT(&all));
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    const ThreadPoolExecutor pool;
    ASSERT_EQ(::sched_setaffinity(0, sizeof all, &all), 0);

    EXPECT_EQ(pool.max_workers(), 5);
    EXPECT_EQ(ThreadPoolExecutor{}.max_workers(), std::min(32, CPU_COUNT(&all) + 4));
}

TEST(ThreadPool, Tpe01APoolNeedsAWorker) {
    EXPECT_THROW(ThreadPoolExecutor{{.max_workers = 0}}, std::invalid_argument);
    EXPECT_THROW(ThreadPoolExecutor{{.max_workers = -1}}, std::invalid_argument);
}

TEST(ThreadPool, Tpe02ThreadsStartOnDemandUpToTheLimit) {
    ThreadPoolExecutor pool{{.max_workers = 3}};
    EXPECT_EQ(pool.workers(), 0);
    std::latch open{1};

    for (const int expected : {1, 2, 3, 3, 3}) {
        (void)pool.submit([&open] { open.wait(); });
        EXPECT_EQ(pool.workers(), expected);
    }
    open.count_down();
}

TEST(ThreadPool, Tpe02AnIdleWorkerIsReused) {
    ThreadPoolExecutor pool{{.max_workers = 8}};
    for (int number = 0; number < 100; ++number) {
        pool.submit([] {}).result();
        while (pool.idle_workers() == 0) {  // it is idle a moment after its result is seen
            std::this_thread::yield();
        }
    }

    EXPECT_EQ(pool.workers(), 1);
}

TEST(ThreadPool, Tpe02AWorkerIsBusyUntilItsCallbacksHaveReturned) {
    ThreadPoolExecutor pool{{.max_workers = 2}};
    Gate gate;
    Gate callback;
    const auto future = pool.submit(gate.blocker());
    future.add_done_callback([block = callback.blocker()](const auto&) { block(); });
    gate.open();
    callback.wait_until_begun();

    pool.submit([] {}).result();  // would hang if it were given to the first worker

    EXPECT_EQ(pool.workers(), 2);
    callback.open();
}

TEST(ThreadPool, Tpe03CallsStartInTheOrderOfSubmission) {
    std::vector<int> order;  // one worker: no lock needed
    {
        BusyPool busy;
        for (int number = 0; number < 100; ++number) {
            (void)busy.pool.submit([&order, number] { order.push_back(number); });
        }
        busy.gate.open();
    }
    EXPECT_EQ(order.size(), 100U);
    EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(ThreadPool, Tpe04WorkersAreNamed) {
    ThreadPoolExecutor pool{{.max_workers = 1, .name_prefix = "a-rather-long-prefix"}};
    ThreadPoolExecutor one{{.max_workers = 1}};
    ThreadPoolExecutor two{{.max_workers = 1}};
    const auto kernel_name = [] {
        char name[16] = {};
        (void)::pthread_getname_np(::pthread_self(), name, sizeof name);
        return std::string{name};
    };

    EXPECT_EQ(pool.submit(this_thread_name).result(), "a-rather-long-prefix_0");
    EXPECT_EQ(pool.submit(kernel_name).result(), "a-rather-long-p");
    EXPECT_NE(one.submit(this_thread_name).result(), two.submit(this_thread_name).result());
    EXPECT_EQ(this_thread_name(), kernel_name()) << "not a worker: the kernel's";
}

TEST(ThreadPool, Tpe05TheInitializerRunsOnceInEachWorker) {
    std::atomic<int> calls{0};
    thread_local bool initialised = false;
    ThreadPoolExecutor pool{{.max_workers = 2, .initializer = [&calls] {
                                 ++calls;
                                 initialised = true;
                             }}};
    std::latch both{2};
    const auto call = [&both] {
        both.arrive_and_wait();
        return initialised;
    };

    const std::vector futures{pool.submit(call), pool.submit(call)};

    EXPECT_TRUE(futures[0].result() && futures[1].result());
    EXPECT_EQ(calls, 2);
}

TEST(ThreadPool, Tpe05AndPrm04AnInitializerThatThrowsBreaksThePoolForAll) {
    auto before = set_error_logger([](auto, const auto&) {});
    Gate gate;
    ThreadPoolExecutor pool{{.max_workers = 1, .initializer = [block = gate.blocker()] {
                                 block();
                                 throw std::runtime_error{"no"};
                             }}};
    std::vector<Future<int>> queued;
    for (int number = 0; number < 5; ++number) {
        queued.push_back(pool.submit([] { return 1; }));
    }
    EXPECT_TRUE(queued[2].cancel());
    gate.open();

    for (const auto& future : wait(queued).done) {
        if (!future.cancelled()) {
            EXPECT_THROW(future.result(), BrokenThreadPool);
        }
    }
    EXPECT_THROW((void)pool.submit([] {}), BrokenThreadPool);
    EXPECT_NE(queued[0].exception(), queued[1].exception()) << "an object for each";
    pool.shutdown();
    EXPECT_THROW((void)pool.submit([] {}), BrokenThreadPool);
    set_error_logger(std::move(before));
}

std::atomic<int> threads_allowed{0};

std::thread refusing_start(std::function<void()> body) {
    if (--threads_allowed < 0) {
        throw std::system_error{std::make_error_code(std::errc::resource_unavailable_try_again)};
    }
    return std::thread{std::move(body)};
}

TEST(ThreadPool, Tpe06APoolWithAWorkerGoesOnWithIt) {
    threads_allowed = 1;
    ThreadPoolExecutor pool{{.max_workers = 4, .start_thread = refusing_start}};
    std::vector<Future<int>> futures;

    for (int number = 0; number < 10; ++number) {
        futures.push_back(pool.submit([number] { return number; }));
    }

    EXPECT_EQ(wait(futures).done.size(), 10U);
    EXPECT_EQ(pool.workers(), 1);
}

TEST(ThreadPool, Tpe06APoolWithoutAnyFailsTheSubmit) {
    threads_allowed = 0;
    ThreadPoolExecutor pool{{.max_workers = 4, .start_thread = refusing_start}};
    bool ran = false;

    EXPECT_THROW((void)pool.submit([&ran] { ran = true; }), Error);
    threads_allowed = 1;
    pool.submit([] {}).result();

    EXPECT_FALSE(ran) << "nothing was queued";
}

TEST(ThreadPool, Tpe07CallableAndArgumentsAreGoneBeforeTheFutureIsDone) {
    ThreadPoolExecutor pool;
    for (int round = 0; round < 200; ++round) {
        auto captured = std::make_shared<int>(1);
        auto argument = std::make_shared<int>(2);
        const std::weak_ptr<int> watch_captured = captured;
        const std::weak_ptr<int> watch_argument = argument;

        pool.submit(
                [held = std::move(captured)](const std::shared_ptr<int>& given) {
                    return *held + *given;
                },
                std::move(argument)
        )
            .result();

        EXPECT_TRUE(watch_captured.expired());
        EXPECT_TRUE(watch_argument.expired());
    }
}

TEST(ThreadPool, Tpe08FuturesOutliveTheirPool) {
    auto future = [] {
        ThreadPoolExecutor pool;
        return pool.submit([] { return std::string{"kept"}; });
    }();

    EXPECT_EQ(future.result(), "kept");
    future.add_done_callback([](const auto& done) { EXPECT_TRUE(done.done()); });
}

TEST(ThreadPool, Tpe09ACallMaySubmitToItsOwnPool) {
    ThreadPoolExecutor pool{{.max_workers = 2}};

    const auto inner = pool.submit([&pool] { return pool.submit([] { return 5; }); }).result();
    const auto waited = pool.submit([&pool] { return pool.submit([] { return 6; }).result(); });

    EXPECT_EQ(inner.result(), 5);
    EXPECT_EQ(waited.result(), 6);
}

TEST(ThreadPool, Tpe09AWaitThatLeavesNoWorkerThrows) {
    ThreadPoolExecutor pool{{.max_workers = 2}};
    std::latch both{2};
    const auto wait_for_another = [&pool, &both] {
        both.arrive_and_wait();
        pool.submit([] {}).result();
    };
    const std::vector futures{pool.submit(wait_for_another), pool.submit(wait_for_another)};

    int refused = 0;
    for (const auto& future : futures) {
        refused += type_name(future.exception()) == "std::system_error" ? 1 : 0;
    }

    EXPECT_EQ(refused, 1) << "the one that is refused frees a worker for the other";
}

TEST(ThreadPool, Tpe09AWaitForSomebodyElsesFutureIsNoDeadlock) {
    ThreadPoolExecutor pool{{.max_workers = 1}};
    Promise<int> promise;

    const auto waiting = pool.submit([&promise] { return promise.get_future().result() + 1; });
    promise.set_result(1);

    EXPECT_EQ(waiting.result(), 2);
}

TEST(ThreadPool, Tpe12TwoBusyCallsMakeProgressAtTheSameTime) {
    ThreadPoolExecutor pool{{.max_workers = 2}};
    std::atomic<int> turn{0};
    const auto ping_pong = [&turn](int mine) {
        for (int round = 0; round < 20; ++round) {
            while (turn.load() % 2 != mine) {  // busy: nobody yields on purpose
            }
            ++turn;
        }
    };

    const std::vector futures{pool.submit(ping_pong, 0), pool.submit(ping_pong, 1)};

    EXPECT_EQ(wait(futures).done.size(), 2U);
    EXPECT_EQ(turn, 40);
}

TEST(ThreadPool, Fut03CancelRacesTheWorkers) {
    std::atomic<int> ran{0};
    int cancelled = 0;
    constexpr int calls = 5000;
    {
        ThreadPoolExecutor pool{{.max_workers = 2}};
        std::vector<Future<void>> futures;
        for (int number = 0; number < calls; ++number) {
            futures.push_back(pool.submit([&ran] { ++ran; }));
            const auto at = static_cast<std::size_t>(number / 2);
            cancelled += !futures[at].cancelled() && futures[at].cancel() ? 1 : 0;
        }
    }
    EXPECT_EQ(ran + cancelled, calls);
}

TEST(ThreadPool, Gen09NoThreadIsLeftBehind) {
    const auto threads = [] {
        return std::ranges::distance(
            std::filesystem::directory_iterator{"/proc/self/task"},
            std::filesystem::directory_iterator{}
        );
    };
    const auto before = threads();
    {
        ThreadPoolExecutor pool{{.max_workers = 4}};
        std::latch all{4};
        for (int number = 0; number < 4; ++number) {
            (void)pool.submit([&all] { all.arrive_and_wait(); });
        }
        all.wait();
    }

    EXPECT_LE(threads(), before);
}

}  // namespace
}  // namespace fanfetch
