#include "support/job_bench.hpp"

#include <gtest/gtest.h>

#include <new>

namespace fanfetch {
namespace {

using testing::JobBench;
using testing::urls_of;

/// How an attempt breaks down that does not end as attempts do.
using Breaks = void (*)(JobBench& bench, const std::string& url);

void throws(JobBench& bench, const std::string& url) {
    bench.network().before_end(url, [] { throw std::bad_alloc{}; });
}

void cannot_start(JobBench& bench, const std::string& url) {
    bench.network().lose(url);
}

class JobBreakdown : public ::testing::TestWithParam<Breaks> {};

TEST_P(JobBreakdown, Crs12OneItemFailsAndTheOthersGoOn) {
    JobBench bench;
    GetParam()(bench, "http://a.test/1");
    JobOptions options;
    options.concurrency = 1;

    const auto job = bench.run_to_end(urls_of("a.test", 4), options);

    EXPECT_EQ(job->counts.succeeded, 3U);
    EXPECT_EQ(job->counts.failed, 1U);
    const auto broken = bench.store().find_item(job->record.id, 1)->result;
    ASSERT_TRUE(broken);
    EXPECT_EQ(broken->code, failure_code::internal);
    EXPECT_NE(broken->detail.find("see its log"), std::string::npos) << broken->detail;
    EXPECT_EQ(bench.dispatcher().in_flight(), 0U);
    EXPECT_TRUE(bench.runs_out());
}

TEST_P(JobBreakdown, Crs12PermitsSlotsAndConnectionsComeBack) {
    DispatchLimits limits;
    limits.most_in_flight = 3;
    limits.host.max_concurrency = 2;
    JobBench bench{limits};
    const auto urls = urls_of("a.test", 20);
    for (std::size_t number = 0; number < urls.size(); number += 2) {
        GetParam()(bench, urls[number]);
    }
    JobOptions options;
    options.concurrency = 3;

    const auto job = bench.run_to_end(urls, options);
    const auto next = bench.run_to_end(urls_of("a.test/more", 20), options);

    EXPECT_EQ(job->counts.succeeded, 10U);
    EXPECT_EQ(job->counts.failed, 10U);
    EXPECT_EQ(next->counts.succeeded, 20U);
    EXPECT_EQ(bench.network().most_in_flight(), 2U) << "no slot was given back twice";
}

TEST_P(JobBreakdown, Crs12AnAbortIsNotHeldUp) {
    JobBench bench;
    const auto urls = urls_of("a.test", 3);
    bench.network().hang(urls[0]);
    bench.network().before_end(urls[0], [] { throw std::bad_alloc{}; });
    GetParam()(bench, urls[1]);
    const auto job = bench.submit(urls);
    bench.wait_until([&bench] { return bench.network().in_flight() == 1; });

    const auto done = bench.cancel(*job);

    EXPECT_EQ(done->record.state, job_state::cancelled);
    EXPECT_EQ(done->counts.total, 3U);
    EXPECT_EQ(bench.dispatcher().in_flight(), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Each, JobBreakdown, ::testing::Values(&throws, &cannot_start),
    [](const auto& one) { return one.param == &throws ? "Throws" : "CannotStart"; }
);

}  // namespace
}  // namespace fanfetch
