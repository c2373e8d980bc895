#include "store/webhook_store.hpp"

#include "store_factories.hpp"
#include "support/store_samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>

// The promises of webhook_store.hpp, against every store.

namespace fanfetch::testing {
namespace {

constexpr WallTime later = sample_time + std::chrono::hours{1};

EventSet events_of(std::initializer_list<webhook_event> list) {
    EventSet events;
    for (const auto event : list) {
        events.add(event);
    }
    return events;
}

CallbackRecord callback_to(
    const std::string& job, const std::string& id, EventSet events = EventSet::endings()
) {
    CallbackRecord callback;
    callback.id = id;
    callback.job_id = job;
    callback.tenant = "acme";
    callback.order.url = "http://hooks.test/" + id;
    callback.order.events = events;
    callback.order.headers = {{"X-Token", "t"}};
    callback.order.secrets = {make_webhook_secret()};
    callback.created_at = sample_time;
    return callback;
}

template <class Factory>
class WebhookStoreContract : public ::testing::Test {
protected:
    WebhookStoreContract() : store_owner{factory.make()}, store{*store_owner} {}

    void create(const std::string& id, std::size_t items, std::vector<CallbackRecord> callbacks) {
        auto job = sample_job(id);
        job.callbacks = std::move(callbacks);
        ASSERT_TRUE(store.create_job(job).result().has_value());
        ASSERT_TRUE(store.append_items(id, sample_items(0, items)).result().has_value());
    }
    void add(CallbackRecord callback) {
        ASSERT_TRUE(store.add_callback(std::move(callback)).result().has_value());
    }
    void record(const std::string& id, std::vector<ResultToRecord> results) {
        std::vector<ResultGroup> groups;
        groups.push_back({id, std::move(results)});
        ASSERT_TRUE(store.record(std::move(groups)).result().has_value());
    }
    void end(const std::string& id, job_state state = job_state::cancelled) {
        JobChange change;
        change.state = state;
        change.reason = state_reason::by_user;
        change.finished_at = sample_time;
        ASSERT_TRUE(store.change_job(id, change).result().has_value());
    }
    bool fill(std::size_t pending = 64, std::size_t results = 1024) {
        return store.fill_outbox({pending, results}).take().value();
    }
    DueFound due(WallTime now = later) {
        DueQuery query;
        query.now = now;
        query.limit = 1000;
        query.per_endpoint = 1000;
        return store.due_deliveries(query);
    }
    void settle(const std::string& id, delivery_state state, bool disable = false) {
        DeliverySettlement settled;
        settled.id = id;
        settled.attempt = {later, 200, 7, failure_code::none};
        settled.state = state;
        settled.disable_callback = disable;
        ASSERT_TRUE(store.settle_deliveries({settled}).result().has_value());
    }
    std::vector<DeliveryRecord> log(std::string job = {}) {
        DeliveryQuery query;
        query.tenant = "acme";
        query.job_id = std::move(job);
        return store.deliveries(query);
    }

    Factory factory;
    std::unique_ptr<JobStore> store_owner;
    JobStore& store;
};

TYPED_TEST_SUITE(WebhookStoreContract, Factories, FactoryName);

TYPED_TEST(WebhookStoreContract, CallbacksAreListedAsTheyWereRegistered) {
    const auto first = callback_to("job_1", "cb_b");
    this->create("job_1", 0, {first});
    this->add(callback_to("job_1", "cb_a"));
    this->create("job_2", 0, {});

    const auto listed = this->store.callbacks("job_1");

    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[0].id, "cb_b");
    EXPECT_EQ(listed[0].order, first.order);
    EXPECT_EQ(listed[0].tenant, "acme");
    EXPECT_EQ(listed[0].created_at, sample_time);
    EXPECT_EQ(listed[1].id, "cb_a");
    EXPECT_TRUE(this->store.callbacks("job_2").empty());
    EXPECT_TRUE(this->store.find_job("job_1")->options.callbacks.empty());
}

TYPED_TEST(WebhookStoreContract, ACallbackNeedsAJobOfItsTenant) {
    this->create("job_1", 0, {});
    auto theirs = callback_to("job_1", "cb_1");
    theirs.tenant = "others";

    EXPECT_EQ(this->store.add_callback(theirs).take().error().code, failure_code::job_not_found);
    EXPECT_EQ(
        this->store.add_callback(callback_to("job_0", "cb_2")).take().error().code,
        failure_code::job_not_found
    );
}

TYPED_TEST(WebhookStoreContract, AKeyComesWithTheCallbackOfItsRequestOrNotAtAll) {
    this->create("job_1", 0, {});
    const RequestKey key{"acme", "k-1", {}, "job_1", "201\n\n{}", sample_time};

    const auto nowhere = this->store.add_callback(callback_to("job_0", "cb_0"), key).take();
    EXPECT_EQ(nowhere.error().code, failure_code::job_not_found);
    EXPECT_FALSE(this->store.find_key("acme", "k-1"));

    ASSERT_TRUE(this->store.add_callback(callback_to("job_1", "cb_1"), key).take().has_value());
    EXPECT_EQ(this->store.find_key("acme", "k-1"), std::optional{key});
}

TYPED_TEST(WebhookStoreContract, AJobHasSoManyCallbacksAndNoMore) {
    this->create("job_1", 0, {});
    for (std::size_t i = 0; i < most_callbacks; ++i) {
        this->add(callback_to("job_1", "cb_" + std::to_string(i)));
    }

    const auto one_more = this->store.add_callback(callback_to("job_1", "cb_more")).take();

    EXPECT_EQ(one_more.error().code, failure_code::callback_limit);
}

TYPED_TEST(WebhookStoreContract, EveryWayToEndIsToldInTheOrderOfRegistration) {
    this->create("job_1", 1, {callback_to("job_1", "cb_z"), callback_to("job_1", "cb_a")});
    this->create("job_2", 2, {callback_to("job_2", "cb_2")});
    this->create("job_3", 0, {callback_to("job_3", "cb_3")});

    JobChange seal;
    seal.sealed = true;
    ASSERT_TRUE(this->store.change_job("job_1", seal).result().has_value());
    std::vector<ResultGroup> last(1);
    last[0].job_id = "job_1";
    last[0].results.push_back(sample_success(0));
    last[0].completion = Completion{sample_time, std::chrono::hours{1}};
    ASSERT_TRUE(this->store.record(std::move(last)).result().has_value());
    JobChange cancelled;
    cancelled.state = job_state::cancelled;
    cancelled.finished_at = sample_time;
    ASSERT_TRUE(this->store.cancel_rest("job_2", failure_code::cancelled_by_user, cancelled)
                    .result()
                    .has_value());
    this->end("job_3", job_state::expired);

    const auto found = this->due();
    ASSERT_EQ(found.due.size(), 4U);
    EXPECT_EQ(found.due[0].record.callback_id, "cb_z");
    EXPECT_EQ(found.due[1].record.callback_id, "cb_a");
    EXPECT_EQ(found.due[0].record.event, webhook_event::job_completed);
    EXPECT_EQ(found.due[0].endpoint, "http://hooks.test:80");
    EXPECT_EQ(found.due[0].order.url, "http://hooks.test/cb_z");
    EXPECT_EQ(found.due[2].record.event, webhook_event::job_cancelled);
    EXPECT_NE(found.due[2].payload.find(R"("cancelled":2)"), std::string::npos);
    EXPECT_EQ(found.due[3].record.event, webhook_event::job_expired);
}

TYPED_TEST(WebhookStoreContract, AnEndIsToldOnce) {
    this->create("job_1", 0, {callback_to("job_1", "cb_1")});
    this->end("job_1");

    this->end("job_1", job_state::expired);

    EXPECT_EQ(this->due().due.size(), 1U);
}

TYPED_TEST(WebhookStoreContract, AJobThatIsDoneTellsANewCallbackAtOnceAndNoOther) {
    this->create("job_1", 0, {callback_to("job_1", "cb_1")});
    this->end("job_1");

    this->add(callback_to("job_1", "cb_2"));
    this->add(callback_to("job_1", "cb_3", events_of({webhook_event::job_completed})));

    const auto found = this->due();
    ASSERT_EQ(found.due.size(), 2U);
    EXPECT_EQ(found.due[1].record.callback_id, "cb_2");
}

TYPED_TEST(WebhookStoreContract, EventsOfItemsAreMadeFromTheResultsABoundedNumberAtATime) {
    const auto wanted = events_of({webhook_event::item_succeeded});
    this->create("job_1", 200, {callback_to("job_1", "cb_1", wanted)});
    std::vector<ResultToRecord> results;
    for (std::uint64_t index = 0; index < 200; ++index) {
        results.push_back(index % 2 == 0 ? sample_success(index) : sample_failure(index));
    }
    this->record("job_1", std::move(results));
    EXPECT_TRUE(this->due().behind);

    EXPECT_FALSE(this->fill(10));
    EXPECT_EQ(this->due().due.size(), 10U);
    EXPECT_FALSE(this->fill(10)) << "no more than so many wait";
    EXPECT_EQ(this->due().due.size(), 10U);

    std::set<std::string> told;
    for (int round = 0; round < 30 && (this->due().behind || !this->due().due.empty()); ++round) {
        for (const auto& one : this->due().due) {
            told.insert(one.payload);
            this->settle(one.record.id, delivery_state::delivered);
        }
        while (this->fill(10, 7)) {
        }
    }
    EXPECT_EQ(told.size(), 100U);
    EXPECT_FALSE(this->due().behind);
}

TYPED_TEST(WebhookStoreContract, ALateCallbackHearsOfItemsThatHaveEnded) {
    this->create("job_1", 3, {});
    this->record("job_1", {});
    std::vector<ResultToRecord> results;
    results.push_back(sample_success(1));
    this->record("job_1", std::move(results));
    this->end("job_1");

    this->add(callback_to("job_1", "cb_1", events_of({webhook_event::item_succeeded})));
    EXPECT_FALSE(this->fill());

    const auto found = this->due();
    ASSERT_EQ(found.due.size(), 1U);
    EXPECT_NE(found.due[0].payload.find(R"("index":1)"), std::string::npos);
    EXPECT_FALSE(this->due().behind);
}

TYPED_TEST(WebhookStoreContract, TheEndOfAJobHidesNoItemThatIsNotToldYet) {
    const auto wanted = events_of({webhook_event::item_succeeded, webhook_event::job_cancelled});
    this->create("job_1", 5, {callback_to("job_1", "cb_1", wanted)});
    // All in one group of the writer, if it likes.
    std::vector<ResultGroup> groups(1);
    groups[0].job_id = "job_1";
    for (std::uint64_t index = 0; index < 5; ++index) {
        groups[0].results.push_back(sample_success(index));
    }
    auto recorded = this->store.record(std::move(groups));
    JobChange change;
    change.state = job_state::cancelled;
    change.finished_at = sample_time;
    auto ended = this->store.change_job("job_1", change);
    auto filled = this->store.fill_outbox({});
    recorded.result();
    ended.result();
    filled.result();

    while (this->fill()) {
    }

    EXPECT_EQ(this->due().due.size(), 6U);
}

TYPED_TEST(WebhookStoreContract, DueIsWhatTimeAndTheAskerAllow) {
    this->create("job_1", 0, {callback_to("job_1", "cb_1"), callback_to("job_1", "cb_2")});
    this->end("job_1");
    const auto both = this->due();
    ASSERT_EQ(both.due.size(), 2U);
    EXPECT_TRUE(this->due(sample_time - std::chrono::hours{1}).due.empty());
    EXPECT_EQ(this->due(sample_time - std::chrono::hours{1}).next_due, sample_time);

    DueQuery picky;
    picky.now = later;
    picky.takes = [](const DeliveryRecord& record, std::string_view endpoint) {
        return record.callback_id == "cb_2" && endpoint == "http://hooks.test:80";
    };
    ASSERT_EQ(this->store.due_deliveries(picky).due.size(), 1U);
    picky.passes_over = [](std::string_view tenant) { return tenant == "acme"; };
    EXPECT_TRUE(this->store.due_deliveries(picky).due.empty());
    DueQuery few;
    few.now = later;
    few.limit = 1;
    EXPECT_EQ(this->store.due_deliveries(few).due.size(), 1U);
    EXPECT_TRUE(this->store.due_deliveries(few).more);
}

TYPED_TEST(WebhookStoreContract, AFailedAttemptIsDueAgainInItsTime) {
    this->create("job_1", 0, {callback_to("job_1", "cb_1")});
    this->end("job_1");
    DeliverySettlement settled;
    settled.id = this->due().due.at(0).record.id;
    settled.attempt = {later, 503, 12, failure_code::http_status};
    settled.state = delivery_state::pending;
    settled.next_attempt_at = later + std::chrono::minutes{1};
    ASSERT_TRUE(this->store.settle_deliveries({settled}).result().has_value());

    EXPECT_TRUE(this->due(later).due.empty());
    EXPECT_EQ(this->due(later).next_due, settled.next_attempt_at);
    const auto again = this->due(later + std::chrono::minutes{1});
    ASSERT_EQ(again.due.size(), 1U);
    EXPECT_EQ(again.due[0].record.id, settled.id);
    EXPECT_EQ(again.due[0].record.attempts, 1U);
    EXPECT_EQ(again.due[0].record.last, settled.attempt);
}

TYPED_TEST(WebhookStoreContract, WhatWasDeliveredIsInTheLogAlone) {
    this->create("job_1", 0, {callback_to("job_1", "cb_1")});
    this->end("job_1");
    const auto id = this->due().due.at(0).record.id;

    this->settle(id, delivery_state::delivered);
    this->settle(id, delivery_state::failed);  // too late

    EXPECT_TRUE(this->due().due.empty());
    const auto log = this->log("job_1");
    ASSERT_EQ(log.size(), 1U);
    EXPECT_EQ(log[0].state, delivery_state::delivered);
    EXPECT_FALSE(log[0].next_attempt_at);
    EXPECT_EQ(log[0].attempts, 1U);
}

TYPED_TEST(WebhookStoreContract, Whk06ADisabledCallbackGetsNothingMoreUntilItIsReplayed) {
    const auto wanted = events_of({webhook_event::item_succeeded, webhook_event::job_cancelled});
    this->create("job_1", 3, {callback_to("job_1", "cb_1", wanted)});
    std::vector<ResultToRecord> results;
    results.push_back(sample_success(0));
    results.push_back(sample_success(1));
    this->record("job_1", std::move(results));
    while (this->fill()) {
    }
    const auto first = this->due().due.at(0).record.id;

    this->settle(first, delivery_state::failed, true);
    this->end("job_1");

    EXPECT_TRUE(this->due().due.empty());
    EXPECT_EQ(this->store.callbacks("job_1").at(0).state, callback_state::disabled);
    const auto replayed = this->store.replay_delivery("acme", first, later).take();
    ASSERT_TRUE(replayed.has_value());
    EXPECT_EQ(replayed->attempts, 0U);
    EXPECT_EQ(replayed->next_attempt_at, later);
    ASSERT_EQ(this->due().due.size(), 1U);
    EXPECT_EQ(this->due().due[0].record.id, first);
    EXPECT_EQ(this->store.callbacks("job_1").at(0).state, callback_state::active);
}

TYPED_TEST(WebhookStoreContract, ReplayIsOfOnesOwnAndOfWhatIsThere) {
    this->create("job_1", 0, {callback_to("job_1", "cb_1")});
    this->end("job_1");
    const auto id = this->due().due.at(0).record.id;

    EXPECT_EQ(
        this->store.replay_delivery("others", id, later).take().error().code,
        failure_code::delivery_not_found
    );
    EXPECT_EQ(
        this->store.replay_delivery("acme", "msg_0", later).take().error().code,
        failure_code::delivery_not_found
    );
    ASSERT_TRUE(this->store.remove_callback("job_1", "cb_1").result().has_value());
    EXPECT_EQ(
        this->store.replay_delivery("acme", id, later).take().error().code,
        failure_code::callback_not_found
    );
}

TYPED_TEST(WebhookStoreContract, WhatARemovedCallbackWasNotToldIsDropped) {
    this->create("job_1", 0, {callback_to("job_1", "cb_1")});
    this->end("job_1");

    ASSERT_TRUE(this->store.remove_callback("job_1", "cb_1").result().has_value());

    EXPECT_TRUE(this->due().due.empty());
    EXPECT_EQ(this->log().at(0).state, delivery_state::dropped);
    EXPECT_EQ(
        this->store.remove_callback("job_1", "cb_1").take().error().code,
        failure_code::callback_not_found
    );
    EXPECT_EQ(
        this->store.remove_callback("job_2", "cb_1").take().error().code,
        failure_code::callback_not_found
    );
}

TYPED_TEST(WebhookStoreContract, DeliveriesOutliveTheirJob) {
    this->create("job_1", 0, {callback_to("job_1", "cb_1")});
    this->end("job_1");
    ASSERT_TRUE(this->store.erase_job("job_1").result().has_value());

    const auto found = this->due();
    ASSERT_EQ(found.due.size(), 1U);
    this->settle(found.due[0].record.id, delivery_state::delivered);

    EXPECT_EQ(this->log("job_1").size(), 1U);
    EXPECT_TRUE(this->store.callbacks("job_1").empty());
    ASSERT_TRUE(this->store.prune_deliveries({later, 100}).result().has_value());
    EXPECT_TRUE(this->log("job_1").empty());
}

TYPED_TEST(WebhookStoreContract, TheLogIsBoundedAndNothingPendingIsForgotten) {
    this->create(
        "job_1", 10, {callback_to("job_1", "cb_1", events_of({webhook_event::item_succeeded}))}
    );
    std::vector<ResultToRecord> results;
    for (std::uint64_t index = 0; index < 10; ++index) {
        results.push_back(sample_success(index));
    }
    this->record("job_1", std::move(results));
    while (this->fill()) {
    }
    const auto found = this->due();
    ASSERT_EQ(found.due.size(), 10U);
    for (std::size_t i = 0; i < 8; ++i) {
        this->settle(found.due[i].record.id, delivery_state::delivered);
    }

    while (this->store.prune_deliveries({WallTime{}, 3}).take().value()) {
    }

    EXPECT_LE(this->log().size(), 5U);
    EXPECT_EQ(this->due().due.size(), 2U);
}

TYPED_TEST(WebhookStoreContract, TheLogIsReadPageByPage) {
    for (const auto* id : {"job_1", "job_2", "job_3"}) {
        this->create(id, 0, {callback_to(id, "cb_" + std::string{id})});
        this->end(id);
    }
    DeliveryQuery query;
    query.tenant = "acme";
    query.limit = 2;

    const auto first = this->store.deliveries(query);
    query.before_id = first.at(1).id;
    const auto second = this->store.deliveries(query);

    EXPECT_EQ(first.at(0).job_id, "job_3");
    ASSERT_EQ(second.size(), 1U);
    EXPECT_EQ(second[0].job_id, "job_1");
    DeliveryQuery others;
    others.tenant = "others";
    EXPECT_TRUE(this->store.deliveries(others).empty());
    DeliveryQuery picky = query;
    picky.before_id.clear();
    picky.callback_id = "cb_job_2";
    picky.state = delivery_state::pending;
    picky.event = webhook_event::job_cancelled;
    EXPECT_EQ(this->store.deliveries(picky).size(), 1U);
}

TYPED_TEST(WebhookStoreContract, WhoWatchesIsToldOfEveryThingToDo) {
    std::atomic<int> told{0};
    this->store.watch_outbox([&told] { ++told; });
    this->create("job_1", 0, {});
    this->end("job_1");
    EXPECT_EQ(told, 0) << "nobody wants to hear of it";

    this->create("job_2", 0, {callback_to("job_2", "cb_2")});
    this->end("job_2");
    // The writer tells after it has answered: the next answer comes after that.
    ASSERT_TRUE(this->store.record({}).result().has_value());
    EXPECT_GT(told, 0);
    this->store.watch_outbox(nullptr);
}

}  // namespace
}  // namespace fanfetch::testing
