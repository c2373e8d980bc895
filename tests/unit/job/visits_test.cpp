#include "support/job_bench.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

// Attempts that are led to another host than their item's.

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::JobBench;
using testing::urls_of;

/// Has every URL of `urls` led to one of the same number at `host`; where they are led.
std::vector<std::string> lead_all(
    JobBench& bench, const std::vector<std::string>& urls, const std::string& host
) {
    const auto targets = urls_of(host, urls.size());
    for (std::size_t n = 0; n < urls.size(); ++n) {
        bench.network().lead(urls[n], targets[n]);
    }
    return targets;
}

JobOptions patient() {
    JobOptions options;
    options.fetch.retry.backoff_base = 1ms;
    options.fetch.retry.backoff_max = 1ms;
    return options;
}

TEST(Visits, AreCountedAtTheHostTheyLeadTo) {
    DispatchLimits limits;
    limits.host.max_concurrency = 3;
    JobBench bench{limits};
    bench.network().take(2ms);
    std::vector<std::string> urls;
    for (int n = 0; n < 30; ++n) {
        urls.push_back("http://from" + std::to_string(n) + ".test/");
    }
    lead_all(bench, urls, "target.test");

    const auto job = bench.run_to_end(urls);

    EXPECT_EQ(job->counts.succeeded, 30U);
    EXPECT_GT(bench.network().most_in_flight(), 3U);
    EXPECT_EQ(bench.network().most_in_flight("http://target.test"), 3U);
}

TEST(Visits, AFullHostIsNotHeldWhileAnotherIsWaitedFor) {
    // Each leads to the other, and each has one place: whoever kept his own while he waits for the
    // other's would wait for ever.
    DispatchLimits limits;
    limits.host.max_concurrency = 1;
    JobBench bench{limits};
    bench.network().take(1ms);
    auto urls = urls_of("a.test", 20);
    for (const auto& url : urls_of("b.test", 20)) {
        urls.push_back(url);
    }
    for (int n = 0; n < 20; ++n) {
        const auto number = std::to_string(n);
        bench.network().lead("http://a.test/" + number, "http://b.test/to" + number);
        bench.network().lead("http://b.test/" + number, "http://a.test/to" + number);
    }

    const auto job = bench.run_to_end(urls);

    EXPECT_EQ(job->counts.succeeded, 40U);
    EXPECT_EQ(bench.network().most_in_flight("http://a.test"), 1U);
    EXPECT_EQ(bench.network().most_in_flight("http://b.test"), 1U);
}

TEST(Visits, ABusyHostIsNotAskedBeforeItsTime) {
    JobBench bench;
    bench.network().answer("http://busy.test/", 429);
    bench.network().answer("http://busy.test/", 200);
    auto options = patient();
    bench.run_to_end({"http://busy.test/"}, [] {
        auto once = patient();
        once.fetch.retry.max_attempts = 1;
        return once;
    }());
    const auto begun = Steady::now();  // a pause of a second began before

    bench.network().lead("http://a.test/0", "http://busy.test/0");
    auto urls = urls_of("a.test", 20);
    const auto job = bench.run_to_end(urls, options);

    EXPECT_EQ(job->counts.succeeded, 20U);
    EXPECT_GE(bench.network().asked_at("http://busy.test/0") - begun, 800ms);
}

TEST(Visits, ThoseWhoCannotGoOnSoonAreSetAsideAndHoldNoPermit) {
    JobBench bench;
    bench.network().answer("http://busy.test/", 429, 2s);
    bench.network().answer("http://busy.test/", 200);
    auto once = patient();
    once.fetch.retry.max_attempts = 1;
    bench.run_to_end({"http://busy.test/"}, once);

    auto options = patient();
    options.concurrency = 1;
    auto urls = urls_of("a.test", 20);
    bench.network().lead("http://a.test/0", "http://busy.test/0");
    const auto begun = Steady::now();
    const auto job = bench.submit(urls, options);
    WaitCondition condition;
    condition.what = WaitCondition::kind::count;
    condition.number = 19;
    bench.wait(*job, condition);
    EXPECT_LT(Steady::now() - begun, 1500ms);  // the pause is two seconds long
    EXPECT_EQ(bench.network().attempts("http://busy.test/0"), 0U);
    const auto row = bench.store().find_item(job->id(), 0);
    EXPECT_FALSE(row->result);

    const auto done = bench.wait(*job);
    EXPECT_EQ(done->counts.succeeded, 20U);
    EXPECT_EQ(bench.network().attempts("http://a.test/0"), 2U);  // it was asked anew
    const auto result = *bench.store().find_item(job->id(), 0)->result;
    EXPECT_EQ(result.attempts_made, 1);  // the other time was none
}

TEST(Visits, WhatTheOtherHostAnswersIsItsOwn) {
    JobBench bench;
    bench.network().lead("http://a.test/0", "http://busy.test/");
    bench.network().answer("http://busy.test/", 429);
    bench.network().answer("http://busy.test/", 200);

    bench.run_to_end({"http://a.test/0"}, [] {
        auto once = patient();
        once.fetch.retry.max_attempts = 1;
        return once;
    }());

    const auto begun = Steady::now();
    bench.run_to_end({"http://a.test/1", "http://a.test/2"}, patient());
    EXPECT_LT(Steady::now() - begun, 700ms);  // the host that led there is as it was
    bench.run_to_end({"http://busy.test/"}, patient());
    EXPECT_GE(bench.network().asked_at("http://busy.test/") - begun, 700ms);
}

TEST(Visits, ACancelledOneLeavesTheLine) {
    DispatchLimits limits;
    limits.host.max_concurrency = 1;
    JobBench bench{limits};
    bench.network().hang("http://b.test/held");
    const auto holder = bench.submit({"http://b.test/held"});
    bench.network().lead("http://a.test/0", "http://b.test/0");
    const auto led = bench.submit({"http://a.test/0"});
    const auto cancel = [&](const std::string& id) {
        const auto body = [&]() -> awaitable<void> {
            co_await bench.jobs().cancel(id, "default", cancel_mode::abort);
        };
        bench.run(body());
    };
    bench.wait_until([&] { return bench.network().attempts("http://a.test/0") == 1; });
    cancel(led->id());
    EXPECT_EQ(bench.wait(*led)->record.state, job_state::cancelled);
    cancel(holder->id());
    bench.wait(*holder);

    // The place is free, and nobody stands before it.
    EXPECT_EQ(bench.run_to_end({"http://b.test/1"})->counts.succeeded, 1U);
    EXPECT_EQ(bench.network().attempts("http://b.test/0"), 0U);
}

TEST(Visits, TheRateAskedForHoldsWhereRedirectsLead) {
    JobBench bench;
    auto options = patient();
    options.per_host_rate = 20;
    std::vector<std::string> urls;
    for (int n = 0; n < 6; ++n) {
        urls.push_back("http://from" + std::to_string(n) + ".test/");
    }
    const auto targets = lead_all(bench, urls, "target.test");

    const auto job = bench.run_to_end(urls, options);

    EXPECT_EQ(job->counts.succeeded, 6U);
    std::vector<Steady::time_point> asked;
    for (const auto& target : targets) {
        asked.push_back(bench.network().asked_at(target));
    }
    std::ranges::sort(asked);
    for (std::size_t n = 1; n < asked.size(); ++n) {
        EXPECT_GE(asked[n] - asked[n - 1], 49ms);
    }
}

TEST(Visits, ARobotsTxtIsAskedForWhenTheHostAdmitsIt) {
    JobBench bench;
    bench.network().answer("http://busy.test/", 429);
    bench.network().answer("http://busy.test/", 200);
    auto once = patient();
    once.fetch.retry.max_attempts = 1;
    bench.run_to_end({"http://busy.test/"}, once);
    const auto begun = Steady::now();

    auto options = patient();
    options.robots = robots::obey;
    const auto job = bench.run_to_end({"http://busy.test/page"}, options);

    EXPECT_EQ(job->counts.succeeded, 1U);
    EXPECT_GE(bench.network().asked_at("http://busy.test/robots.txt") - begun, 800ms);
}

}  // namespace
}  // namespace fanfetch
