#include "coro/await_future.hpp"
#include "job/spill.hpp"
#include "support/job_bench.hpp"
#include "support/patience.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::JobBench;
using testing::urls_of;
using kind = WaitCondition::kind;

std::uint64_t sum(const ItemCounts& counts) {
    return counts.queued + counts.waiting + counts.running + counts.succeeded + counts.failed +
           counts.skipped + counts.cancelled;
}

JobOptions without_pauses() {
    JobOptions options;
    options.fetch.retry.backoff_base = 1ms;
    options.fetch.retry.backoff_max = 1ms;
    return options;
}

TEST(Job, EveryItemEndsInExactlyOneState) {
    JobBench bench;
    bench.network().answer("http://a.test/1", 404);
    bench.network().fail("http://a.test/2", failure_code::http_malformed);

    const auto job = bench.run_to_end(urls_of("a.test", 5));

    EXPECT_EQ(job->record.state, job_state::completed);
    EXPECT_EQ(job->counts.succeeded, 3U);
    EXPECT_EQ(job->counts.failed, 2U);
    EXPECT_EQ(sum(job->counts), 5U);
    EXPECT_EQ(job->record.last_seq, 5U);
}

TEST(Job, WhoWaitsForAChangeIsNotWokenByHisOwnWaiting) {
    JobBench bench;
    bench.network().hang("http://a.test/0");
    const auto job = bench.submit(urls_of("a.test", 1));
    const auto running = bench.wait(*job, {kind::change, 0});

    const auto wait = [&](std::uint64_t version) -> awaitable<JobSnapshotPtr> {
        auto now = co_await bench.jobs().wait(job->id(), "default", {kind::change, version}, 50ms);
        co_return now.value();
    };
    auto seen = running->version;
    for (;;) {  // until it has settled: nothing happens to the item that hangs
        const auto now = bench.run(wait(seen));
        if (now->version == seen) {
            break;
        }
        ASSERT_LT(now->version, running->version + 100);
        seen = now->version;
    }
}

TEST(Job, SeqsAreGivenWithoutGapsAndIndexesOnce) {
    JobBench bench;
    const auto job = bench.run_to_end(urls_of("a.test", 300));

    ResultQuery query;
    query.job_id = job->record.id;
    query.limit = 1000;
    const auto rows = bench.store().results_by_seq(query);

    std::set<std::uint64_t> indexes;
    ASSERT_EQ(rows.size(), 300U);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(rows[i].result->seq, i + 1);
        indexes.insert(rows[i].item.index);
    }
    EXPECT_EQ(indexes.size(), 300U);
}

TEST(Job, NeverHasMoreInFlightThanItsConcurrency) {
    JobBench bench;
    bench.network().take(1ms);
    JobOptions options;
    options.concurrency = 3;

    const auto job = bench.run_to_end(urls_of("a.test", 40), options);

    EXPECT_EQ(job->counts.succeeded, 40U);
    EXPECT_EQ(bench.network().most_in_flight(), 3U);
}

TEST(Job, NeverHasMoreInFlightAtAHostThanItAsked) {
    JobBench bench;
    bench.network().take(1ms);
    JobOptions options;
    options.per_host_concurrency = 2;

    bench.run_to_end(urls_of("a.test", 20), options);

    EXPECT_EQ(bench.network().most_in_flight(), 2U);
}

TEST(Job, TheOperatorsCeilingHoldsForAllJobsOfAHostTogether) {
    DispatchLimits limits;
    limits.host.max_concurrency = 4;
    JobBench bench{limits};
    bench.network().take(1ms);

    const auto first = bench.submit(urls_of("a.test", 30));
    const auto second = bench.submit(urls_of("a.test", 30));
    bench.wait(*first);
    bench.wait(*second);

    EXPECT_EQ(bench.network().most_in_flight(), 4U);
}

TEST(Job, OfATenantsJobsThatWaitForAHostTheUrgentOneGoesFirst) {
    DispatchLimits limits;
    limits.host.max_concurrency = 1;
    JobBench bench{limits};
    bench.network().take(1ms);
    JobOptions urgent;
    urgent.priority = 5;

    std::vector<std::string> patient;
    for (int i = 0; i < 200; ++i) {
        patient.push_back("http://a.test/patient/" + std::to_string(i));
    }

    const auto other = bench.submit(patient);
    const auto first = bench.submit(urls_of("a.test", 40), urgent);
    bench.wait(*first);

    const auto served = std::ranges::count_if(patient, [&](const std::string& url) {
        return bench.network().attempts(url) > 0;
    });
    EXPECT_LT(served, 30) << "taking turns it would be 40";
    EXPECT_EQ(bench.wait(*other)->counts.succeeded, 200U);
}

TEST(Job, ASlowHostDoesNotStopTheOthers) {
    JobBench bench;
    bench.network().hang("http://slow.test/0");
    auto urls = urls_of("slow.test", 1);
    for (const auto& url : urls_of("fast.test", 50)) {
        urls.push_back(url);
    }

    const auto job = bench.submit(urls);
    const auto seen = bench.wait(*job, {kind::count, 50});

    EXPECT_EQ(seen->counts.succeeded, 50U);
    EXPECT_FALSE(seen->done());
}

TEST(Job, IsLongerThanItsWindow) {
    JobBench bench;

    const auto job = bench.run_to_end(urls_of("a.test", 20'000));

    EXPECT_EQ(job->counts.succeeded, 20'000U);
    EXPECT_EQ(sum(job->counts), 20'000U);
}

TEST(Job, RetriesUntilTheItemSucceeds) {
    JobBench bench;
    bench.network().answer("http://a.test/0", 503);
    bench.network().answer("http://a.test/0", 503);
    bench.network().answer("http://a.test/0", 200);

    const auto job = bench.run_to_end(urls_of("a.test", 1), without_pauses());

    EXPECT_EQ(job->counts.succeeded, 1U);
    const auto row = bench.store().find_item(job->record.id, 0);
    EXPECT_EQ(row->result->attempts_made, 3);
    EXPECT_EQ(row->result->attempts[0].status, 503);
    EXPECT_NE(row->result->attempts[0].retry.find("retried"), std::string::npos);
}

TEST(Job, GivesUpWhenTheAttemptsAreSpent) {
    JobBench bench;
    bench.network().fail("http://a.test/0", failure_code::connect_refused);

    const auto job = bench.run_to_end(urls_of("a.test", 1), without_pauses());

    EXPECT_EQ(job->counts.failed, 1U);
    EXPECT_EQ(bench.network().attempts("http://a.test/0"), 3U);
}

TEST(Job, AnItemThatWaitsForItsRetryHoldsNoSlot) {
    JobBench bench;
    bench.network().answer("http://a.test/0", 503);
    JobOptions options;
    options.concurrency = 1;
    options.fetch.retry.backoff_base = 1h;
    options.fetch.retry.backoff_max = 1h;

    const auto job = bench.submit(urls_of("a.test", 10), options);
    const auto seen = bench.wait(*job, {kind::count, 9});

    EXPECT_EQ(seen->counts.succeeded, 9U);
    EXPECT_EQ(sum(seen->counts), 10U);
}

TEST(Job, AbortEndsWhatIsInFlightAndCancelsTheRest) {
    JobBench bench;
    for (const auto& url : urls_of("a.test", 100)) {
        bench.network().hang(url);
    }
    const auto job = bench.submit(urls_of("a.test", 100));

    auto answer = job->cancel(cancel_mode::abort, state_reason::by_user);
    const auto ended = bench.wait(*job);

    EXPECT_EQ(ended->record.state, job_state::cancelled);
    EXPECT_EQ(ended->record.reason, state_reason::by_user);
    EXPECT_EQ(ended->counts.cancelled, 100U);
    EXPECT_EQ(answer.result()->cancelled, 100U);
    EXPECT_EQ(bench.network().in_flight(), 0U);
}

TEST(Job, DrainLetsWhatIsInFlightEnd) {
    JobBench bench;
    bench.network().take(30ms);
    JobOptions options;
    options.concurrency = 4;
    const auto job = bench.submit(urls_of("a.test", 100), options);
    bench.wait(*job, {kind::first_completed, 0});

    auto answer = job->cancel(cancel_mode::drain, state_reason::by_user);
    const auto ended = bench.wait(*job);

    EXPECT_EQ(ended->record.state, job_state::cancelled);
    EXPECT_EQ(ended->counts.succeeded + ended->counts.cancelled, 100U);
    EXPECT_GE(ended->counts.succeeded, 4U);
    EXPECT_EQ(answer.result()->cancelled, ended->counts.cancelled);
}

TEST(Job, DrainDoesNotWaitForRetries) {
    JobBench bench;
    bench.network().take(30ms);
    bench.network().answer("http://a.test/1", 503);
    bench.network().answer("http://a.test/2", 503);
    auto options = without_pauses();
    options.concurrency = 2;
    const auto job = bench.submit(urls_of("a.test", 3), options);
    bench.wait(*job, {kind::first_completed, 0});

    (void)job->cancel(cancel_mode::drain, state_reason::by_user);
    const auto ended = bench.wait(*job);

    EXPECT_EQ(ended->record.state, job_state::cancelled);
    EXPECT_EQ(sum(ended->counts), 3U);
}

/// A body on a disk that takes its time.
class SlowBody final : public LongBody {
public:
    explicit SlowBody(Future<void> ready) : ready_{std::move(ready)} {}
    Expected<void> append(std::string_view) override { return {}; }
    Expected<BodyRef> finish(const ResponseRecord&, const Sha256&) override {
        ready_.result();
        return BodyRef{};
    }

private:
    Future<void> ready_;
};

TEST(Job, AbortDoesNotWaitForTheDisk) {
    Promise<void> disk;
    JobBench bench;
    bench.network().spill(
        "http://a.test/1",
        std::make_unique<StoredSpill>(std::make_unique<SlowBody>(disk.get_future()))
    );
    JobOptions options;
    options.concurrency = 1;
    const auto job = bench.submit(urls_of("a.test", 3), options);
    bench.wait(*job, {kind::first_completed, 0});

    (void)job->cancel(cancel_mode::abort, state_reason::by_user);
    const auto ended = bench.wait(*job);
    disk.set_result();

    EXPECT_EQ(ended->record.state, job_state::cancelled);
    EXPECT_EQ(ended->counts.cancelled, 2U);
    EXPECT_EQ(bench.run_to_end(urls_of("a.test", 3), options)->counts.succeeded, 3U)
        << "the host's slot came back";
}

TEST(Job, CancelIsIdempotent) {
    JobBench bench;
    const auto job = bench.submit(urls_of("a.test", 3));
    bench.wait(*job);

    const auto answer =
        bench.run(await_future(job->cancel(cancel_mode::abort, state_reason::by_user)));

    EXPECT_EQ(answer->state, job_state::completed);
    EXPECT_EQ(answer->cancelled, 0U);
}

TEST(Job, StopsWhenItsErrorBudgetIsSpent) {
    JobBench bench;
    for (const auto& url : urls_of("a.test", 200)) {
        bench.network().answer(url, 404);
    }
    JobOptions options;
    options.concurrency = 1;
    options.on_error = on_error::stop_after_count;
    options.on_error_limit = 5;

    const auto job = bench.run_to_end(urls_of("a.test", 200), options);

    EXPECT_EQ(job->record.state, job_state::cancelled);
    EXPECT_EQ(job->record.reason, state_reason::error_budget);
    EXPECT_GE(job->counts.failed, 5U);
    EXPECT_EQ(sum(job->counts), 200U);
}

TEST(Job, EndsAsExpiredAtItsDeadline) {
    JobBench bench;
    bench.network().hang("http://a.test/0");
    JobOptions options;
    options.deadline = 50ms;

    const auto job = bench.run_to_end(urls_of("a.test", 1), options);

    EXPECT_EQ(job->record.state, job_state::expired);
    EXPECT_EQ(job->record.reason, state_reason::deadline);
    EXPECT_EQ(job->counts.cancelled, 1U);
}

TEST(Job, ABadUrlIsAFailedItemAmongGoodOnes) {
    JobBench bench;
    auto body = [&]() -> awaitable<JobSnapshotPtr> {
        auto upload = bench.jobs().begin({}, "default", bench.loop());
        auto items = testing::items_of(urls_of("a.test", 3));
        items[1].failure = failed(failure_code::url_invalid, "reading the host: empty");
        auto added = co_await upload->add(std::move(items));
        auto sealed = co_await upload->seal();
        auto ended =
            co_await bench.jobs().wait(upload->job()->id(), "default", {}, testing::patience);
        co_return ended.value();
    };

    const auto job = bench.run(body());

    EXPECT_EQ(job->record.state, job_state::completed);
    EXPECT_EQ(job->counts.succeeded, 2U);
    EXPECT_EQ(job->counts.failed, 1U);
}

TEST(Job, AnUploadThatIsGivenUpCancelsTheJob) {
    JobBench bench;
    bench.network().take(1ms);
    std::shared_ptr<Job> job;
    auto body = [&]() -> awaitable<int> {
        auto upload = bench.jobs().begin({}, "default", bench.loop());
        job = upload->job();
        auto added = co_await upload->add(testing::items_of(urls_of("a.test", 10)));
        co_return added ? 1 : 0;
    };

    EXPECT_EQ(bench.run(body()), 1);
    const auto ended = bench.wait(*job);

    EXPECT_EQ(ended->record.state, job_state::cancelled);
    EXPECT_EQ(ended->record.reason, state_reason::upload_aborted);
    EXPECT_EQ(sum(ended->counts), 10U);
}

TEST(JobService, ASecondTenantSeesNothing) {
    JobBench bench;
    const auto job = bench.submit(urls_of("a.test", 1));
    auto body = [&]() -> awaitable<failure_code> {
        auto found = co_await bench.jobs().find(job->id(), "someone_else");
        co_return found ? failure_code::none : found.error().code;
    };

    EXPECT_EQ(bench.run(body()), failure_code::job_not_found);
}

TEST(JobService, ErasesOnlyWhatIsDone) {
    JobBench bench;
    bench.network().hang("http://a.test/0");
    const auto running = bench.submit(urls_of("a.test", 1));
    const auto done = bench.submit(urls_of("b.test", 1));
    bench.wait(*done);
    auto erase = [&](std::string id) -> awaitable<failure_code> {
        auto erased = co_await bench.jobs().erase(id, "default");
        co_return erased ? failure_code::none : erased.error().code;
    };

    EXPECT_EQ(bench.run(erase(running->id())), failure_code::job_running);
    EXPECT_EQ(bench.run(erase(done->id())), failure_code::none);
    EXPECT_EQ(bench.run(erase(done->id())), failure_code::job_not_found);
}

TEST(JobService, RefusesNewJobsWhileDraining) {
    JobBench bench;
    bench.jobs().drain();

    const auto refused = bench.jobs().begin({}, "default", bench.loop());

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, failure_code::draining);
}

/// The host lets nobody start, or does again.
void pause_host(JobBench& bench, const std::string& host, bool paused) {
    auto change = [paused](HostOverride before) {
        before.paused = paused;
        return before;
    };
    auto body = [&]() -> awaitable<void> {
        co_await bench.jobs().change_host(host + ":80", change);
    };
    bench.run(body());
}

TEST(Job, AHostThatHoldsUpTheWindowDoesNotHoldUpTheOthers) {
    JobBench bench;
    pause_host(bench, "slow.test", true);
    auto urls = urls_of("slow.test", 12'000);
    for (const auto& url : urls_of("fast.test", 6'000)) {
        urls.push_back(url);
    }
    for (const auto& url : urls_of("slow.test", 100)) {
        urls.push_back(url + "/again");
    }
    for (const auto& url : urls_of("late.test", 50)) {
        urls.push_back(url);
    }
    const auto total = urls.size();

    const auto job = bench.submit(urls);
    const auto others = bench.wait(*job, {kind::count, 6'050});
    EXPECT_EQ(others->counts.succeeded, 6'050U);
    EXPECT_EQ(bench.network().attempts("http://slow.test/0"), 0U);

    pause_host(bench, "slow.test", false);
    const auto done = bench.wait(*job);
    EXPECT_EQ(done->counts.succeeded, total);
    EXPECT_EQ(done->record.last_seq, total) << "nothing twice";
    for (const auto& url : urls) {
        ASSERT_EQ(bench.network().attempts(url), 1U) << url;
    }
}

TEST(Job, ManyHostsThatHoldUpTheWindowLeaveRoomForTheNext) {
    JobBench bench;
    std::vector<std::string> urls;
    for (int host = 0; host < 40; ++host) {
        const auto name = "slow" + std::to_string(host) + ".test";
        pause_host(bench, name, true);
        std::ranges::copy(urls_of(name, 2'000), std::back_inserter(urls));
    }
    std::ranges::copy(urls_of("fast.test", 100), std::back_inserter(urls));

    const auto job = bench.submit(urls);
    EXPECT_EQ(bench.wait(*job, {kind::count, 100})->counts.succeeded, 100U);
    for (int host = 0; host < 40; ++host) {
        pause_host(bench, "slow" + std::to_string(host) + ".test", false);
    }
    EXPECT_EQ(bench.wait(*job)->record.last_seq, urls.size());
}

TEST(Job, AJobThatLooksAheadCanBeCancelled) {
    JobBench bench;
    pause_host(bench, "slow.test", true);
    auto urls = urls_of("slow.test", 9'000);
    urls.push_back("http://fast.test/");
    const auto job = bench.submit(urls);
    bench.wait(*job, {kind::count, 1});

    auto cancel = [&]() -> awaitable<void> {
        auto cancelled = job->cancel(cancel_mode::abort, state_reason::by_user);
        auto answer = co_await await_future(cancelled);
        EXPECT_EQ(answer->cancelled, 9'000U);
    };
    bench.run(cancel());
    EXPECT_EQ(bench.wait(*job)->counts.cancelled, 9'000U);
}

}  // namespace
}  // namespace fanfetch
