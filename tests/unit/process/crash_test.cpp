#include "parents.hpp"
#include "process/messages.hpp"
#include "tasks.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <thread>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto breaks = crash_policy::break_pool;
constexpr auto replaces = crash_policy::replace_worker;

TEST(ProcessPoolCrash, Ppe05ArgumentsThatTheWorkerCannotReadAreABrokenWorker) {
    ProcessPoolExecutor pool{{.crash_policy = replaces}};

    EXPECT_THAT(
        text_of(pool.submit(take_unreadable, Unreadable{})),
        AllOf(HasSubstr("BrokenProcessPool"), HasSubstr("unreadable"))
    );
    EXPECT_EQ(pool.submit(square, 3).result(patience), 9);
}

TEST(ProcessPoolCrash, Ppe05AResultThatThePoolCannotReadIsABrokenWorker) {
    ProcessPoolExecutor pool{{.crash_policy = replaces}};

    EXPECT_THAT(
        text_of(pool.submit(give_unreadable)),
        AllOf(HasSubstr("BrokenProcessPool"), HasSubstr("a result that is none of its task's"))
    );
    EXPECT_EQ(pool.submit(square, 3).result(patience), 9);
}

TEST(ProcessPoolCrash, Ppe06EveryWayToDieIsNoticed) {
    ProcessPoolExecutor pool{{.max_workers = 1, .crash_policy = replaces}};

    EXPECT_THAT(text_of(pool.submit(die_by, SIGKILL)), HasSubstr("killed by signal 9 (SIGKILL)"));
    EXPECT_THAT(text_of(pool.submit(die_by, SIGABRT)), HasSubstr("killed by signal 6 (SIGABRT)"));
    EXPECT_THAT(text_of(pool.submit(leave_with, 0)), HasSubstr("exited with code 0"));
    EXPECT_THAT(text_of(pool.submit(leave_with, 9)), HasSubstr("exited with code 9"));
}

TEST(ProcessPoolCrash, Ppe06AWorkerThatClosesItsSocketIsDead) {
    ProcessPoolExecutor pool{{.max_workers = 1, .crash_policy = replaces}};

    EXPECT_THAT(text_of(pool.submit(close_socket)), HasSubstr("closed its connection"));
    EXPECT_EQ(pool.submit(square, 3).result(patience), 9);
}

/// The frame by which the first call of a pool would be answered.
std::string answer_to(std::uint64_t id, std::uint8_t kind = 17) {
    auto frame = detail::begin_frame(static_cast<detail::frame_kind>(kind));
    detail::append_number(frame, id);
    detail::append_number(frame, std::uint32_t{1});
    frame += '\1';  // an error: it fits every task
    std::string error;
    Codec<detail::ErrorMessage>::encode(error, {"type", "text"});
    Codec<std::string>::encode(frame, error);
    detail::finish_frame(frame);
    return frame;
}

TEST(ProcessPoolCrash, Ppe06AWorkerMayDieAtAnyByteOfAFrame) {
    const auto whole = answer_to(0).size();
    for (std::size_t cut = 0; cut < whole; ++cut) {
        ProcessPoolExecutor pool{{.max_workers = 1}};
        const auto sent = pool.submit(send_raw, answer_to(0).substr(0, cut), false);

        EXPECT_THAT(text_of(sent), HasSubstr("exited with code 0")) << cut;
    }
    ProcessPoolExecutor pool{{.max_workers = 1}};
    const auto sent = pool.submit(send_raw, answer_to(0), false);
    EXPECT_THAT(text_of(sent), HasSubstr("RemoteError")) << "a whole frame counts";
}

TEST(ProcessPoolCrash, Ppe06AWorkerMayDieInTheMiddleOfAFrameToIt) {
    ProcessPoolExecutor pool{{.max_workers = 1, .crash_policy = replaces}};
    const int pid = pool.submit(pid_of_worker).result(patience);
    ::kill(pid, SIGSTOP);
    auto large = pool.submit(length, std::string(8U << 20U, 'x'));
    ASSERT_TRUE(eventually([&] { return large.running(); }));

    ::kill(pid, SIGKILL);

    EXPECT_THROW((void)large.result(patience), BrokenProcessPool);
    EXPECT_EQ(pool.submit(square, 3).result(patience), 9);
}

TEST(ProcessPoolCrash, Ppe07BreaksThePool) {
    ProcessPoolExecutor pool{{.max_workers = 2, .crash_policy = breaks}};
    const int early = pool.submit(square, 4).result(patience);
    auto kept = pool.submit(square, 5);
    (void)kept.result(patience);
    Gate gate;
    auto running = pool.submit(pass_gate, gate.path());
    gate.wait_until_begun();
    auto other_pid = pool.submit(pid_of_worker).result(patience);
    Gate second;
    auto dying = pool.submit(pass_gate, second.path());
    std::vector<Future<int>> queued;
    for (int i = 0; i < 4; ++i) {
        queued.push_back(pool.submit(square, i));
    }
    second.wait_until_begun();
    queued[1].cancel();

    ::kill(other_pid, SIGKILL);

    std::vector<std::exception_ptr> errors;
    for (const auto& future : {running, dying, queued[0], queued[2], queued[3]}) {
        EXPECT_THROW((void)future.result(patience), BrokenProcessPool);
        EXPECT_THAT(text_of(future), HasSubstr("(pid " + std::to_string(other_pid) + ")"));
        EXPECT_EQ(std::ranges::count(errors, future.exception()), 0) << "each has its own";
        errors.push_back(future.exception());
    }
    EXPECT_THROW((void)queued[1].result(patience), CancelledError);
    EXPECT_THROW((void)pool.submit(square, 1), BrokenProcessPool);
    EXPECT_EQ(early, 16);
    EXPECT_EQ(kept.result(), 25);
    EXPECT_TRUE(eventually([&] { return pool.workers() == 0; })) << "the others are killed";
}

TEST(ProcessPoolCrash, Ppe07AnIdleWorkersDeathBreaksThePoolToo) {
    ProcessPoolExecutor pool;
    const int pid = pool.submit(pid_of_worker).result(patience);

    ::kill(pid, SIGKILL);

    EXPECT_TRUE(eventually([&] { return pool.broken().has_value(); }));
    EXPECT_THROW((void)pool.submit(square, 1), BrokenProcessPool);
}

TEST(ProcessPoolCrash, Ppe08OnlyTheDeadWorkersCallFails) {
    ProcessPoolExecutor pool{{.max_workers = 1, .crash_policy = replaces}};
    auto first = pool.submit(square, 2);
    auto dead = pool.submit(die_by, SIGKILL);
    std::vector<Future<int>> queued;
    for (int i = 0; i < 4; ++i) {
        queued.push_back(pool.submit(square, i));
    }

    EXPECT_EQ(first.result(patience), 4);
    EXPECT_THROW((void)dead.result(patience), BrokenProcessPool);
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(queued[static_cast<std::size_t>(i)].result(patience), i * i);
    }
    EXPECT_FALSE(pool.broken());
}

TEST(ProcessPoolCrash, Ppe08ACrashLoopBreaksThePool) {
    ProcessPoolExecutor pool{{.max_workers = 1, .crash_policy = replaces, .crash_loop_limit = 3}};
    for (int round = 0; round < 2; ++round) {  // a completed call begins the count anew
        (void)text_of(pool.submit(leave_with, 1));
        (void)text_of(pool.submit(leave_with, 1));
        EXPECT_EQ(pool.submit(square, 2).result(patience), 4);
    }
    std::vector<Future<int>> last;
    for (int i = 0; i < 3; ++i) {
        last.push_back(pool.submit(leave_with, 1));
    }
    auto queued = pool.submit(square, 2);

    EXPECT_THAT(text_of(queued), HasSubstr("3 workers died"));
    EXPECT_THROW((void)pool.submit(square, 1), BrokenProcessPool);
    for (const auto& future : last) {
        EXPECT_THROW((void)future.result(patience), BrokenProcessPool);
    }
}

TEST(ProcessPoolCrash, Ppe15WorkersEndWithTheirParentHoweverItDies) {
    for (const std::string way :
         {"pause", "exit", "abort", "abandon", "confined pause", "confined exit"}) {
        Parent parent{way};
        const auto workers = parent.workers();
        ASSERT_GT(workers[0], 0) << way;
        if (way.ends_with("pause")) {
            parent.kill(SIGKILL);
        }
        (void)parent.wait();

        const auto since = std::chrono::steady_clock::now();
        for (const int pid : workers) {
            EXPECT_TRUE(eventually([pid] { return ended(pid); })) << way;
        }
        EXPECT_LT(std::chrono::steady_clock::now() - since, 1s) << way;
    }
}

TEST(ProcessPoolCrash, Trp10AWorkerOutlivesTheThreadWhoseCallStartedIt) {
    ProcessPoolExecutor pool{{.max_workers = 1}};
    int worker = 0;
    int caller = 0;
    std::thread{[&] {
        caller = ::gettid();
        worker = pool.submit(pid_of_worker).result(patience);
    }}.join();
    const auto trace = "/proc/self/task/" + std::to_string(caller);
    ASSERT_TRUE(eventually([&] { return !std::filesystem::exists(trace); }));

    EXPECT_EQ(pool.submit(pid_of_worker).result(patience), worker);
    EXPECT_FALSE(pool.broken());
}

TEST(ProcessPoolCrash, Ppe15OtherChildrenAreNobodysBusiness) {
    pid_t own = -1;
    std::string name = "true";
    char* const arguments[] = {name.data(), nullptr};
    ASSERT_EQ(::posix_spawn(&own, "/bin/true", nullptr, nullptr, arguments, ::environ), 0);
    {
        ProcessPoolExecutor pool;
        EXPECT_EQ(pool.submit(square, 2).result(patience), 4);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(own, &status, 0), own);
    EXPECT_TRUE(WIFEXITED(status));
}

TEST(ProcessPoolCrash, Ppe15SigpipeNeverReachesTheProgram) {
    ProcessPoolExecutor pool{
        {.max_workers = 1, .crash_policy = replaces, .crash_loop_limit = std::nullopt}};
    for (int i = 0; i < 10; ++i) {
        const int pid = pool.submit(pid_of_worker).result(patience);
        ::kill(pid, SIGKILL);
        (void)pool.submit(length, std::string(1U << 20U, 'x')).exception(patience);
    }
    EXPECT_EQ(pool.submit(square, 2).result(patience), 4);
}

TEST(ProcessPoolCrash, Sbx04AHostileWorkerIsKilled) {
    auto oversized = detail::text_frame(detail::frame_kind::results, "x");
    oversized.replace(0, 4, "\xff\xff\xff\x7f");
    auto two = answer_to(0);
    two[detail::frame_head_size + 8] = 2;  // claims one call more than it has
    auto way = answer_to(0);
    way[detail::frame_head_size + 12] = 9;
    for (const auto& [bytes, what] : std::vector<std::pair<std::string, std::string>>{
             {answer_to(0, 99), "a frame of kind 99"},
             {answer_to(0, 2), "a frame of kind 2"},
             {answer_to(0, 16), "a frame of kind 16"},
             {answer_to(5), "results of calls that it does not have"},
             {two, "results of calls that it does not have"},
             {way, "a call that ended in way 9"},
             {oversized, "a frame of 2147483647 bytes"},
             {detail::text_frame(detail::frame_kind::results, "short"), "bytes end early"}}) {
        ProcessPoolExecutor pool{{.max_workers = 1, .crash_policy = replaces}};

        EXPECT_THAT(
            text_of(pool.submit(send_raw, bytes, true)),
            AllOf(HasSubstr("BrokenProcessPool"), HasSubstr(what))
        );
        EXPECT_EQ(pool.submit(square, 2).result(patience), 4);
    }
}

}  // namespace
}  // namespace fanfetch
