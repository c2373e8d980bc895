#include "job/error_budget.hpp"
#include "job/host_key.hpp"
#include "job/job_snapshot.hpp"
#include "job/wait_condition.hpp"
#include "job/window.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace fanfetch {
namespace {

using kind = WaitCondition::kind;

TEST(HostKey, HasThePortThatIsDialled) {
    EXPECT_EQ(host_key_of("http://a.test/x"), "a.test:80");
    EXPECT_EQ(host_key_of("https://a.test/x"), "a.test:443");
    EXPECT_EQ(host_key_of("https://a.test:8443/x"), "a.test:8443");
    EXPECT_EQ(host_key_of("http://[2001:db8::1]:81/"), "[2001:db8::1]:81");
    EXPECT_EQ(host_key_of("http://[2001:db8::1]/"), "[2001:db8::1]:80");
}

TEST(HostKey, OneNameIsOnOneShardWhateverItsPortAndScheme) {
    EXPECT_EQ(shard_of("http://a.test/1", 7), shard_of("https://a.test:8443/2?x", 7));
}

TEST(ItemCounts, SumToTheTotalWhateverIsReported) {
    JobRecord record;
    record.total = 10;
    record.tally.succeeded = 4;
    for (const std::uint64_t waiting : {0U, 3U, 100U}) {
        for (const std::uint64_t running : {0U, 2U, 6U, 100U}) {
            const auto counts = counts_of(record, waiting, running);
            EXPECT_EQ(counts.queued + counts.waiting + counts.running + counts.succeeded, 10U)
                << waiting << " waiting, " << running << " running";
        }
    }
}

TEST(WaitCondition, Wai02EachFormMeansWhatItSays) {
    JobSnapshot job;
    job.record.state = job_state::running;
    job.record.total = 5;
    job.record.tally.succeeded = 2;

    EXPECT_FALSE((WaitCondition{kind::all_completed, 0}.holds(job)));
    EXPECT_TRUE((WaitCondition{kind::first_completed, 0}.holds(job)));
    EXPECT_TRUE((WaitCondition{kind::count, 2}.holds(job)));
    EXPECT_FALSE((WaitCondition{kind::count, 3}.holds(job)));
    EXPECT_FALSE((WaitCondition{kind::first_exception, 0}.holds(job)));
    job.record.tally.failed = 1;
    EXPECT_TRUE((WaitCondition{kind::first_exception, 0}.holds(job)));
}

TEST(WaitCondition, Wai03ACancelledItemIsNoException) {
    JobSnapshot job;
    job.record.state = job_state::running;
    job.record.tally.cancelled = 3;

    EXPECT_FALSE((WaitCondition{kind::first_exception, 0}.holds(job)));
}

TEST(WaitCondition, EveryFormHoldsForADoneJob) {
    JobSnapshot job;
    job.record.state = job_state::cancelled;

    EXPECT_TRUE((WaitCondition{kind::all_completed, 0}.holds(job)));
    EXPECT_TRUE((WaitCondition{kind::count, 1000}.holds(job)));
    EXPECT_TRUE((WaitCondition{kind::seq, 1000}.holds(job)));
}

TEST(JobsDone, Wai04EachFormIsAboutWholeJobs) {
    JobsDone jobs;
    jobs.total = 3;

    EXPECT_FALSE(jobs.satisfies({kind::first_completed, 0}));
    EXPECT_FALSE(jobs.satisfies({kind::first_exception, 0}));
    EXPECT_FALSE(jobs.satisfies({kind::count, 1}));
    jobs.done = 1;
    EXPECT_TRUE(jobs.satisfies({kind::first_completed, 0}));
    EXPECT_FALSE(jobs.satisfies({kind::first_exception, 0}));
    EXPECT_TRUE(jobs.satisfies({kind::count, 1}));
    EXPECT_FALSE(jobs.satisfies({kind::count, 2}));
    EXPECT_FALSE(jobs.satisfies({kind::all_completed, 0}));
    jobs.exceptions = 1;
    EXPECT_TRUE(jobs.satisfies({kind::first_exception, 0}));
    jobs.done = 3;
    jobs.exceptions = 0;
    EXPECT_TRUE(jobs.satisfies({kind::first_exception, 0})) << "nothing more can happen";
    EXPECT_TRUE(jobs.satisfies({kind::count, 100})) << "more than there are: all";
    EXPECT_TRUE(jobs.satisfies({kind::all_completed, 0}));
    EXPECT_TRUE(JobsDone{}.satisfies({kind::all_completed, 0})) << "none are soon waited for";
}

TEST(JobsDone, Wai04AnExceptionIsAFailureOfTheJobOrOfAnItem) {
    JobSnapshot job;
    job.record.state = job_state::cancelled;
    job.record.tally.cancelled = 4;
    EXPECT_FALSE(has_exception(job));
    job.record.tally.failed = 1;
    EXPECT_TRUE(has_exception(job));
    for (const auto state : {job_state::failed, job_state::expired}) {
        JobSnapshot ended;
        ended.record.state = state;
        EXPECT_TRUE(has_exception(ended));
    }
}

TEST(Rendering, IsMadeOnceForEachPicture) {
    const JobSnapshot job;
    int made = 0;
    const auto make = [&made] { return Rendering::Text{std::to_string(++made), {}}; };

    EXPECT_EQ(job.shown.get(make).text, "1");
    EXPECT_EQ(job.shown.get(make).text, "1");
    const auto copy = job;
    EXPECT_EQ(copy.shown.get(make).text, "2");
}

constexpr auto endless = std::numeric_limits<std::uint64_t>::max();

TEST(ErrorBudget, CountsFailuresOrTheirShareFromTheTenthItemOn) {
    JobOptions options;
    const EndedItems three{3, 3};
    EXPECT_EQ(failures_left(options, three), endless);
    options.on_error = on_error::stop;
    EXPECT_EQ(failures_left(options, three), 0U);
    EXPECT_EQ(failures_left(options, {}), 1U);
    options.on_error = on_error::stop_after_count;
    options.on_error_limit = 4;
    EXPECT_EQ(failures_left(options, three), 1U);
    options.on_error_limit = 3;
    EXPECT_EQ(failures_left(options, three), 0U);
    options.on_error = on_error::stop_after_percent;
    options.on_error_limit = 30;
    EXPECT_EQ(failures_left(options, three), 7U) << "three of three, but too few to judge";
    EXPECT_EQ(failures_left(options, {10, 3}), 0U);
    EXPECT_EQ(failures_left(options, {11, 3}), 1U);
}

TEST(ErrorBudget, SoManyFailuresMoreAndNoFewerSpendAPercentage) {
    JobOptions options;
    options.on_error = on_error::stop_after_percent;
    for (const std::uint64_t percent : {1U, 30U, 50U, 99U, 100U}) {
        options.on_error_limit = percent;
        for (std::uint64_t all = 0; all < 60; ++all) {
            for (std::uint64_t failed = 0; failed <= all; ++failed) {
                const auto spent = [&](std::uint64_t more) {
                    return all + more >= 10 && (failed + more) * 100 >= percent * (all + more);
                };
                const auto left = failures_left(options, {all, failed});
                if (percent == 100 && failed < all) {
                    EXPECT_EQ(left, endless);
                    continue;
                }
                EXPECT_TRUE(spent(left)) << failed << " of " << all << " at " << percent;
                EXPECT_FALSE(left > 0 && spent(left - 1)) << failed << " of " << all;
            }
        }
    }
}

TEST(ErrorBudget, ARunAgainHasItsOwn) {
    const auto ended = EndedItems{12, 5}.since({10, 4});
    EXPECT_EQ(ended.all, 2U);
    EXPECT_EQ(ended.failed, 1U);
}

TEST(FailureAllowance, NothingStartsWhileWhatIsOnItsWayMaySpendTheBudget) {
    FailureAllowance allowance{2};
    allowance.count();
    EXPECT_FALSE(allowance.exhausted());
    EXPECT_FALSE(allowance.judge(0, 2)) << "nobody waits";
    allowance.count();
    EXPECT_TRUE(allowance.exhausted());
    EXPECT_FALSE(allowance.judge(1, 1)) << "one is still on its way";
    EXPECT_TRUE(allowance.judge(1, 1)) << "more successes came than were thought of";
    EXPECT_FALSE(allowance.exhausted());
    EXPECT_FALSE(allowance.judge(0, 1)) << "they have been told";
}

TEST(FailureAllowance, BeginsAnewWithARunAgain) {
    FailureAllowance allowance{1};
    allowance.count();
    ASSERT_TRUE(allowance.exhausted());
    allowance.reset(3);
    EXPECT_FALSE(allowance.exhausted());
}

std::vector<Item> items(std::uint64_t from, std::size_t count) {
    std::vector<Item> made(count);
    for (std::size_t i = 0; i < count; ++i) {
        made[i].index = from + i;
        made[i].url = "http://a.test/";
    }
    return made;
}

TEST(Window, HoldsNoMoreThanItsCapacityUntilResultsAreDurable) {
    Window window{10};
    window.add(items(0, 10));
    EXPECT_EQ(window.room(), 0U);

    for (int taken = 0; taken < 10; ++taken) {
        (void)window.take();
    }
    EXPECT_EQ(window.room(), 0U) << "what is out counts until it is durable";

    window.returned(6);
    EXPECT_EQ(window.room(), 6U);
    EXPECT_TRUE(window.low());
    EXPECT_EQ(window.next_index(), 10U);
}

TEST(Window, SkipsWhatIsKnownToBeFinished) {
    Window window{10};
    window.add(items(5, 2));
    EXPECT_EQ(window.next_index(), 7U);
    window.skip_to(100);
    EXPECT_EQ(window.next_index(), 100U);
    window.skip_to(50);
    EXPECT_EQ(window.next_index(), 100U) << "never back";
}

}  // namespace
}  // namespace fanfetch
