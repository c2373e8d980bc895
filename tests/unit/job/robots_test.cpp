#include "support/job_bench.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::JobBench;
using testing::urls_of;
using kind = WaitCondition::kind;

JobOptions obeying() {
    JobOptions options;
    options.robots = robots::obey;
    options.fetch.retry.backoff_base = 1ms;
    options.fetch.retry.backoff_max = 1ms;
    return options;
}

TEST(JobRobots, WhatIsDisallowedIsSkippedUnasked) {
    JobBench bench;
    bench.network().say("http://a.test/robots.txt", "User-agent: *\nDisallow: /private\n");

    const auto job = bench.run_to_end(
        {"http://a.test/public", "http://a.test/private/1", "http://b.test/private"}, obeying()
    );

    EXPECT_EQ(job->record.state, job_state::completed);
    EXPECT_EQ(job->counts.succeeded, 2U);
    EXPECT_EQ(job->counts.skipped, 1U);
    EXPECT_EQ(bench.network().attempts("http://a.test/robots.txt"), 1U);
    EXPECT_EQ(bench.network().attempts("http://b.test/robots.txt"), 1U);
    EXPECT_EQ(bench.network().attempts("http://a.test/private/1"), 0U);
    const auto row = bench.store().find_item(job->record.id, 1);
    EXPECT_EQ(row->result->state, item_state::skipped);
    EXPECT_EQ(row->result->code, failure_code::policy_robots);
    EXPECT_EQ(row->result->attempts_made, 0);
    EXPECT_TRUE(row->result->attempts.empty());
}

TEST(JobRobots, NobodyAsksUnlessTold) {
    JobBench bench;
    bench.network().say("http://a.test/robots.txt", "User-agent: *\nDisallow: /\n");

    const auto job = bench.run_to_end(urls_of("a.test", 10));

    EXPECT_EQ(job->counts.succeeded, 10U);
    EXPECT_EQ(bench.network().attempts("http://a.test/robots.txt"), 0U);
}

TEST(JobRobots, ItemsThatWaitForItHoldNoPermit) {
    JobBench bench;
    bench.network().hang("http://slow.test/robots.txt");
    auto options = obeying();
    options.concurrency = 1;
    auto urls = urls_of("slow.test", 5);
    urls.push_back("http://quick.test/");

    const auto job = bench.submit(urls, options);
    const auto seen = bench.wait(*job, {kind::count, 1});

    EXPECT_EQ(seen->counts.succeeded, 1U);
    EXPECT_EQ(seen->counts.waiting, 5U);
    EXPECT_EQ(seen->counts.total, 6U);
}

TEST(JobRobots, WaitingForItTakesNoLongerThanTheItemsAttemptsMay) {
    JobBench bench;
    bench.network().hang("http://slow.test/robots.txt");
    auto options = obeying();
    options.fetch.timeouts.total = 150ms;
    options.fetch.retry.max_attempts = 2;
    auto urls = urls_of("slow.test", 3);
    urls.push_back("http://quick.test/");
    const auto begun = Steady::now();

    const auto job = bench.run_to_end(urls, options);

    EXPECT_GE(Steady::now() - begun, 300ms);
    EXPECT_EQ(job->counts.succeeded, 1U);
    EXPECT_EQ(job->counts.failed, 3U);
    EXPECT_EQ(bench.network().attempts("http://slow.test/robots.txt"), 1U);
    for (std::uint64_t index = 0; index < 3; ++index) {
        const auto row = bench.store().find_item(job->record.id, index);
        EXPECT_EQ(row->result->code, failure_code::timeout_total);
        EXPECT_EQ(row->result->attempts_made, 2);
        EXPECT_GE(row->result->attempts.at(0).timing.total, 150ms);
    }
}

TEST(JobRobots, AnItemsOwnDeadlineCountsFromWhenTheOriginIsAsked) {
    JobBench bench;
    bench.network().hang("http://slow.test/robots.txt");
    auto options = obeying();
    options.item_deadline = 150ms;

    const auto job = bench.run_to_end(urls_of("slow.test", 2), options);

    EXPECT_EQ(job->counts.failed, 2U);
    const auto row = bench.store().find_item(job->record.id, 0);
    EXPECT_EQ(row->result->code, failure_code::timeout_item_deadline);
    EXPECT_EQ(row->result->attempts_made, 1);
}

TEST(JobRobots, WaitingUntilItMayBeAskedForIsNoAttempt) {
    JobBench bench;
    auto pause = [](HostOverride before) {
        before.paused = true;
        return before;
    };
    auto body = [&]() -> awaitable<void> {
        co_await bench.jobs().change_host("robots.test:80", pause);
    };
    bench.run(body());
    bench.network().lead("http://a.test/robots.txt", "http://robots.test/robots.txt");
    auto options = obeying();
    options.fetch.timeouts.total = 50ms;
    options.item_deadline = 50ms;

    const auto job = bench.submit(urls_of("a.test", 3), options);
    const auto enough = Steady::now() + 400ms;
    bench.wait_until([enough] { return Steady::now() >= enough; });

    const auto seen = job->snapshot();
    EXPECT_EQ(seen->counts.failed, 0U);
    EXPECT_EQ(seen->counts.waiting, 3U);
}

TEST(JobRobots, CancellingDoesNotWaitForIt) {
    JobBench bench;
    bench.network().hang("http://slow.test/robots.txt");
    const auto job =
        bench.submit({"http://slow.test/1", "http://slow.test/2", "http://b.test/"}, obeying());
    bench.wait(*job, {kind::count, 1});

    const auto end = bench.cancel(*job);

    EXPECT_EQ(end->record.state, job_state::cancelled);
    EXPECT_EQ(end->counts.cancelled, 2U);
    EXPECT_EQ(end->counts.waiting, 0U);
}

TEST(JobRobots, WithoutAnAnswerNothingIsFetchedAndNothingFails) {
    JobBench bench;
    bench.network().answer("http://a.test/robots.txt", 500);
    auto options = obeying();
    options.on_error = on_error::stop;

    const auto job = bench.run_to_end(urls_of("a.test", 200), options);

    EXPECT_EQ(job->record.state, job_state::completed);
    EXPECT_EQ(job->counts.skipped, 200U);
    EXPECT_EQ(bench.network().attempts("http://a.test/robots.txt"), 3U);
    EXPECT_EQ(bench.network().attempts("http://a.test/0"), 0U);
}

TEST(JobRobots, ManyJobsOfManyItemsAskOnce) {
    JobBench bench;
    bench.network().take(1ms);
    std::vector<std::shared_ptr<Job>> jobs;
    for (int i = 0; i < 5; ++i) {
        jobs.push_back(bench.submit(urls_of("a.test", 300), obeying()));
    }

    for (const auto& job : jobs) {
        EXPECT_EQ(bench.wait(*job)->counts.succeeded, 300U);
    }

    EXPECT_EQ(bench.network().attempts("http://a.test/robots.txt"), 1U);
}

}  // namespace
}  // namespace fanfetch
