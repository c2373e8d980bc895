#include "process/sandbox.hpp"

#include "tasks.hpp"

#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <cmath>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

ProcessPoolOptions in(SandboxOptions options) {
    return {.max_workers = 1, .crash_policy = crash_policy::replace_worker, .sandbox = options};
}

TEST(Sandbox, Sbx01MemoryIsLimited) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer needs its address space";
    }
    ProcessPoolExecutor pool{in(sandbox::limits())};

    EXPECT_THAT(text_of(pool.submit(allocate, 2ULL << 30U)), HasSubstr("std::bad_alloc"));
    EXPECT_EQ(pool.submit(allocate, 1ULL << 20U).result(patience), 1U << 20U);
}

TEST(Sandbox, Sbx01CpuTimeIsLimited) {
    auto options = sandbox::limits();
    options.cpu_time = 1s;
    ProcessPoolExecutor pool{in(options)};

    EXPECT_THAT(text_of(pool.submit(burn)), HasSubstr("SIGXCPU"));
}

TEST(Sandbox, Sbx01FilesAreLimitedInNumberAndCannotBeWritten) {
    TempDir dir;
    ProcessPoolExecutor pool{in(sandbox::limits())};

    EXPECT_EQ(pool.submit(write_file, dir.file("new")).result(patience), EFBIG);
    EXPECT_LE(pool.submit(open_many, 100).result(patience), 16);
}

TEST(Sandbox, Sbx01NoProcessesThreadsProgramsOrCores) {
    ProcessPoolExecutor pool{in(sandbox::limits())};

    const auto refused = pool.submit(try_to_multiply).result(patience);

    EXPECT_EQ(refused, (std::vector{EPERM, EPERM}));
    EXPECT_EQ(pool.submit(core_limit).result(patience), 0U);
    EXPECT_EQ(pool.submit(no_new_privileges).result(patience), 1);
}

TEST(Sandbox, Sbx01TheEnvironmentIsEmpty) {
    ::setenv("FANFETCH_TEST_SECRET", "x", 1);
    ProcessPoolExecutor open;
    ProcessPoolExecutor shut{in(sandbox::limits())};

    EXPECT_GT(open.submit(environment_size).result(patience), 0);
    EXPECT_EQ(shut.submit(environment_size).result(patience), 0);
}

TEST(Sandbox, Sbx01ASessionAndAGroupOfItsOwn) {
    ProcessPoolExecutor pool{in(sandbox::limits())};
    const auto [pid, session, group] = pool.submit(who).result(patience);

    EXPECT_EQ(session, pid);
    EXPECT_EQ(group, pid);
}

TEST(Sandbox, Sbx02ComputingIsAllowedWhenStrict) {
    ProcessPoolExecutor pool{in(sandbox::strict())};

    EXPECT_EQ(pool.submit(length, std::string(5U << 20U, 'x')).result(patience), 5U << 20U);
    EXPECT_EQ(pool.submit(bytes_of, 5U << 20U).result(patience).size(), 5U << 20U);
    EXPECT_EQ(
        text_of(pool.submit(fail_known, "thrown")),
        text_of(make_failed<int>(std::make_exception_ptr(KnownError{"thrown"})))
    );
    EXPECT_GT(pool.submit(compute).result(patience), 0.0);
    // Into a file nothing can be printed, and the attempt does no harm.
    EXPECT_LE(pool.submit(print, "printed in a sandbox\n").result(patience), 0);
}

TEST(Sandbox, Sbx02AForbiddenCallKillsTheWorker) {
    ProcessPoolExecutor pool{in(sandbox::strict())};

    EXPECT_THAT(
        text_of(pool.submit(open_many, 1)),
        AllOf(HasSubstr("BrokenProcessPool"), HasSubstr("SIGSYS"))
    );
    EXPECT_EQ(pool.submit(square, 3).result(patience), 9) << "another goes on";
    EXPECT_THAT(text_of(pool.submit(try_to_multiply)), HasSubstr("SIGSYS"));
}

TEST(Sandbox, Sbx02TheInitializerMayReadFiles) {
    auto options = in(sandbox::strict());
    options.initializer = WorkerInitializer{open_many, 1};
    ProcessPoolExecutor pool{options};

    EXPECT_EQ(pool.submit(square, 3).result(patience), 9);
}

TEST(Sandbox, Sbx02WhatCannotBeSetIsRefusedUnlessBestEffort) {
    auto options = sandbox::limits();
    options.open_files = 1 << 30;  // more than any kernel allows
    {
        ProcessPoolExecutor pool{in(options)};
        EXPECT_THAT(
            text_of(pool.submit(square, 3)),
            AllOf(HasSubstr("did not start"), HasSubstr("the limit on open files"))
        );
        EXPECT_THROW((void)pool.submit(square, 3), BrokenProcessPool);
    }
    options.best_effort = true;
    ProcessPoolExecutor pool{in(options)};
    EXPECT_EQ(pool.submit(square, 3).result(patience), 9);
    EXPECT_EQ(pool.submit(core_limit).result(patience), 0U) << "the others are set";
}

TEST(Sandbox, Sbx03TheWholeGroupEndsWithItsWorker) {
    for (const int way : {0, 1, 2}) {
        ProcessPoolExecutor pool{{.max_workers = 1, .crash_policy = crash_policy::replace_worker}};
        const int child = pool.submit(leave_a_child).result(patience);
        EXPECT_FALSE(ended(child));

        switch (way) {
            case 0:
                pool.kill_workers();
                break;
            case 1:
                (void)text_of(pool.submit(leave_with, 1));
                break;
            default:
                pool.shutdown();
        }

        EXPECT_TRUE(eventually([child] { return ended(child); })) << way;
    }
}

TEST(Sandbox, Sbx03ForkingRepeatedlyOutlivesNothing) {
    TempDir dir;
    ProcessPoolExecutor pool{
        {.max_workers = 1, .crash_policy = crash_policy::replace_worker, .task_time_limit = 4s}};

    EXPECT_THROW((void)pool.submit(fork_and_hang, dir.file("pids")).result(patience), TimeoutError);

    std::ifstream pids{dir.file("pids")};
    int number = 0;
    for (int pid = 0; pids >> pid; ++number) {
        EXPECT_TRUE(eventually([pid] { return ended(pid); }));
    }
    EXPECT_EQ(number, 20);
    EXPECT_EQ(pool.submit(square, 3).result(patience), 9);
}

}  // namespace
}  // namespace fanfetch
