#include "support/job_bench.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

// A store that cannot be read when a job wants its next items.

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::items_of;
using testing::JobBench;
using testing::urls_of;

constexpr std::size_t first_part = 5000;
constexpr std::size_t all = 6000;

/// A job that needs the store: its second part comes while its window is still full of the first.
std::shared_ptr<Job> submit_in_parts(JobBench& bench) {
    bench.network().take(5ms);
    auto body = [&]() -> awaitable<std::shared_ptr<Job>> {
        auto upload = bench.jobs().begin({}, "default", bench.loop());
        auto first = items_of(urls_of("a.test", all));
        std::vector<Item> second{first.begin() + first_part, first.end()};
        first.resize(first_part);
        auto added = co_await upload->add(std::move(first));
        auto more = co_await upload->add(std::move(second));
        auto sealed = co_await upload->seal();
        EXPECT_TRUE(added && more && sealed);
        co_return upload->job();
    };
    return bench.run(body());
}

TEST(JobUnreadable, AReadThatFailsIsRepeatedInAWhile) {
    JobBench bench;
    bench.store().fail_reads(2);
    const auto begun = Steady::now();

    const auto job = bench.wait(*submit_in_parts(bench));

    EXPECT_EQ(job->record.state, job_state::completed);
    EXPECT_EQ(job->counts.succeeded, all);
    EXPECT_GE(Steady::now() - begun, 2s);
    EXPECT_LT(bench.store().reads(), 50) << "it was not asked all the time";
}

TEST(JobUnreadable, WhatComesBeforeDamageIsFetchedThenTheJobFails) {
    constexpr std::uint64_t readable = 5500;
    JobBench bench;
    bench.store().damage(readable);

    const auto job = bench.wait(*submit_in_parts(bench));

    EXPECT_EQ(job->record.state, job_state::failed);
    EXPECT_EQ(job->record.reason, state_reason::internal);
    EXPECT_EQ(job->counts.succeeded, readable);
    EXPECT_EQ(job->counts.cancelled, all - readable);
    const auto last = bench.store().find_item(job->record.id, all - 1)->result;
    ASSERT_TRUE(last);
    EXPECT_EQ(last->code, failure_code::cancelled_internal);
    EXPECT_TRUE(bench.runs_out());
}

TEST(JobUnreadable, ACancellationDoesNotWaitForTheNextRead) {
    JobBench bench;
    bench.store().fail_reads(1000);
    const auto job = submit_in_parts(bench);
    bench.wait_until([&] { return bench.store().reads() > 0; });

    const auto ended = bench.cancel(*job);

    EXPECT_EQ(ended->record.state, job_state::cancelled);
    EXPECT_EQ(ended->counts.succeeded + ended->counts.cancelled, all);
    EXPECT_TRUE(bench.runs_out());
}

}  // namespace
}  // namespace fanfetch
