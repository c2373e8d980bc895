#include "fetch/hasher.hpp"
#include "fetch/reuse.hpp"
#include "job/stored_copy.hpp"
#include "support/job_bench.hpp"

#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::JobBench;
using testing::urls_of;
using kind = WaitCondition::kind;

constexpr const char* url = "http://a.test/0";
constexpr const char* for_a_minute = "Cache-Control: max-age=60\r\n";

JobOptions reusing(std::chrono::milliseconds max_age = 1h) {
    JobOptions options;
    options.max_age = max_age;
    options.fetch.retry.backoff_base = 1ms;
    options.fetch.retry.backoff_max = 1ms;
    return options;
}

ItemResult result_of(JobBench& bench, const JobSnapshotPtr& job, std::uint64_t index = 0) {
    return bench.store().find_item(job->record.id, index)->result.value();
}

std::uint64_t sum(const ItemCounts& counts) {
    return counts.queued + counts.waiting + counts.running + counts.succeeded + counts.failed +
           counts.skipped + counts.cancelled;
}

TEST(JobMaxAge, AStoredResponseIsUsedInPlaceOfARequest) {
    JobBench bench;
    bench.network().add_fields(url, for_a_minute);
    const auto first = bench.run_to_end({url}, reusing());
    const auto before = result_of(bench, first);

    const auto second = bench.run_to_end({std::string{url} + "#part"}, reusing());

    EXPECT_EQ(bench.network().attempts(url), 1U);
    EXPECT_EQ(second->record.state, job_state::completed);
    EXPECT_EQ(second->counts.succeeded, 1U);
    EXPECT_EQ(second->record.tally.bytes_received, 0U);
    EXPECT_TRUE(second->record.started_at.has_value());
    const auto copy = result_of(bench, second);
    EXPECT_FALSE(before.reused);
    EXPECT_TRUE(copy.reused && copy.owns_body);
    EXPECT_EQ(copy.status, 200);
    EXPECT_EQ(copy.sha256, before.sha256);
    EXPECT_EQ(copy.size, before.size);
    EXPECT_EQ(copy.wire_size, 0U);
    EXPECT_EQ(copy.attempts_made, 0);
    EXPECT_TRUE(copy.attempts.empty());
    EXPECT_NE(copy.body, before.body) << "its record is its own";
    EXPECT_EQ(bench.store().read_payload(copy.body, 0, 100).value(), std::string{"body of "} + url);
    EXPECT_TRUE(bench.store().read_head(copy.body).value().starts_with("HTTP/1.1 200 Said\r\n"));
}

TEST(JobMaxAge, TheCopyOutlivesTheJobItCameFrom) {
    JobBench bench;
    bench.network().add_fields(url, for_a_minute);
    const auto first = bench.run_to_end({url}, reusing());
    const auto second = bench.run_to_end({url}, reusing());

    ASSERT_TRUE(bench.store().erase_job(first->record.id).take().has_value());
    const auto third = bench.run_to_end({url}, reusing());

    EXPECT_EQ(bench.network().attempts(url), 1U);
    EXPECT_TRUE(result_of(bench, third).reused);
    EXPECT_TRUE(bench.store().read_payload(result_of(bench, second).body, 0, 100).has_value());
}

TEST(JobMaxAge, WhoDoesNotAskForItNeitherReusesNorKeeps) {
    JobBench bench;
    bench.network().add_fields(url, for_a_minute);

    (void)bench.run_to_end({url});
    (void)bench.run_to_end({url}, reusing());
    (void)bench.run_to_end({url});

    EXPECT_EQ(bench.network().attempts(url), 3U);
}

TEST(JobMaxAge, WhatIsTooOldStaleOrSomebodyElsesIsFetched) {
    JobBench bench;
    bench.network().add_fields(url, "Cache-Control: max-age=60\r\nAge: 30\r\n");
    (void)bench.run_to_end({url}, reusing());

    (void)bench.run_to_end({url}, reusing(29s));
    EXPECT_EQ(bench.network().attempts(url), 2U) << "it was half a minute old when it came";
    (void)bench.run_to_end({url}, reusing(59s));
    EXPECT_EQ(bench.network().attempts(url), 2U);
    (void)bench.wait(*bench.submit({url}, reusing(), "other"));
    EXPECT_EQ(bench.network().attempts(url), 3U);
    auto other = reusing();
    other.fetch.headers = {{"Accept", "text/html"}};
    (void)bench.run_to_end({url}, other);
    EXPECT_EQ(bench.network().attempts(url), 4U);
}

TEST(JobMaxAge, OnlyWhatMayBeKeptIs) {
    JobBench bench;
    const auto urls = urls_of("a.test", 6);
    bench.network().add_fields(urls[0], "Cache-Control: no-store, max-age=60\r\n");
    bench.network().add_fields(urls[1], "");
    bench.network().add_fields(urls[2], for_a_minute);
    bench.network().answer(urls[2], 404);
    bench.network().add_fields(urls[3], for_a_minute);
    bench.network().answer(urls[3], 206);
    bench.network().add_fields(urls[4], "Vary: *\r\nCache-Control: max-age=60\r\n");
    bench.network().add_fields(urls[5], "Vary: Accept\r\nCache-Control: max-age=60\r\n");
    (void)bench.run_to_end(urls, reusing());

    const auto second = bench.run_to_end(urls, reusing());

    for (std::uint64_t index = 0; index < urls.size(); ++index) {
        EXPECT_EQ(result_of(bench, second, index).reused, index == 5) << index;
    }
}

TEST(JobMaxAge, ACopyWithoutItsBodyServesNobody) {
    JobBench bench;
    bench.network().add_fields(url, for_a_minute);
    (void)bench.run_to_end({url}, reusing());
    const auto found =
        bench.store().find_item(bench.run_to_end({url}, reusing())->record.id, 0)->result.value();
    ASSERT_TRUE(found.body.has_payload);
    auto headers_only = reusing();
    headers_only.store_body = store_body::never;

    const auto job = bench.run_to_end({url}, headers_only);

    const auto result = result_of(bench, job);
    EXPECT_TRUE(result.reused);
    EXPECT_FALSE(result.body.has_payload) << "it asked for none";
    const auto length = "Content-Length: " + std::to_string(result.size) + "\r\n";
    EXPECT_NE(bench.store().read_head(result.body).value().find(length), std::string::npos);
    EXPECT_TRUE(result_of(bench, bench.run_to_end({url}, reusing())).body.has_payload);
    EXPECT_EQ(bench.network().attempts(url), 1U);
}

TEST(JobMaxAge, NeitherAPermitNorAHostIsWaitedFor) {
    JobBench bench;
    const auto urls = urls_of("a.test", 50);
    for (const auto& one : urls) {
        bench.network().add_fields(one, for_a_minute);
    }
    (void)bench.run_to_end(urls, reusing());
    auto slow = reusing();
    slow.concurrency = 1;
    slow.per_host_rate = 0.01;

    const auto job = bench.run_to_end(urls, slow);

    EXPECT_EQ(job->counts.succeeded, 50U);
    EXPECT_EQ(sum(job->counts), 50U);
}

TEST(JobMaxAge, AMixtureEndsWhole) {
    JobBench bench;
    bench.network().take(1ms);
    const auto known = urls_of("a.test", 600);
    for (const auto& one : known) {
        bench.network().add_fields(one, for_a_minute);
    }
    (void)bench.run_to_end(known, reusing());
    std::vector<std::string> urls;
    for (std::size_t number = 0; number < 600; ++number) {
        urls.push_back(known[number]);
        urls.push_back("http://b.test/" + std::to_string(number));
    }
    auto options = reusing();
    options.dedupe = true;
    urls.push_back(known[0]);
    urls.push_back("http://b.test/0");

    const auto job = bench.run_to_end(urls, options);

    EXPECT_EQ(job->record.state, job_state::completed);
    EXPECT_EQ(job->counts.succeeded, 1202U);
    for (std::uint64_t index = 0; index < 1202; ++index) {
        const bool reused = result_of(bench, job, index).reused;
        EXPECT_EQ(reused, index >= 1200 || index % 2 == 0) << index;
    }
}

TEST(JobMaxAge, TheRulesOfTodayDecideWhoMayHaveACopy) {
    JobBench bench;
    bench.network().add_fields(url, for_a_minute);
    (void)bench.run_to_end({url}, reusing());
    bench.forbidden.insert("a.test");

    (void)bench.run_to_end({url}, reusing());

    EXPECT_EQ(bench.network().attempts(url), 2U) << "the gate is asked, and would refuse";
}

TEST(JobMaxAge, WhatCannotBeReadAnyMoreIsFetched) {
    JobBench bench;
    bench.network().add_fields(url, for_a_minute);
    bench.network().say(url, "first");
    const auto first = bench.run_to_end({url}, reusing());
    ResultToRecord wrong;  // a copy whose digest is not that of its body
    wrong.result = result_of(bench, first);
    wrong.result.sha256->fill(0);
    RequestDigester digester{reusing().fetch};
    Item item;
    item.url = url;
    const auto now = system_clock().wall();
    wrong.copy = CopyTerms{digester.digest_of(item), now, now, now + 1h};
    JobRecord record;
    record.id = "job_wrong";
    record.tenant = "default";
    ASSERT_TRUE(bench.store().create_job(record).take().has_value());
    ASSERT_TRUE(bench.store().append_items("job_wrong", {item}).take().has_value());
    std::vector<ResultGroup> groups(1);
    groups[0].job_id = "job_wrong";
    groups[0].results.push_back(std::move(wrong));
    ASSERT_TRUE(bench.store().record(std::move(groups)).take().has_value());

    const auto job = bench.run_to_end({url}, reusing());

    EXPECT_EQ(bench.network().attempts(url), 2U);
    EXPECT_FALSE(result_of(bench, job).reused);
}

/// Fetches these, so that there is a copy of each.
void prepare(JobBench& bench, const std::vector<std::string>& urls) {
    for (const auto& one : urls) {
        bench.network().add_fields(one, for_a_minute);
    }
    (void)bench.run_to_end(urls, reusing());
}

TEST(JobMaxAge, APausedJobLooksNothingUpAndLosesNothing) {
    JobBench bench;
    const auto urls = urls_of("a.test", 600);
    prepare(bench, urls);

    const auto job = bench.submit(urls, reusing());
    auto pause = [&]() -> awaitable<bool> {
        const auto held = co_await bench.jobs().pause(job->id(), job->tenant());
        co_return held.has_value();
    };
    auto resume = [&]() -> awaitable<bool> {
        const auto on = co_await bench.jobs().resume(job->id(), job->tenant());
        co_return on.has_value();
    };
    for (int round = 0; round < 5 && bench.run(pause()); ++round) {
        EXPECT_TRUE(bench.run(resume()));
    }

    const auto done = bench.wait(*job);
    EXPECT_EQ(done->record.state, job_state::completed);
    EXPECT_EQ(done->counts.succeeded, 600U);
    EXPECT_EQ(bench.network().attempts(urls[7]), 1U);
}

TEST(JobMaxAge, ACancelledJobEndsWhole) {
    for (const auto how : {cancel_mode::abort, cancel_mode::drain}) {
        for (int turns = 0; turns < 12; ++turns) {
            JobBench bench;
            const auto urls = urls_of("a.test", 700);
            prepare(bench, urls);
            const auto job = bench.submit(urls, reusing());
            auto cancel = [&]() -> awaitable<bool> {
                for (int turn = 0; turn < turns; ++turn) {
                    co_await boost::asio::post(bench.loop(), no_throw);
                }
                const auto stopped = co_await bench.jobs().cancel(job->id(), job->tenant(), how);
                co_return stopped.has_value();
            };
            (void)bench.run(cancel());

            const auto done = bench.wait(*job);
            EXPECT_TRUE(is_done(done->record.state));
            EXPECT_EQ(done->counts.succeeded + done->counts.cancelled, 700U) << turns;
            EXPECT_EQ(sum(done->counts), 700U);
        }
    }
}

TEST(JobMaxAge, AShardThatStopsWaitsForNoCopy) {
    JobBench bench;
    const auto urls = urls_of("a.test", 700);
    prepare(bench, urls);
    const auto job = bench.submit(urls, reusing());

    bench.run(bench.dispatcher().stop(0ms));

    const auto left = bench.store().unfinished_items(job->id(), 0, 1000, 1U << 20U).size();
    EXPECT_EQ(left + bench.store().find_job(job->id())->tally.succeeded, 700U);
}

TEST(JobMaxAge, ATenantOverItsQuotaHasTheRestWait) {
    JobBench bench;
    const auto urls = urls_of("a.test", 200);
    prepare(bench, urls);
    bench.quotas["default"] = bench.store().stored_bytes("default") + 1;

    const auto job = bench.submit(urls, reusing());
    bench.wait_until([&] { return job->snapshot()->counts.waiting > 0; });
    EXPECT_LT(job->snapshot()->counts.succeeded, 200U);
    bench.quotas.clear();
    bench.dispatcher().look_at_quotas();

    EXPECT_EQ(bench.wait(*job)->counts.succeeded, 200U);
    EXPECT_EQ(bench.network().attempts(urls[7]), 1U);
}

TEST(StoredCopy, WhoTalksToTheOriginHimselfIsNotAnsweredFromTheStore) {
    FetchOptions plain;
    EXPECT_TRUE(may_reuse(plain));
    plain.headers = {{"Authorization", "Basic x"}, {"Accept", "a/b"}};
    EXPECT_TRUE(may_reuse(plain)) << "the digest covers them";
    plain.method = "HEAD";
    EXPECT_TRUE(may_reuse(plain));
    for (const auto* name : {"cache-control", "Pragma", "Range", "If-None-Match", "if-range"}) {
        FetchOptions options;
        options.headers = {{name, "x"}};
        EXPECT_FALSE(may_reuse(options)) << name;
    }
    FetchOptions post;
    post.method = "POST";
    EXPECT_FALSE(may_reuse(post));
    FetchOptions with_body;
    with_body.body = "x";
    EXPECT_FALSE(may_reuse(with_body));
    FetchOptions conditional;
    conditional.conditional.etag = "\"x\"";
    EXPECT_FALSE(may_reuse(conditional));
}

TEST(StoredCopy, AResponseBehindARedirectIsForNobodyElse) {
    const auto now = system_clock().wall();
    const auto terms_of = [now](const FetchOutcome& outcome) {
        return copy_terms_of({}, now - 2s, outcome, now);
    };
    FetchOutcome outcome;
    outcome.status = 200;
    outcome.head = std::string{"HTTP/1.1 200 OK\r\n"} + for_a_minute;
    ASSERT_TRUE(terms_of(outcome));
    EXPECT_EQ(terms_of(outcome)->fetched_at, now - 2s);
    EXPECT_EQ(terms_of(outcome)->fresh_until, now + 58s);

    outcome.final_url = "http://b.test/";
    EXPECT_FALSE(terms_of(outcome));
    outcome.final_url.clear();
    outcome.attempt.redirects.push_back({301, "http://a.test/"});
    EXPECT_FALSE(terms_of(outcome));
    outcome.attempt.redirects.clear();
    outcome.keep_payload = false;
    EXPECT_FALSE(terms_of(outcome));
    outcome.keep_payload = true;
    outcome.code = failure_code::integrity_size;
    EXPECT_FALSE(terms_of(outcome));
}

/// For a copy of this body, which is put into the store first.
CopyOrder order_of_stored(JobStore& store, const std::string& body) {
    auto source = store.begin_long_body().value();
    source->append(body).value();
    ResponseRecord response;
    response.head = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    Sha256Hasher hasher;
    hasher.reset();
    hasher.update(body);
    CopyOrder order;
    order.url = url;
    order.copy.result.size = body.size();
    order.copy.result.sha256 = hasher.digest();
    order.copy.result.body = source->finish(response, *order.copy.result.sha256).value();
    return order;
}

TEST(StoredCopy, ALongBodyIsCopiedOnTheDisk) {
    MemoryJobStore store;
    const std::string body(3U << 20U, 'x');
    auto order = order_of_stored(store, body);
    MemoryBudget memory{1U << 30U};
    order.memory = &memory;

    const auto hand = read_copy(store, order);

    ASSERT_TRUE(hand.has_value());
    ASSERT_TRUE(hand->body);
    EXPECT_NE(*hand->body, order.copy.result.body);
    EXPECT_TRUE(hand->outcome.payload.empty());
    EXPECT_EQ(store.read_payload(*hand->body, 0, body.size()).value(), body);
    EXPECT_EQ(memory.used(), 0U);
}

TEST(StoredCopy, AMiddlingBodyIsCountedAndGoesToTheDiskWhenMemoryIsFull) {
    MemoryJobStore store;
    const std::string body(64U << 10U, 'y');
    auto order = order_of_stored(store, body);
    MemoryBudget roomy{body.size()};
    MemoryBudget full{body.size() - 1};

    order.memory = &roomy;
    auto counted = read_copy(store, order);
    ASSERT_TRUE(counted.has_value());
    EXPECT_EQ(counted->outcome.payload, body);
    EXPECT_EQ(roomy.used(), body.size());
    order.memory = &full;
    const auto spilled = read_copy(store, order);
    ASSERT_TRUE(spilled.has_value());
    EXPECT_TRUE(spilled->body.has_value());
}

}  // namespace
}  // namespace fanfetch
