#include "job_store_contract.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

// Jobs: created, changed, listed, erased; hosts and keys.

namespace fanfetch::testing {
namespace {

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

TYPED_TEST(JobStoreContract, AJobThatIsLeftOpenIsTold) {
    this->create("job_1", 1);

    ASSERT_TRUE(this->store.change_job("job_1", {.open = true}).result().has_value());

    EXPECT_TRUE(this->store.find_job("job_1")->open);
    EXPECT_FALSE(this->store.find_job("job_1")->sealed);
    EXPECT_TRUE(this->store.append_items("job_1", sample_items(1, 1)).result().has_value());
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

TYPED_TEST(JobStoreContract, AKeyComesWithWhatItsRequestAppendedOrNotAtAll) {
    this->create("job_1", 1);
    RequestKey key{"acme", "k-1", {}, "job_1", {}, sample_time};
    key.digest.fill(0x5A);

    const auto wrong = this->store.append_items("job_1", sample_items(7, 1), key).take();
    EXPECT_EQ(wrong.error().code, failure_code::internal);
    EXPECT_FALSE(this->store.find_key("acme", "k-1"));

    ASSERT_TRUE(this->store.append_items("job_1", sample_items(1, 2), key).take().has_value());
    EXPECT_EQ(this->store.find_key("acme", "k-1"), std::optional{key});
    EXPECT_EQ(this->store.find_job("job_1")->total, 3U);

    key.key = "k-2";
    ASSERT_TRUE(this->store.append_items("job_1", {}, key).take().has_value());
    EXPECT_EQ(this->store.find_key("acme", "k-2"), std::optional{key});
    EXPECT_EQ(this->store.find_job("job_1")->total, 3U);
}

}  // namespace
}  // namespace fanfetch::testing
