#include "job_store_contract.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Results: recorded once, in order, and read back with their bodies.

namespace fanfetch::testing {
namespace {

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

}  // namespace
}  // namespace fanfetch::testing
