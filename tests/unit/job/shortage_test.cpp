#include "job/spill.hpp"
#include "support/job_bench.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::JobBench;
using testing::urls_of;
using kind = WaitCondition::kind;

DispatchLimits without_pauses() {
    DispatchLimits limits;
    limits.shortage_pause = 1ms;
    return limits;
}

/// A body whose disk has no room for its end.
class UnfinishedBody final : public LongBody {
public:
    Expected<void> append(std::string_view) override { return {}; }
    Expected<BodyRef> finish(const ResponseRecord&, const Sha256&) override {
        return failed(failure_code::disk_low, "writing a segment: no space left");
    }
};

TEST(JobShortage, Crs05AndCrs10WhatOurOwnMachineRefusedIsFetchedAgain) {
    JobBench bench{without_pauses()};
    bench.network().fail("http://a.test/0", failure_code::disk_low);
    bench.network().fail("http://a.test/0", failure_code::store_unavailable);
    bench.network().fail("http://a.test/0", failure_code::queue_full);
    bench.network().answer("http://a.test/0", 200);

    const auto job = bench.run_to_end(urls_of("a.test", 2));

    EXPECT_EQ(job->counts.succeeded, 2U);
    EXPECT_EQ(bench.network().attempts("http://a.test/0"), 4U);
    EXPECT_EQ(bench.store().find_item(job->record.id, 0)->result->attempts_made, 1)
        << "our disk is none of the item's attempts";
}

TEST(JobShortage, Crs05AlsoWhenThereIsNoRoomForItsEnd) {
    JobBench bench{without_pauses()};
    bench.network().spill(
        "http://a.test/0", std::make_unique<StoredSpill>(std::make_unique<UnfinishedBody>())
    );

    const auto job = bench.run_to_end(urls_of("a.test", 1));

    EXPECT_EQ(job->counts.succeeded, 1U);
    EXPECT_EQ(bench.network().attempts("http://a.test/0"), 2U);
}

TEST(JobShortage, Crs05AnItemThatWaitsForRoomCanBeCancelled) {
    DispatchLimits limits;
    limits.shortage_pause = 1h;
    JobBench bench{limits};
    bench.network().fail("http://a.test/0", failure_code::disk_low);
    const auto job = bench.submit(urls_of("a.test", 2));
    bench.wait(*job, {kind::first_completed, 0});

    (void)job->cancel(cancel_mode::drain, state_reason::by_user);
    const auto ended = bench.wait(*job);

    EXPECT_EQ(ended->record.state, job_state::cancelled);
    EXPECT_EQ(ended->counts.succeeded, 1U);
    EXPECT_EQ(ended->counts.cancelled, 1U);
}

}  // namespace
}  // namespace fanfetch
