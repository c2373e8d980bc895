#include "support/job_bench.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::JobBench;
using testing::urls_of;
using kind = WaitCondition::kind;

JobOptions wide(int concurrency = 100) {
    JobOptions options;
    options.concurrency = options.per_host_concurrency = concurrency;
    return options;
}

/// A hundred hosts that answer nothing.
std::vector<std::string> black_holes(JobBench& bench) {
    std::vector<std::string> urls;
    for (int number = 0; number < 100; ++number) {
        urls.push_back("http://hole" + std::to_string(number) + ".test/");
        bench.network().hang(urls.back());
    }
    return urls;
}

/// What each of three tenants got of something while the last of them got 3,000.
std::vector<double> shares_of_three(JobBench& bench, const std::vector<std::string>& hosts) {
    bench.weights = {{"two", 2}, {"four", 4}};
    bench.network().take(1ms);
    const std::vector<std::string> names{"one", "two", "four"};
    std::vector<std::shared_ptr<Job>> jobs;
    for (std::size_t i = 0; i < names.size(); ++i) {
        jobs.push_back(bench.submit(urls_of(hosts[i], 4'000), wide(), names[i]));
    }
    bench.wait(*jobs.back(), {kind::count, 200});  // the first ones were alone for a while
    std::vector<double> shares;
    for (const auto& name : names) {
        shares.push_back(-static_cast<double>(bench.network().attempts_of(name)));
    }
    bench.wait(*jobs.back(), {kind::count, 3'200});
    for (std::size_t i = 0; i < names.size(); ++i) {
        shares[i] += static_cast<double>(bench.network().attempts_of(names[i]));
    }
    return shares;
}

TEST(JobTenants, Fair08ATenantWithManyJobsHasNoMoreOfAHostThanOneWithOne) {
    DispatchLimits limits;
    limits.host.max_concurrency = 16;
    JobBench bench{limits};
    bench.network().take(1ms);
    std::vector<std::shared_ptr<Job>> many;
    for (int number = 0; number < 200; ++number) {
        many.push_back(bench.submit(urls_of("a.test", 50), wide(), "many"));
    }
    const auto before = bench.network().attempts_of("many");

    const auto one = bench.submit(urls_of("a.test", 1'000), wide(), "one");
    bench.wait(*one);

    const auto meanwhile = static_cast<double>(bench.network().attempts_of("many") - before);
    EXPECT_GE(1'000 / meanwhile, 0.7);
    for (const auto& job : many) {
        EXPECT_EQ(bench.wait(*job)->counts.succeeded, 50U);
    }
    EXPECT_EQ(bench.network().most_in_flight(), 16U);
}

TEST(JobTenants, Fair02WhatTheyGetOfAHostIsAsTheyWeigh) {
    DispatchLimits limits;
    limits.host.max_concurrency = 28;
    JobBench bench{limits};

    const auto shares = shares_of_three(bench, {"a.test", "a.test", "a.test"});

    EXPECT_NEAR(shares[1] / shares[0], 2, 0.2);
    EXPECT_NEAR(shares[2] / shares[0], 4, 0.4);
}

TEST(JobTenants, Fair02WhatTheyGetOfConnectionsIsAsTheyWeigh) {
    DispatchLimits limits;
    limits.most_in_flight = 67;  // of which four are reserved, and seven free
    JobBench bench{limits};

    const auto shares = shares_of_three(bench, {"a.test", "b.test", "c.test"});

    EXPECT_NEAR(shares[1] / shares[0], 2, 0.2);
    EXPECT_NEAR(shares[2] / shares[0], 4, 0.4);
    EXPECT_LE(bench.network().most_in_flight(), 63U);
}

TEST(JobTenants, Fair03ConnectionsThatHangAreTheirTenantsShareAndNoMore) {
    DispatchLimits limits;
    limits.most_in_flight = 8;
    JobBench bench{limits};
    const auto holes = black_holes(bench);
    const auto quick = bench.submit(urls_of("a.test", 500), wide(), "quick");
    const auto stuck = bench.submit(holes, wide(), "stuck");

    bench.wait(*quick, {kind::count, 300});
    EXPECT_EQ(bench.network().in_flight_of("stuck"), 4U);
    EXPECT_EQ(bench.wait(*quick)->counts.succeeded, 500U);
    EXPECT_FALSE(stuck->over());
}

TEST(JobTenants, TheInteractiveLaneHasConnectionsOfItsOwn) {
    DispatchLimits limits;
    limits.most_in_flight = 32;
    JobBench bench{limits};
    for (const auto& url : urls_of("slow.test", 100)) {
        bench.network().hang(url);
    }
    const auto flood = bench.submit(urls_of("slow.test", 100), wide(), "flood");
    bench.run_to_end({"http://other.test/"}, [] {
        JobOptions options;
        options.lane = job_lane::interactive;
        return options;
    }());

    EXPECT_EQ(bench.network().in_flight(), 27U) << "of 30: some are left for who comes next";
    EXPECT_FALSE(flood->over());
}

TEST(JobTenants, Fair03WhoComesWhenAllThatIsThereHangsIsServedAtOnce) {
    DispatchLimits limits;
    limits.most_in_flight = 64;
    JobBench bench{limits};
    const auto holes = black_holes(bench);
    const auto stuck = bench.submit(holes, wide(), "stuck");
    const auto also = bench.submit(holes, wide(), "stuck");
    bench.run_to_end(urls_of("first.test", 1), {});  // by then the others have taken what they may

    const auto late = bench.submit(urls_of("late.test", 50), wide(), "late");
    EXPECT_EQ(bench.wait(*late)->counts.succeeded, 50U);
    EXPECT_EQ(bench.network().in_flight_of("stuck"), 54U) << "of 60";
    EXPECT_FALSE(stuck->over());
    EXPECT_FALSE(also->over());
}

TEST(JobTenants, ATenantThatReachesItsQuotaWaitsUntilSomethingIsGone) {
    JobBench bench;
    bench.quotas["a"] = 1'500;
    const auto before = bench.submit(urls_of("a.test", 20), {}, "a");
    bench.wait(*before);
    const auto stored = bench.store().stored_bytes("a");
    ASSERT_GT(stored, 0U);
    bench.quotas["a"] = stored + stored / 2;
    JobOptions narrow;
    narrow.concurrency = 1;

    const auto job = bench.submit(urls_of("a.test", 40), narrow, "a");
    bench.wait(*job, {kind::count, 10});
    EXPECT_EQ(bench.wait(*bench.submit(urls_of("a.test", 30), {}, "b"))->counts.succeeded, 30U);
    EXPECT_FALSE(job->over());
    const auto positions = bench.run(bench.jobs().positions(job->id()));
    ASSERT_FALSE(positions.empty());
    EXPECT_EQ(positions.front().waiting_for, wait_reason::quota);
    EXPECT_EQ(bench.jobs().begin({}, "a", bench.loop()).error().code, failure_code::quota_exceeded);

    bench.quotas["a"] = 10 * stored;
    bench.run(bench.jobs().erase(before->id(), "a"));

    EXPECT_EQ(bench.wait(*job)->counts.succeeded, 40U);
}

}  // namespace
}  // namespace fanfetch
