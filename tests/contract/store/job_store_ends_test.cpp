#include "job_store_contract.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

// How a job ends, and how it runs again.

namespace fanfetch::testing {
namespace {

/// The last result of a sealed job of one item, with what completes it.
std::vector<ResultGroup> last_result(const std::string& id) {
    std::vector<ResultGroup> groups(1);
    groups[0].job_id = id;
    groups[0].results.push_back(sample_success(0));
    groups[0].completion = Completion{sample_time, std::chrono::hours{1}};
    return groups;
}

TYPED_TEST(JobStoreContract, TheLastResultCompletesASealedJob) {
    this->create("job_1", 1);
    ASSERT_TRUE(this->store.change_job("job_1", {.sealed = true}).result().has_value());

    const auto commits = this->store.record(last_result("job_1")).take().value();

    EXPECT_EQ(commits.at(0).completed_at, sample_time);
    const auto job = this->store.find_job("job_1");
    EXPECT_EQ(job->state, job_state::completed);
    EXPECT_EQ(job->finished_at, sample_time);
    EXPECT_EQ(job->expires_at, sample_time + std::chrono::hours{1});
    EXPECT_TRUE(this->store.unfinished_jobs().empty());
}

TYPED_TEST(JobStoreContract, AJobIsNotCompletedBeforeItIsSealedOrWhenItIsStopped) {
    this->create("job_1", 1);
    this->create("job_2", 1);
    this->create("job_3", 2);
    const JobChange stop{.state = job_state::cancelling, .sealed = true};
    ASSERT_TRUE(this->store.change_job("job_2", stop).result().has_value());
    ASSERT_TRUE(this->store.change_job("job_3", {.sealed = true}).result().has_value());

    for (const char* id : {"job_1", "job_2", "job_3"}) {
        const auto commits = this->store.record(last_result(id)).take().value();
        EXPECT_FALSE(commits.at(0).completed_at) << id;
        EXPECT_FALSE(is_done(this->store.find_job(id)->state)) << id;
    }
}

TYPED_TEST(JobStoreContract, AJobThatIsDoneStaysAsItEnded) {
    this->create("job_1", 1);
    ASSERT_TRUE(this->store.change_job("job_1", {.sealed = true}).result().has_value());
    (void)this->store.record(last_result("job_1")).result();
    const auto later = sample_time + std::chrono::minutes{5};
    const JobChange too_late{
        .state = job_state::cancelled,
        .reason = state_reason::by_user,
        .started_at = sample_time,
        .finished_at = later};

    ASSERT_TRUE(this->store.change_job("job_1", too_late).result().has_value());
    const auto commit =
        this->store.cancel_rest("job_1", failure_code::cancelled_by_user, too_late).take().value();

    EXPECT_EQ(commit.completed_at, sample_time);
    EXPECT_EQ(commit.tally.cancelled, 0U);
    const auto job = this->store.find_job("job_1");
    EXPECT_EQ(job->state, job_state::completed);
    EXPECT_EQ(job->reason, state_reason::none);
    EXPECT_EQ(job->started_at, sample_time) << "what is not its end is written";
    EXPECT_EQ(job->finished_at, sample_time);
}

TYPED_TEST(JobStoreContract, CancelsWhatIsLeftAndThenChangesTheJob) {
    constexpr std::size_t many = 10'000;
    this->create("job_1", many);
    std::vector<ResultToRecord> results;
    for (const std::uint64_t index : {0U, 1U, 4096U, 9999U}) {
        results.push_back(sample_success(index));
    }
    this->record("job_1", std::move(results));

    const auto commit = this->store
                            .cancel_rest(
                                "job_1", failure_code::cancelled_deadline,
                                {.state = job_state::expired, .reason = state_reason::deadline}
                            )
                            .take()
                            .value();

    EXPECT_EQ(commit.tally.cancelled, many - 4);
    EXPECT_EQ(commit.last_seq, many);
    EXPECT_EQ(commit.tally.terminal(), commit.total);
    EXPECT_EQ(this->store.find_job("job_1")->state, job_state::expired);
    EXPECT_EQ(this->store.find_item("job_1", 2)->result->code, failure_code::cancelled_deadline);
    EXPECT_TRUE(this->store.unfinished_items("job_1", 0, 1, 1U << 20U).empty());
}

JobChange running_again() {
    JobChange change;
    change.state = job_state::running;
    change.reason = state_reason::none;
    return change;
}

/// Completes a job whose items with an odd index failed.
template <class Test>
void complete_half(Test& test, const std::string& id, std::size_t items) {
    test.create(id, items);
    std::vector<ResultToRecord> results;
    for (std::size_t index = 0; index < items; ++index) {
        results.push_back(index % 2 == 0 ? sample_success(index) : sample_failure(index));
    }
    test.record(id, std::move(results));
    JobChange end;
    end.state = job_state::completed;
    end.sealed = true;
    end.finished_at = sample_time;
    end.expires_at = sample_time + std::chrono::hours{1};
    ASSERT_TRUE(test.store.change_job(id, end).result().has_value());
}

TYPED_TEST(JobStoreContract, RunsWhatFailedAgainInPlace) {
    complete_half(*this, "job_1", 10);
    RerunSelection failed_ones;
    failed_ones.states = {item_state::failed};

    const auto left = this->store.rerun("job_1", failed_ones, running_again()).take();

    EXPECT_EQ(left.value(), 5U);
    const auto job = this->store.find_job("job_1");
    EXPECT_EQ(job->state, job_state::running);
    EXPECT_EQ(job->run, 2U);
    EXPECT_FALSE(job->rerunning);
    EXPECT_FALSE(job->finished_at);
    EXPECT_FALSE(job->expires_at);
    EXPECT_EQ(job->tally.failed, 0U);
    EXPECT_TRUE(job->tally.failures.empty());
    EXPECT_EQ(job->tally.succeeded, 5U);
    EXPECT_EQ(job->last_seq, 10U);
    EXPECT_EQ(this->store.unfinished_jobs().size(), 1U);
    const auto items = this->store.unfinished_items("job_1", 0, 100, 1U << 20U);
    ASSERT_EQ(items.size(), 5U);
    EXPECT_EQ(items[0].index, 1U);
    EXPECT_EQ(all_results(this->store, "job_1").size(), 5U);
    EXPECT_FALSE(this->store.find_item("job_1", 1)->result);
    EXPECT_EQ(fault_of(this->store, "job_1"), "");

    std::vector<ResultToRecord> results;
    for (const std::uint64_t index : {9U, 7U, 5U, 3U, 1U}) {
        results.push_back(sample_success(index));
    }
    std::vector<ResultGroup> groups;
    groups.push_back({"job_1", std::move(results), Completion{sample_time, {}}});
    const auto commit = this->store.record(std::move(groups)).take().value().at(0);

    EXPECT_EQ(commit.tally.succeeded, 10U);
    EXPECT_EQ(commit.last_seq, 15U);
    EXPECT_TRUE(commit.completed_at);
    const auto again = this->store.find_item("job_1", 9)->result.value();
    EXPECT_EQ(again.seq, 11U);
    EXPECT_EQ(again.state, item_state::succeeded);
    EXPECT_EQ(again.attempts_made, 4U) << "three of the first run and one of the second";
    EXPECT_EQ(fault_of(this->store, "job_1"), "");
}

TYPED_TEST(JobStoreContract, AnItemKeepsTheAttemptsOfAllItsRuns) {
    this->create("job_1", 1);
    std::vector<ResultToRecord> first;
    first.push_back(sample_success(0));
    first[0].result.attempts[0].remote_address = "192.0.2.9:80";
    this->record("job_1", std::move(first));
    ASSERT_TRUE(
        this->store.change_job("job_1", {.state = job_state::completed}).result().has_value()
    );
    ASSERT_EQ(this->store.rerun("job_1", RerunSelection{}, running_again()).take().value(), 1U);

    std::vector<ResultToRecord> second;
    second.push_back(sample_success(0));
    this->record("job_1", std::move(second));

    const auto result = this->store.find_item("job_1", 0)->result.value();
    ASSERT_EQ(result.attempts.size(), 2U);
    EXPECT_EQ(result.attempts[0].remote_address, "192.0.2.9:80");
    EXPECT_EQ(result.attempts[1].remote_address, "192.0.2.1:80");
}

TYPED_TEST(JobStoreContract, NothingToRunAgainChangesNothing) {
    complete_half(*this, "job_1", 4);
    RerunSelection none;
    none.codes = {"dns.*"};

    const auto left = this->store.rerun("job_1", none, running_again()).take();

    EXPECT_EQ(left.value(), 0U);
    const auto job = this->store.find_job("job_1");
    EXPECT_EQ(job->state, job_state::completed);
    EXPECT_EQ(job->run, 1U);
    EXPECT_TRUE(job->finished_at);
}

TYPED_TEST(JobStoreContract, OnlyADoneJobIsRunAgain) {
    this->create("job_1", 1);

    const auto running = this->store.rerun("job_1", RerunSelection{}, running_again()).take();
    const auto missing = this->store.rerun("job_0", RerunSelection{}, running_again()).take();

    EXPECT_EQ(running.error().code, failure_code::job_running);
    EXPECT_EQ(missing.error().code, failure_code::job_not_found);
    EXPECT_EQ(this->store.rerun("job_1", std::nullopt, {}).take().value(), 0U);
}

TYPED_TEST(JobStoreContract, RunsAgainByIndexInAJobOfManyGroups) {
    complete_half(*this, "job_1", 9000);
    RerunSelection some;
    some.indexes = {0, 17, 4097, 8999, 12'000};

    ASSERT_EQ(this->store.rerun("job_1", some, running_again()).take().value(), 4U);

    const auto items = this->store.unfinished_items("job_1", 0, 100, 1U << 20U);
    ASSERT_EQ(items.size(), 4U);
    EXPECT_EQ(items[2].index, 4097U);
    EXPECT_EQ(fault_of(this->store, "job_1"), "");
    ASSERT_TRUE(
        this->store
            .cancel_rest("job_1", failure_code::cancelled_by_user, {.state = job_state::cancelled})
            .result()
            .has_value()
    );
    ASSERT_EQ(this->store.rerun("job_1", RerunSelection{}, running_again()).take().value(), 9000U);
    EXPECT_EQ(this->store.find_job("job_1")->run, 3U);
    EXPECT_EQ(fault_of(this->store, "job_1"), "");
}

TYPED_TEST(JobStoreContract, ADoneJobMayBeKeptLonger) {
    complete_half(*this, "job_1", 2);
    JobChange change;
    change.expires_at = sample_time + std::chrono::hours{9};

    ASSERT_TRUE(this->store.change_job("job_1", change).result().has_value());

    const auto job = this->store.find_job("job_1");
    EXPECT_EQ(job->expires_at, change.expires_at);
    EXPECT_EQ(job->state, job_state::completed);
}

}  // namespace
}  // namespace fanfetch::testing
