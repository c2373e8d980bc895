#include "job/error_budget.hpp"
#include "job/host_key.hpp"
#include "job/job_snapshot.hpp"
#include "job/wait_condition.hpp"
#include "job/window.hpp"

#include <gtest/gtest.h>

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

TEST(ErrorBudget, CountsFailuresOrTheirShareFromTheTenthItemOn) {
    JobOptions options;
    JobTally tally;
    tally.failed = 3;
    EXPECT_FALSE(over_error_budget(options, tally));
    options.on_error = on_error::stop;
    EXPECT_TRUE(over_error_budget(options, tally));
    options.on_error = on_error::stop_after_count;
    options.on_error_limit = 4;
    EXPECT_FALSE(over_error_budget(options, tally));
    options.on_error_limit = 3;
    EXPECT_TRUE(over_error_budget(options, tally));
    options.on_error = on_error::stop_after_percent;
    options.on_error_limit = 30;
    EXPECT_FALSE(over_error_budget(options, tally)) << "three of three, but too few to judge";
    tally.succeeded = 7;
    EXPECT_TRUE(over_error_budget(options, tally));
    tally.succeeded = 8;
    EXPECT_FALSE(over_error_budget(options, tally));
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
