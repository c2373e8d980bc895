#include "coro/await_future.hpp"
#include "support/job_bench.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::items_of;
using testing::JobBench;
using testing::urls_of;
using kind = WaitCondition::kind;

using JobAnswer = Expected<JobSnapshotPtr>;

JobAnswer get(JobBench& bench, Future<JobAnswer> future) {
    auto body = [&]() -> awaitable<JobAnswer> {
        auto answer = co_await await_future(future);
        co_return answer;
    };
    return bench.run(body());
}

JobAnswer rerun(JobBench& bench, const std::string& id, RerunSelection selection) {
    return bench.run(bench.jobs().rerun(id, "default", std::move(selection), bench.loop()));
}

JobAnswer change(JobBench& bench, const std::string& id, JobPatch patch) {
    return bench.run(bench.jobs().change(id, "default", std::move(patch)));
}

/// A job that is left open.
std::shared_ptr<Job> open_job(JobBench& bench, const std::vector<std::string>& urls) {
    auto body = [&]() -> awaitable<std::shared_ptr<Job>> {
        auto upload = bench.jobs().begin({}, "default", bench.loop());
        auto added = co_await upload->add(items_of(urls));
        auto left = co_await upload->leave_open();
        EXPECT_TRUE(added && left);
        co_return upload->job();
    };
    return bench.run(body());
}

Expected<void> append(
    JobBench& bench, const std::string& id, const std::vector<std::string>& urls
) {
    auto body = [&]() -> awaitable<Expected<void>> {
        auto upload = co_await bench.jobs().append(id, "default");
        if (!upload) {
            co_return upload.error();
        }
        auto added = co_await upload->add(items_of(urls));
        auto settled = co_await upload->settle();
        if (!added) {
            co_return added.error();
        }
        co_return settled;
    };
    return bench.run(body());
}

TEST(JobControl, APausedJobStartsNothingUntilItGoesOn) {
    JobBench bench;
    JobOptions options;
    options.concurrency = 2;
    bench.network().take(1ms);
    const auto job = bench.submit(urls_of("a.test", 500), options);
    bench.wait(*job, {kind::count, 3});

    const auto paused = get(bench, job->pause()).value();
    EXPECT_EQ(paused->record.state, job_state::paused);
    EXPECT_EQ(bench.store().find_job(job->id())->state, job_state::paused);
    while (job->snapshot()->counts.running > 0) {
        bench.wait(*job, {kind::change, job->snapshot()->version});
    }
    const auto still = job->snapshot()->counts;
    EXPECT_EQ(still.running, 0U);
    EXPECT_LT(still.succeeded, 500U);
    // Another job of the same host has all of it.
    bench.wait(*bench.submit(urls_of("a.test", 50)));
    EXPECT_EQ(job->snapshot()->counts.succeeded, still.succeeded);

    EXPECT_EQ(get(bench, job->resume()).value()->record.state, job_state::running);
    EXPECT_EQ(bench.wait(*job)->counts.succeeded, 500U);
}

TEST(JobControl, APausedJobEndsWithItsLastItemInFlight) {
    JobBench bench;
    bench.network().take(20ms);
    const auto job = bench.submit(urls_of("a.test", 1));
    bench.wait(*job, {kind::change, job->snapshot()->version});

    (void)get(bench, job->pause());

    EXPECT_EQ(bench.wait(*job)->record.state, job_state::completed);
    EXPECT_EQ(get(bench, job->pause()).error().code, failure_code::job_done);
}

TEST(JobControl, ConcurrencyIsRaisedAndLoweredAtOnce) {
    JobBench bench;
    bench.network().take(1ms);
    JobOptions options;
    options.concurrency = 1;
    const auto job = bench.submit(urls_of("a.test", 400), options);
    bench.wait(*job, {kind::count, 5});
    EXPECT_EQ(bench.network().most_in_flight(), 1U);

    JobPatch more;
    more.concurrency = 6;
    ASSERT_TRUE(change(bench, job->id(), more));
    bench.wait(*job, {kind::count, 100});
    EXPECT_EQ(bench.network().most_in_flight(), 6U);

    JobPatch less;
    less.concurrency = 2;
    ASSERT_TRUE(change(bench, job->id(), less));
    while (bench.network().in_flight() > 2) {
        bench.wait(*job, {kind::change, job->snapshot()->version});
    }
    while (!job->snapshot()->done()) {
        EXPECT_LE(bench.network().in_flight(), 2U);
        bench.wait(*job, {kind::change, job->snapshot()->version});
    }
    EXPECT_EQ(job->snapshot()->counts.succeeded, 400U);
    EXPECT_EQ(bench.store().find_job(job->id())->options.concurrency, 2);
}

TEST(JobControl, PermitsAreNeitherLostNorMadeByManyChanges) {
    JobBench bench;
    bench.network().take(1ms);
    const auto job = bench.submit(urls_of("a.test", 2'000));
    for (int i = 0; i < 60 && !job->snapshot()->done(); ++i) {
        JobPatch patch;
        patch.concurrency = 1 + (i * 7) % 23;
        (void)change(bench, job->id(), patch);
        if (i % 5 == 0) {
            (void)get(bench, job->pause());
            (void)get(bench, job->resume());
        }
        bench.wait(*job, {kind::change, job->snapshot()->version});
    }
    JobPatch last;
    last.concurrency = 3;
    (void)change(bench, job->id(), last);
    while (!job->snapshot()->done() && bench.network().in_flight() > 3) {
        bench.wait(*job, {kind::change, job->snapshot()->version});
    }
    while (!job->snapshot()->done()) {
        ASSERT_LE(bench.network().in_flight(), 3U);
        bench.wait(*job, {kind::change, job->snapshot()->version});
    }
    EXPECT_EQ(job->snapshot()->counts.succeeded, 2'000U);
}

TEST(JobControl, PriorityIsWhatItWasChangedTo) {
    DispatchLimits limits;
    limits.host.max_concurrency = 1;
    JobBench bench{limits};
    bench.network().take(1ms);
    const auto patient = bench.submit(urls_of("a.test", 200));
    const auto urgent = bench.submit(urls_of("a.test", 40));
    JobPatch patch;
    patch.priority = 5;
    ASSERT_TRUE(change(bench, urgent->id(), patch));

    bench.wait(*urgent);

    EXPECT_LT(patient->snapshot()->counts.succeeded, 30U);
}

TEST(JobControl, AnOpenJobIsDoneWhenItIsSealed) {
    JobBench bench;
    const auto job = open_job(bench, urls_of("a.test", 3));
    bench.wait(*job, {kind::count, 3});
    EXPECT_FALSE(job->snapshot()->done());

    ASSERT_TRUE(append(bench, job->id(), urls_of("b.test", 5'000)));
    ASSERT_TRUE(append(bench, job->id(), {}));
    bench.wait(*job, {kind::count, 5'003});
    EXPECT_EQ(job->snapshot()->record.state, job_state::running);

    EXPECT_TRUE(get(bench, job->close()).value()->record.sealed);
    EXPECT_EQ(bench.wait(*job)->record.state, job_state::completed);
    EXPECT_EQ(append(bench, job->id(), urls_of("c.test", 1)).error().code, failure_code::job_done);
    EXPECT_EQ(bench.network().attempts("http://b.test/4999"), 1U);
}

TEST(JobControl, ASealedJobTakesNothing) {
    JobBench bench;
    bench.network().hang("http://a.test/0");
    const auto job = bench.submit(urls_of("a.test", 1));

    EXPECT_EQ(
        append(bench, job->id(), urls_of("b.test", 1)).error().code, failure_code::job_sealed
    );
}

TEST(JobControl, RunsAgainWhatFailed) {
    JobBench bench;
    bench.network().answer("http://a.test/1", 404);
    bench.network().answer("http://a.test/1", 200);
    bench.network().answer("http://a.test/2", 404);
    const auto first = bench.run_to_end(urls_of("a.test", 5));
    ASSERT_EQ(first->counts.failed, 2U);
    const auto id = first->record.id;

    const auto again = rerun(bench, id, {{item_state::failed}, {}, {}}).value();
    EXPECT_EQ(again->record.run, 2U);
    const auto done =
        bench.run(bench.jobs().wait(id, "default", WaitCondition{}, std::chrono::minutes{1}));

    EXPECT_EQ(done.value()->record.state, job_state::completed);
    EXPECT_EQ(done.value()->counts.failed, 1U);
    EXPECT_EQ(done.value()->counts.succeeded, 4U);
    EXPECT_EQ(done.value()->record.last_seq, 7U);
    EXPECT_EQ(bench.network().attempts("http://a.test/0"), 1U);
    EXPECT_EQ(bench.store().find_item(id, 1)->result->attempts_made, 2U);
}

TEST(JobControl, NothingToRunAgainLeavesTheJobAsItEnded) {
    JobBench bench;
    const auto first = bench.run_to_end(urls_of("a.test", 2));

    const auto same = rerun(bench, first->record.id, {{item_state::failed}, {}, {}}).value();

    EXPECT_EQ(same->record.run, 1U);
    EXPECT_TRUE(same->done());
    EXPECT_EQ(bench.jobs().live_jobs(), 0U);
    EXPECT_TRUE(rerun(bench, first->record.id, {}).has_value()) << "it may be asked again";
}

TEST(JobControl, AJobThatRunsIsNotRunAgain) {
    JobBench bench;
    bench.network().hang("http://a.test/0");
    const auto job = bench.submit(urls_of("a.test", 1));

    EXPECT_EQ(rerun(bench, job->id(), {}).error().code, failure_code::job_running);
}

TEST(JobControl, ADoneJobKeepsItsEndAndMayBeKeptLonger) {
    JobBench bench;
    const auto done = bench.run_to_end(urls_of("a.test", 1));
    JobPatch longer;
    longer.ttl = 100h;

    const auto changed = change(bench, done->record.id, longer).value();

    EXPECT_EQ(changed->record.expires_at, *done->record.finished_at + 100h);
    EXPECT_EQ(bench.store().find_job(done->record.id)->expires_at, changed->record.expires_at);
    JobPatch refused;
    refused.concurrency = 2;
    EXPECT_EQ(change(bench, done->record.id, refused).error().code, failure_code::job_done);
}

}  // namespace
}  // namespace fanfetch
