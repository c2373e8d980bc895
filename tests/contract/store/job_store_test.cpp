#include "store/job_store.hpp"

#include "store/memory/memory_job_store.hpp"
#include "store/sqlite/open.hpp"
#include "support/store_samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

// The promises of job_store.hpp, against every store.

namespace fanfetch::testing {
namespace {

struct MemoryFactory {
    std::unique_ptr<JobStore> make() { return std::make_unique<MemoryJobStore>(); }
};

struct SqliteFactory {
    std::unique_ptr<JobStore> make() {
        StoreOptions options;
        options.data_dir = directory.path() / "data";
        options.segment_size = {64U << 10U};
        options.min_free = {};
        auto store = open_sqlite_store(options);
        EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().detail);
        return store ? std::move(*store) : nullptr;
    }
    StoreDirectory directory;
};

template <class Factory>
class JobStoreContract : public ::testing::Test {
public:
    JobStoreContract() : store_owner{factory.make()}, store{*store_owner} {}

    void create(const std::string& id, std::size_t items = 0) {
        ASSERT_TRUE(store.create_job(sample_job(id)).result().has_value());
        if (items > 0) {
            ASSERT_TRUE(store.append_items(id, sample_items(0, items)).result().has_value());
        }
    }
    Commit record(const std::string& id, std::vector<ResultToRecord> results) {
        std::vector<ResultGroup> groups;
        groups.push_back({id, std::move(results)});
        return store.record(std::move(groups)).take().value().at(0);
    }

    Factory factory;
    std::unique_ptr<JobStore> store_owner;
    JobStore& store;
};

struct FactoryName {
    template <class Factory>
    static std::string GetName(int) {
        return std::is_same_v<Factory, MemoryFactory> ? "Memory" : "Sqlite";
    }
};

using Factories = ::testing::Types<MemoryFactory, SqliteFactory>;
TYPED_TEST_SUITE(JobStoreContract, Factories, FactoryName);

TYPED_TEST(JobStoreContract, FindsAJobAsItWasCreated) {
    auto job = sample_job("job_1");
    job.options.concurrency = 7;
    job.state = job_state::running;
    job.started_at = sample_time;

    ASSERT_TRUE(this->store.create_job(job).result().has_value());

    const auto found = this->store.find_job("job_1");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->options, job.options);
    EXPECT_EQ(found->tenant, "acme");
    EXPECT_EQ(found->state, job_state::running);
    EXPECT_EQ(found->created_at, sample_time);
    EXPECT_EQ(found->started_at, job.started_at);
    EXPECT_FALSE(found->finished_at);
    EXPECT_EQ(found->total, 0U);
}

TYPED_TEST(JobStoreContract, RefusesASecondJobOfTheSameId) {
    this->create("job_1", 3);

    const auto again = this->store.create_job(sample_job("job_1")).take();

    EXPECT_TRUE(again.has_error());
    EXPECT_EQ(this->store.find_job("job_1")->total, 3U);
}

TYPED_TEST(JobStoreContract, UnknownJobsAreSaidToBeMissing) {
    EXPECT_FALSE(this->store.find_job("job_0"));
    EXPECT_EQ(
        this->store.append_items("job_0", sample_items(0, 1)).take().error().code,
        failure_code::job_not_found
    );
    EXPECT_EQ(this->store.change_job("job_0", {}).take().error().code, failure_code::job_not_found);
    EXPECT_EQ(
        this->store.cancel_rest("job_0", failure_code::cancelled_by_user, {}).take().error().code,
        failure_code::job_not_found
    );
    EXPECT_EQ(this->store.erase_job("job_0").take().error().code, failure_code::job_not_found);
    EXPECT_TRUE(this->store.results_by_seq({.job_id = "job_0"}).empty());
    EXPECT_TRUE(this->store.items_by_index({.job_id = "job_0"}).empty());
    EXPECT_TRUE(this->store.unfinished_items("job_0", 0, 10, 1000).empty());
    EXPECT_FALSE(this->store.find_item("job_0", 0));
}

TYPED_TEST(JobStoreContract, AppendsWithoutAGap) {
    this->create("job_1", 300);

    const auto more = this->store.append_items("job_1", sample_items(300, 200)).take();
    const auto wrong = this->store.append_items("job_1", sample_items(501, 1)).take();

    EXPECT_EQ(more.value().total, 500U);
    EXPECT_TRUE(wrong.has_error());
    const auto items = this->store.unfinished_items("job_1", 0, 1000, 1U << 20U);
    ASSERT_EQ(items.size(), 500U);
    for (std::size_t i = 0; i < items.size(); ++i) {
        EXPECT_EQ(items[i].index, i);
        EXPECT_EQ(items[i].url, "http://origin.test/" + std::to_string(i));
    }
}

/// Items of which each stands for the request of that number.
std::vector<Item> alike_items(std::uint64_t first, const std::vector<std::uint8_t>& requests) {
    auto items = sample_items(first, requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
        items[i].digest = RequestDigest{requests[i]};
    }
    return items;
}

ResultToRecord copy_of(std::uint64_t index, std::uint64_t earlier) {
    ResultToRecord done;
    done.result.index = index;
    done.result.started_at = done.result.finished_at = sample_time + std::chrono::seconds{1};
    done.copy_of = earlier;
    return done;
}

TYPED_TEST(JobStoreContract, FindsTheFirstItemWithARequest) {
    this->create("job_1");
    this->create("job_2");

    ASSERT_TRUE(this->store.append_items("job_1", alike_items(0, {1, 2, 1})).take().has_value());
    ASSERT_TRUE(this->store.append_items("job_1", alike_items(3, {3, 2, 1})).take().has_value());
    ASSERT_TRUE(this->store.append_items("job_2", alike_items(0, {1, 1})).take().has_value());
    ASSERT_TRUE(this->store.append_items("job_2", sample_items(2, 1)).take().has_value());

    std::vector<std::optional<std::uint64_t>> same;
    for (const auto& item : this->store.unfinished_items("job_1", 0, 10, 1U << 20U)) {
        same.push_back(item.same_as);
    }
    using Same = std::vector<std::optional<std::uint64_t>>;
    EXPECT_EQ(same, (Same{std::nullopt, std::nullopt, 0, std::nullopt, 1, 0}));
    EXPECT_EQ(this->store.find_item("job_2", 1)->item.same_as, 0U);
    EXPECT_EQ(this->store.find_item("job_2", 2)->item.same_as, std::nullopt);
}

TYPED_TEST(JobStoreContract, CopiesTheResultOfAnEarlierItem) {
    this->create("job_1", 200);
    std::vector<ResultToRecord> first;
    for (std::uint64_t index = 0; index < 100; ++index) {
        first.push_back(index == 7 ? sample_failure(index) : sample_success(index));
    }
    this->record("job_1", std::move(first));

    std::vector<ResultToRecord> second;
    second.push_back(copy_of(103, 3));
    second.push_back(copy_of(107, 7));
    second.push_back(sample_success(108));
    second.push_back(copy_of(109, 108));
    second.push_back(copy_of(103, 4));
    const auto commit = this->record("job_1", std::move(second));

    EXPECT_EQ(commit.last_seq, 104U);
    EXPECT_EQ(commit.tally.succeeded, 102U);
    EXPECT_EQ(commit.tally.failed, 2U);
    const auto earlier = *this->store.find_item("job_1", 3)->result;
    const auto copy = *this->store.find_item("job_1", 103)->result;
    EXPECT_TRUE(copy.reused);
    EXPECT_EQ(copy.index, 103U);
    EXPECT_EQ(copy.body, earlier.body);
    EXPECT_EQ(copy.status, 200);
    EXPECT_EQ(copy.wire_size, 0U);
    EXPECT_EQ(copy.attempts_made, 0);
    EXPECT_TRUE(copy.attempts.empty());
    EXPECT_EQ(copy.finished_at, sample_time + std::chrono::seconds{1});
    EXPECT_EQ(this->store.read_payload(copy.body, 0, 100).value(), sample_body(3));
    EXPECT_EQ(this->store.find_item("job_1", 107)->result->code, failure_code::connect_refused);
    const auto last = *this->store.find_item("job_1", 109)->result;
    EXPECT_EQ(this->store.read_payload(last.body, 0, 100).value(), sample_body(108));
}

TYPED_TEST(JobStoreContract, ACopyOfNothingFailsItsItem) {
    this->create("job_1", 3);

    std::vector<ResultToRecord> results;
    results.push_back(copy_of(1, 0));
    results.push_back(copy_of(2, 9));
    const auto commit = this->record("job_1", std::move(results));

    EXPECT_EQ(commit.tally.failed, 2U);
    EXPECT_EQ(this->store.find_item("job_1", 1)->result->code, failure_code::internal);
}

constexpr std::chrono::minutes copy_life{10};

/// A result that other jobs may use, fetched `late` after sample_time.
ResultToRecord kept(std::uint64_t index, std::uint8_t request, std::chrono::seconds late) {
    auto done = sample_success(index);
    CopyTerms terms;
    terms.digest.fill(request);
    terms.fetched_at = terms.born_at = sample_time + late;
    terms.fresh_until = terms.born_at + copy_life;
    done.copy = terms;
    return done;
}

CopyQuery wanted_copy(std::uint8_t request, WallTime born_after = {}) {
    CopyQuery query;
    query.digest.fill(request);
    query.born_after = born_after;
    return query;
}

TYPED_TEST(JobStoreContract, FindsTheCopiesOfATenant) {
    using std::chrono::seconds;
    this->create("job_1", 100);
    std::vector<ResultToRecord> results;
    for (std::uint64_t index = 0; index < 90; ++index) {
        results.push_back(sample_success(index));
    }
    results.push_back(kept(95, 1, seconds{0}));
    results.push_back(kept(96, 2, seconds{0}));
    this->record("job_1", std::move(results));
    const auto now = sample_time + seconds{60};

    const auto found = this->store.find_copies(
        "acme", {wanted_copy(1), wanted_copy(9), wanted_copy(2), wanted_copy(2)}, now
    );

    ASSERT_EQ(found.size(), 4U);
    ASSERT_TRUE(found[0] && found[2] && found[3]);
    EXPECT_FALSE(found[1]);
    EXPECT_EQ(found[0]->result.index, 95U);
    EXPECT_EQ(found[0]->result.status, 200);
    EXPECT_TRUE(found[0]->result.attempts.empty());
    EXPECT_EQ(found[0]->terms, *kept(95, 1, seconds{0}).copy);
    EXPECT_EQ(this->store.read_payload(found[2]->result.body, 0, 100).value(), sample_body(96));
    EXPECT_FALSE(this->store.find_copies("other", {wanted_copy(1)}, now).at(0));
}

TYPED_TEST(JobStoreContract, ACopyServesWhileItIsFreshAndNotTooOld) {
    using std::chrono::milliseconds;
    this->create("job_1", 2);
    std::vector<ResultToRecord> results;
    results.push_back(kept(0, 1, std::chrono::seconds{0}));
    this->record("job_1", std::move(results));
    const auto there = [this](WallTime born_after, WallTime now) {
        return this->store.find_copies("acme", {wanted_copy(1, born_after)}, now).at(0).has_value();
    };
    const milliseconds tick{1};

    EXPECT_TRUE(there(sample_time, sample_time));
    EXPECT_FALSE(there(sample_time + tick, sample_time + tick)) << "too old";
    EXPECT_TRUE(there({}, sample_time + copy_life - tick));
    EXPECT_FALSE(there({}, sample_time + copy_life)) << "stale";
    EXPECT_FALSE(there({}, sample_time - tick)) << "from the future";
}

TYPED_TEST(JobStoreContract, TheCopyThatWasFetchedLastIsKnownAndGoesWithItsJob) {
    using std::chrono::seconds;
    this->create("job_1", 2);
    this->create("job_2", 2);
    std::vector<ResultToRecord> newer;
    newer.push_back(kept(1, 1, seconds{5}));
    newer.push_back(kept(0, 2, seconds{5}));
    std::vector<ResultToRecord> others;
    others.push_back(kept(0, 1, seconds{4}));
    others.push_back(kept(1, 2, seconds{5}));  // the same response, once more
    this->record("job_1", std::move(newer));
    this->record("job_2", std::move(others));
    const auto find = [this](std::uint8_t request) {
        const auto now = sample_time + seconds{60};
        auto found = this->store.find_copies("acme", {wanted_copy(request)}, now);
        return std::move(found.at(0));
    };

    EXPECT_EQ(find(1)->result.index, 1U) << "of the first job, which was fetched later";
    EXPECT_EQ(find(2)->result.index, 1U) << "of the second, which stays longer";
    ASSERT_TRUE(this->store.erase_job("job_1").take().has_value());
    EXPECT_FALSE(find(1));
    ASSERT_TRUE(find(2));
    EXPECT_EQ(this->store.read_payload(find(2)->result.body, 0, 100).value(), sample_body(1));
}

TYPED_TEST(JobStoreContract, AResultThatIsDroppedIsNoCopy) {
    this->create("job_1", 1);
    std::vector<ResultToRecord> first;
    first.push_back(sample_success(0));
    this->record("job_1", std::move(first));
    std::vector<ResultToRecord> second;
    second.push_back(kept(0, 1, std::chrono::seconds{0}));

    this->record("job_1", std::move(second));

    EXPECT_FALSE(this->store.find_copies("acme", {wanted_copy(1)}, sample_time).at(0));
}

TYPED_TEST(JobStoreContract, KeepsExtrasOfItems) {
    this->create("job_1");
    auto items = sample_items(0, 2);
    items[1].extras = R"({"id":"x","method":"POST"})";

    ASSERT_TRUE(this->store.append_items("job_1", items).result().has_value());

    EXPECT_EQ(this->store.find_item("job_1", 0)->item.extras, "");
    EXPECT_EQ(this->store.find_item("job_1", 1)->item.extras, items[1].extras);
}

TYPED_TEST(JobStoreContract, ASealedOrDoneJobTakesNoItems) {
    this->create("job_1");
    this->create("job_2");
    ASSERT_TRUE(this->store.change_job("job_1", {.sealed = true}).result().has_value());
    ASSERT_TRUE(
        this->store.change_job("job_2", {.state = job_state::cancelled}).result().has_value()
    );

    const auto sealed = this->store.append_items("job_1", sample_items(0, 1)).take();
    const auto done = this->store.append_items("job_2", sample_items(0, 1)).take();

    EXPECT_EQ(sealed.error().code, failure_code::job_sealed);
    EXPECT_EQ(done.error().code, failure_code::job_done);
}

TYPED_TEST(JobStoreContract, AnItemThatCannotBeFetchedHasItsResultAtOnce) {
    this->create("job_1");
    auto items = sample_items(0, 3);
    items[1].url = "not a url";
    items[1].failure = failed(failure_code::url_invalid, "reading the URL: no scheme");

    const auto commit = this->store.append_items("job_1", items).take().value();

    EXPECT_EQ(commit.total, 3U);
    EXPECT_EQ(commit.last_seq, 1U);
    EXPECT_EQ(commit.tally.failed, 1U);
    const auto row = this->store.find_item("job_1", 1);
    ASSERT_TRUE(row && row->result);
    EXPECT_EQ(row->result->code, failure_code::url_invalid);
    EXPECT_EQ(row->result->detail, "reading the URL: no scheme");
    EXPECT_EQ(this->store.unfinished_items("job_1", 0, 10, 1U << 20U).size(), 2U);
    EXPECT_EQ(fault_of(this->store, "job_1"), "");
}

TYPED_TEST(JobStoreContract, RecordsResultsInCompletionOrder) {
    this->create("job_1", 4);

    const auto first = this->record("job_1", {});
    std::vector<ResultToRecord> some;
    some.push_back(sample_success(2));
    some.push_back(sample_failure(0));
    const auto second = this->record("job_1", std::move(some));

    EXPECT_EQ(first.last_seq, 0U);
    EXPECT_EQ(second.last_seq, 2U);
    EXPECT_EQ(second.tally.succeeded, 1U);
    EXPECT_EQ(second.tally.failed, 1U);
    const auto results = all_results(this->store, "job_1");
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[0].index, 2U);
    EXPECT_EQ(results[1].index, 0U);
    EXPECT_EQ(fault_of(this->store, "job_1"), "");
}

TYPED_TEST(JobStoreContract, GivesBackEveryMemberOfAResult) {
    this->create("job_1", 1);
    auto done = sample_success(0);
    auto& result = done.result;
    result.reused = true;
    result.final_url = "https://origin.test/moved";
    result.wire_size = 17;
    result.sha256.emplace().fill(0xAB);
    result.timing.total = std::chrono::microseconds{1234};
    result.attempts[0].redirects = {{301, "https://origin.test/moved"}};
    result.attempts[0].tls = {"TLSv1.3", "TLS_AES_128_GCM_SHA256", true, "ok"};
    auto expected = result;
    expected.seq = 1;

    std::vector<ResultToRecord> results;
    results.push_back(std::move(done));
    this->record("job_1", std::move(results));

    auto found = this->store.find_item("job_1", 0).value().result.value();
    EXPECT_NE(found.body.segment, 0U);
    expected.body = found.body;
    EXPECT_EQ(found, expected);
}

TYPED_TEST(JobStoreContract, TheFirstOutcomeStands) {
    this->create("job_1", 2);
    std::vector<ResultToRecord> first;
    first.push_back(sample_success(0));
    this->record("job_1", std::move(first));

    std::vector<ResultToRecord> again;
    again.push_back(sample_failure(0));
    again.push_back(sample_success(1));
    again.push_back(sample_success(1));
    const auto commit = this->record("job_1", std::move(again));

    EXPECT_EQ(commit.last_seq, 2U);
    EXPECT_EQ(commit.tally.succeeded, 2U);
    EXPECT_EQ(commit.tally.failed, 0U);
    EXPECT_EQ(fault_of(this->store, "job_1"), "");
}

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

TYPED_TEST(JobStoreContract, ResultsOfAJobThatIsGoneAreDropped) {
    this->create("job_1", 1);
    std::vector<ResultGroup> groups(2);
    groups[0].job_id = "job_0";
    groups[0].results.push_back(sample_success(0));
    groups[1].job_id = "job_1";
    groups[1].results.push_back(sample_success(0));

    const auto commits = this->store.record(std::move(groups)).take().value();

    ASSERT_EQ(commits.size(), 2U);
    EXPECT_EQ(commits[0].total, 0U);
    EXPECT_EQ(commits[1].last_seq, 1U);
}

TYPED_TEST(JobStoreContract, ReadsBodiesInParts) {
    this->create("job_1", 3);
    std::vector<ResultToRecord> results;
    results.push_back(sample_success(0));
    results[0].response->payload = std::string(300'000, 'a') + "end";
    results.push_back(sample_success(1));
    results[1].response->store_payload = false;
    results.push_back(sample_failure(2));
    this->record("job_1", std::move(results));
    const auto body = [&](std::uint64_t index) {
        return this->store.find_item("job_1", index)->result->body;
    };

    EXPECT_EQ(this->store.read_payload(body(0), 299'999, 100).value(), "aend");
    EXPECT_EQ(this->store.read_payload(body(0), 400'000, 100).value(), "");
    EXPECT_EQ(
        this->store.read_head(body(0)).value(), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
    );
    EXPECT_EQ(
        this->store.read_payload(body(1), 0, 100).error().code, failure_code::body_not_stored
    );
    EXPECT_TRUE(this->store.read_head(body(1)).has_value());
    EXPECT_EQ(
        this->store.read_payload(body(2), 0, 100).error().code, failure_code::body_not_stored
    );
}

TYPED_TEST(JobStoreContract, WhatWasExtractedIsKeptBesideTheBody) {
    this->create("job_1", 3);
    std::vector<ResultToRecord> results;
    for (const std::uint64_t index : {0U, 1U, 2U}) {
        results.push_back(sample_success(index));
    }
    results[0].extract = R"({"title":"t"})";
    results[1].extract = std::string(200'000, 'x');
    results[1].response->store_payload = false;
    this->record("job_1", std::move(results));
    const auto row = [&](std::uint64_t index) {
        return *this->store.find_item("job_1", index)->result;
    };

    EXPECT_EQ(this->store.read_payload(row(0).extract, 0, 100).value(), R"({"title":"t"})");
    EXPECT_EQ(this->store.read_payload(row(0).body, 0, 100).value(), sample_body(0));
    EXPECT_EQ(this->store.read_payload(row(1).extract, 0, 1U << 20U)->size(), 200'000U);
    EXPECT_EQ(row(2).extract.segment, 0U);
    EXPECT_EQ(this->store.read_payload(row(2).body, 0, 100).value(), sample_body(2));
}

TYPED_TEST(JobStoreContract, ALongBodyIsSeenOnceItIsRecorded) {
    this->create("job_1", 1);
    auto long_body = this->store.begin_long_body();
    ASSERT_TRUE(long_body.has_value());
    std::string payload;
    for (int i = 0; i < 50; ++i) {
        const std::string part(50'000, static_cast<char>('a' + i % 26));
        ASSERT_TRUE((*long_body)->append(part).has_value());
        payload += part;
    }
    auto done = sample_success(0);
    const auto body = (*long_body)->finish(*done.response, Sha256{});
    ASSERT_TRUE(body.has_value());
    long_body->reset();
    done.response.reset();
    done.result.body = *body;

    std::vector<ResultToRecord> results;
    results.push_back(std::move(done));
    this->record("job_1", std::move(results));

    const auto found = this->store.find_item("job_1", 0)->result->body;
    EXPECT_EQ(this->store.read_payload(found, 0, payload.size() + 1).value(), payload);
    EXPECT_EQ(
        this->store.read_head(found).value(), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
    );
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

TYPED_TEST(JobStoreContract, UnfinishedItemsComeInWindows) {
    this->create("job_1", 1000);
    std::vector<ResultToRecord> results;
    for (std::uint64_t index = 0; index < 1000; ++index) {
        if (index % 3 != 0) {
            results.push_back(sample_failure(index));
        }
    }
    this->record("job_1", std::move(results));

    std::vector<std::uint64_t> seen;
    std::uint64_t from = 0;
    while (true) {
        const auto window = this->store.unfinished_items("job_1", from, 37, 1U << 20U);
        if (window.empty()) {
            break;
        }
        EXPECT_LE(window.size(), 37U);
        for (const auto& item : window) {
            seen.push_back(item.index);
        }
        from = seen.back() + 1;
    }

    ASSERT_EQ(seen.size(), 334U);
    for (std::size_t i = 0; i < seen.size(); ++i) {
        EXPECT_EQ(seen[i], 3 * i);
    }
    EXPECT_EQ(this->store.unfinished_items("job_1", 0, 100, 1).size(), 1U) << "bytes bound it too";
}

TYPED_TEST(JobStoreContract, PagesStayStableWhileTheJobGrows) {
    this->create("job_1", 100);
    std::vector<ResultToRecord> some;
    for (std::uint64_t index = 0; index < 60; ++index) {
        some.push_back(sample_failure(99 - index));
    }
    this->record("job_1", std::move(some));
    const auto before = this->store.results_by_seq({.job_id = "job_1", .after = 20, .limit = 10});

    std::vector<ResultToRecord> more;
    more.push_back(sample_failure(0));
    this->record("job_1", std::move(more));
    const auto after = this->store.results_by_seq({.job_id = "job_1", .after = 20, .limit = 10});
    const auto by_index = this->store.items_by_index({.job_id = "job_1", .after = 38, .limit = 4});

    ASSERT_EQ(before.size(), 10U);
    ASSERT_EQ(after.size(), 10U);
    for (std::size_t i = 0; i < 10; ++i) {
        EXPECT_EQ(before[i].result, after[i].result);
        EXPECT_EQ(before[i].result->seq, 21 + i);
        EXPECT_EQ(before[i].item.index, before[i].result->index);
    }
    ASSERT_EQ(by_index.size(), 4U);
    EXPECT_EQ(by_index[0].item.index, 38U);
    EXPECT_FALSE(by_index[0].result || by_index[1].result);
    EXPECT_EQ(by_index[2].result->seq, 60U);
}

TYPED_TEST(JobStoreContract, AttemptsComeWhenAskedFor) {
    this->create("job_1", 1);
    std::vector<ResultToRecord> results;
    results.push_back(sample_success(0));
    this->record("job_1", std::move(results));

    const auto without = this->store.results_by_seq({.job_id = "job_1"});
    const auto with = this->store.items_by_index({.job_id = "job_1", .with_attempts = true});

    EXPECT_TRUE(without.at(0).result->attempts.empty());
    EXPECT_EQ(with.at(0).result->attempts.size(), 1U);
    EXPECT_EQ(without.at(0).result->attempts_made, 1U);
}

TYPED_TEST(JobStoreContract, ChangesOnlyWhatIsGiven) {
    this->create("job_1");
    JobOptions options;
    options.concurrency = 99;

    ASSERT_TRUE(this->store
                    .change_job("job_1", {.state = job_state::running, .started_at = sample_time})
                    .result()
                    .has_value());
    ASSERT_TRUE(this->store.change_job("job_1", {.options = options}).result().has_value());

    const auto job = this->store.find_job("job_1").value();
    EXPECT_EQ(job.state, job_state::running);
    EXPECT_EQ(job.started_at, sample_time);
    EXPECT_EQ(job.options, options);
    EXPECT_FALSE(job.sealed);
}

TYPED_TEST(JobStoreContract, ListsTheNewestFirstAndFilters) {
    for (const char* id : {"job_1", "job_2", "job_3", "job_4"}) {
        this->create(id);
    }
    auto other = sample_job("job_5");
    other.tenant = "umbrella";
    ASSERT_TRUE(this->store.create_job(other).result().has_value());
    ASSERT_TRUE(
        this->store.change_job("job_3", {.state = job_state::completed}).result().has_value()
    );
    const auto ids = [&](const JobQuery& query) {
        std::string text;
        for (const auto& job : this->store.list_jobs(query)) {
            text += job.id.back();
        }
        return text;
    };

    EXPECT_EQ(ids({.tenant = "acme"}), "4321");
    EXPECT_EQ(ids({.tenant = "acme", .limit = 2}), "43");
    EXPECT_EQ(ids({.tenant = "acme", .before_id = "job_3"}), "21");
    EXPECT_EQ(ids({.tenant = "acme", .state = job_state::completed}), "3");
    EXPECT_EQ(ids({.tenant = "acme", .tag = "flags"}), "4321");
    EXPECT_EQ(ids({.tenant = "acme", .tag = "none"}), "");
    EXPECT_EQ(ids({.tenant = "acme", .created_after = sample_time}), "");
    std::string unfinished;
    for (const auto& job : this->store.unfinished_jobs()) {
        unfinished += job.id.back();
    }
    EXPECT_EQ(unfinished, "1245");
}

TYPED_TEST(JobStoreContract, KnowsWhoseTimeHasPassed) {
    using std::chrono::hours;
    for (const char* id : {"job_1", "job_2", "job_3"}) {
        this->create(id);
    }
    const auto end = [&](const char* id, WallTime expires) {
        const JobChange change{.state = job_state::completed, .expires_at = expires};
        ASSERT_TRUE(this->store.change_job(id, change).result().has_value());
    };
    end("job_1", sample_time + hours{2});
    end("job_2", sample_time + hours{1});

    EXPECT_TRUE(this->store.expired_jobs(sample_time, 10).empty());
    EXPECT_EQ(
        this->store.expired_jobs(sample_time + hours{3}, 10),
        (std::vector<std::string>{"job_2", "job_1"})
    );
    EXPECT_EQ(this->store.expired_jobs(sample_time + hours{3}, 1).size(), 1U);
}

TYPED_TEST(JobStoreContract, AnErasedJobIsGoneAndOthersAreNot) {
    this->create("job_1", 10);
    this->create("job_2", 10);
    for (const char* id : {"job_1", "job_2"}) {
        std::vector<ResultToRecord> results;
        results.push_back(sample_success(3));
        this->record(id, std::move(results));
    }

    ASSERT_TRUE(this->store.erase_job("job_1").result().has_value());

    EXPECT_FALSE(this->store.find_job("job_1"));
    EXPECT_FALSE(this->store.find_item("job_1", 3));
    EXPECT_EQ(this->store.list_jobs({.tenant = "acme"}).size(), 1U);
    EXPECT_EQ(this->store.unfinished_jobs().size(), 1U);
    EXPECT_EQ(this->store.erase_job("job_1").take().error().code, failure_code::job_not_found);
    EXPECT_EQ(fault_of(this->store, "job_2"), "");
}

TYPED_TEST(JobStoreContract, Fair06KnowsWhatEachTenantHasStored) {
    this->create("job_1", 10);
    this->create("job_2", 10);
    EXPECT_EQ(this->store.stored_bytes("acme"), 0U);
    std::vector<ResultToRecord> results;
    results.push_back(sample_success(1));
    results.push_back(sample_failure(2));
    results.push_back(copy_of(3, 1));
    this->record("job_1", std::move(results));

    const auto first = this->store.find_item("job_1", 1)->result->body.record_length;
    EXPECT_EQ(this->store.stored_bytes("acme"), first) << "what is shared counts once";
    EXPECT_EQ(this->store.stored_bytes("other"), 0U);

    results.clear();
    results.push_back(sample_success(1));
    this->record("job_1", std::move(results));
    EXPECT_EQ(this->store.stored_bytes("acme"), first) << "a second outcome is dropped";
    results.clear();
    results.push_back(sample_success(5));
    this->record("job_2", std::move(results));
    const auto second = this->store.find_item("job_2", 5)->result->body.record_length;
    EXPECT_EQ(this->store.stored_bytes("acme"), first + second);

    ASSERT_TRUE(this->store.erase_job("job_1").result().has_value());
    EXPECT_EQ(this->store.stored_bytes("acme"), second);
}

TYPED_TEST(JobStoreContract, AnswersInTheOrderOfAsking) {
    this->create("job_1", 2000);
    std::vector<int> order;  // callbacks run one after the other
    std::vector<Future<Expected<std::vector<Commit>>>> answers;

    for (int i = 0; i < 200; ++i) {
        std::vector<ResultGroup> groups(1);
        groups[0].job_id = "job_1";
        for (std::uint64_t k = 0; k < 10; ++k) {
            groups[0].results.push_back(sample_success(static_cast<std::uint64_t>(i) * 10 + k));
        }
        answers.push_back(this->store.record(std::move(groups)));
        answers.back().add_done_callback([&order, i](const auto&) { order.push_back(i); });
    }
    std::uint64_t last = 0;
    for (auto& answer : answers) {
        const auto commit = std::move(answer).take().value().at(0);
        EXPECT_GT(commit.last_seq, last);
        last = commit.last_seq;
    }
    this->store_owner.reset();  // callbacks may still be running when result() returns

    EXPECT_EQ(last, 2000U);
    EXPECT_EQ(order.size(), 200U);
    EXPECT_TRUE(std::ranges::is_sorted(order));
}

TYPED_TEST(JobStoreContract, ManyThreadsRecordAndReadAtOnce) {
    constexpr std::uint64_t items = 1200;
    this->create("job_1", items);
    std::atomic<bool> done{false};
    std::atomic<int> faults{0};

    std::jthread reader{[&] {
        std::uint64_t seen = 0;
        while (!done) {
            const auto rows =
                this->store.results_by_seq({.job_id = "job_1", .after = seen, .limit = 50});
            for (const auto& row : rows) {
                faults += row.result->seq == ++seen ? 0 : 1;
            }
        }
    }};
    {
        std::vector<std::jthread> writers;
        for (std::uint64_t w = 0; w < 3; ++w) {
            writers.emplace_back([&, w] {
                // Overlapping ranges: every item is offered by two threads.
                for (auto i = w * 400; i < w * 400 + 800; i += 8) {
                    std::vector<ResultToRecord> results;
                    for (auto k = i; k < i + 8; ++k) {
                        results.push_back(sample_success(k % items));
                    }
                    this->record("job_1", std::move(results));
                }
            });
        }
    }
    done = true;
    reader.join();

    EXPECT_EQ(faults, 0);
    EXPECT_EQ(this->store.find_job("job_1")->last_seq, items);
    EXPECT_EQ(fault_of(this->store, "job_1"), "");
}

TYPED_TEST(JobStoreContract, ANonTerminalResultIsABug) {
    this->create("job_1", 1);
    auto done = sample_success(0);
    done.result.state = item_state::running;
    std::vector<ResultGroup> groups(1);
    groups[0].job_id = "job_1";
    groups[0].results.push_back(std::move(done));

    EXPECT_THROW((void)this->store.record(std::move(groups)), std::logic_error);
    EXPECT_TRUE(this->store.writable().has_value());
}

TYPED_TEST(JobStoreContract, RemembersHostsAndForgetsBlankOnes) {
    HostRecord busy;
    busy.key = "busy.test:443";
    busy.blocked_until = sample_time;
    busy.back_off_level = 3;
    busy.adaptive_limit = 5;
    HostRecord set;
    set.key = "[2001:db8::1]:80";
    set.max_concurrency = 2;
    set.max_rate = 0.5;
    set.paused = true;
    set.breaker_until = sample_time;
    ASSERT_TRUE(this->store.save_hosts({busy, set}).result().has_value());
    EXPECT_EQ(this->store.hosts(), (std::vector{set, busy}));

    busy.back_off_level = 4;
    HostRecord blank;
    blank.key = set.key;
    ASSERT_TRUE(this->store.save_hosts({busy, blank}).result().has_value());
    EXPECT_EQ(this->store.hosts(), (std::vector{busy}));
}

TYPED_TEST(JobStoreContract, ScansForTheItemsThatAreWanted) {
    this->create("job_1", 300);
    this->record("job_1", {sample_success(7)});
    ItemScan scan;
    scan.job_id = "job_1";
    scan.choose = [](const Item& item) {
        const bool wanted = item.index % 7 == 0;
        return wanted ? item_choice::take : item_choice::pass;
    };
    scan.limit = 3;
    const auto first = this->store.scan_unfinished(scan);
    ASSERT_EQ(first.items.size(), 3U);
    EXPECT_EQ(first.items[0].index, 0U);
    EXPECT_EQ(first.items[1].index, 14U) << "the seventh has a result";
    EXPECT_EQ(first.next, 22U) << "it goes on behind the last one found";

    scan.from = first.next;
    scan.most_looked_at = 10;
    const auto bounded = this->store.scan_unfinished(scan);
    EXPECT_EQ(bounded.items.size(), 1U);
    EXPECT_EQ(bounded.next, 32U);

    scan.from = 290;
    scan.end = 295;
    scan.limit = 100;
    const auto last = this->store.scan_unfinished(scan);
    EXPECT_EQ(last.items.size(), 1U);
    EXPECT_EQ(last.next, 295U);
    scan.end = 1000;
    EXPECT_EQ(this->store.scan_unfinished(scan).next, 300U) << "there are no more";

    scan.choose = [](const Item& item) {
        return item.index < 293 ? item_choice::take : item_choice::stop;
    };
    const auto stopped = this->store.scan_unfinished(scan);
    EXPECT_EQ(stopped.items.size(), 3U);
    EXPECT_EQ(stopped.next, 293U) << "where it was stopped it goes on";
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

TYPED_TEST(JobStoreContract, NumbersItemsThatAreAppendedWithoutANumber) {
    this->create("job_1", 70);
    auto items = sample_items(0, 3);
    for (auto& item : items) {
        item.index = Item::unnumbered;
    }
    items[2].failure = failed(failure_code::url_invalid, "reading the URL: no scheme");

    const auto commit = this->store.append_items("job_1", items).take().value();

    EXPECT_EQ(commit.total, 73U);
    EXPECT_EQ(this->store.find_item("job_1", 70)->item.url, "http://origin.test/0");
    EXPECT_EQ(this->store.find_item("job_1", 72)->result->code, failure_code::url_invalid);
    EXPECT_EQ(fault_of(this->store, "job_1"), "");
}

TYPED_TEST(JobStoreContract, AJobThatIsLeftOpenIsTold) {
    this->create("job_1", 1);

    ASSERT_TRUE(this->store.change_job("job_1", {.open = true}).result().has_value());

    EXPECT_TRUE(this->store.find_job("job_1")->open);
    EXPECT_FALSE(this->store.find_job("job_1")->sealed);
    EXPECT_TRUE(this->store.append_items("job_1", sample_items(1, 1)).result().has_value());
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

TYPED_TEST(JobStoreContract, RemembersKeysOfRequestsUntilTheyAreOld) {
    this->create("job_1");
    RequestKey key{"acme", "k-1", {}, "job_1", {}, sample_time};
    key.digest.fill(0x5A);
    JobChange change;
    change.sealed = true;
    change.key = key;

    ASSERT_TRUE(this->store.change_job("job_1", change).result().has_value());
    EXPECT_EQ(this->store.find_key("acme", "k-1"), std::optional{key});
    EXPECT_FALSE(this->store.find_key("other", "k-1"));

    key.answer = std::string{"202\n{}\0", 7};
    ASSERT_TRUE(this->store.save_key(key).result().has_value());
    EXPECT_EQ(this->store.find_key("acme", "k-1"), std::optional{key});

    EXPECT_EQ(this->store.forget_keys(sample_time).take().value(), 0U);
    const auto later = sample_time + std::chrono::milliseconds{1};
    EXPECT_EQ(this->store.forget_keys(later).take().value(), 1U);
    EXPECT_FALSE(this->store.find_key("acme", "k-1"));
}

}  // namespace
}  // namespace fanfetch::testing
