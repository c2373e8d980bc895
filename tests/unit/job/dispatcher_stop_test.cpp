#include "support/job_bench.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::JobBench;
using kind = WaitCondition::kind;

/// A host that is remembered for ten minutes: it said that it is overloaded. One more request to it
/// is under way.
void leave_a_request_with_a_host_to_remember(JobBench& bench) {
    const std::string busy = "http://a.test/busy";
    const std::string hangs = "http://a.test/hangs";
    bench.network().answer(busy, 503);
    bench.network().hang(hangs);
    JobOptions options;
    options.fetch.retry.max_attempts = 1;
    const auto job = bench.submit({busy, hangs}, options);
    bench.wait(*job, {kind::count, 1});
    bench.wait_until([&] { return bench.network().in_flight() == 1; });
}

TEST(DispatcherStop, AHostThatLosesItsLastItemThenDoesNotHoldUpTheLoop) {
    JobBench bench;
    leave_a_request_with_a_host_to_remember(bench);

    bench.run(bench.dispatcher().stop(0ms));

    EXPECT_EQ(bench.network().in_flight(), 0U);
    EXPECT_TRUE(bench.runs_out()) << "the shard's thread could not be joined";
}

TEST(DispatcherStop, WhatHasToWaitForItsRetryDoesNotHoldUpTheLoop) {
    JobBench bench;
    bench.network().answer("http://a.test/later", 503, 10min);
    const auto job = bench.submit({"http://a.test/later"});
    bench.wait_until([&] { return job->snapshot()->counts.waiting == 1; });

    bench.run(bench.dispatcher().stop(0ms));

    EXPECT_TRUE(bench.runs_out());
}

TEST(DispatcherStop, WhatIsUnderWayHasItsGrace) {
    JobBench bench;
    bench.network().take(20ms);
    const auto job = bench.submit({"http://a.test/slow"});
    bench.wait_until([&] { return bench.network().in_flight() == 1; });

    bench.run(bench.dispatcher().stop(1min));

    EXPECT_EQ(bench.wait(*job)->counts.succeeded, 1U);
    EXPECT_TRUE(bench.runs_out());
}

}  // namespace
}  // namespace fanfetch
