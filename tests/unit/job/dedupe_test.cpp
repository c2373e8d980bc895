#include "job/request_digest.hpp"
#include "support/job_bench.hpp"

#include <gtest/gtest.h>

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

JobOptions deduped() {
    JobOptions options;
    options.dedupe = true;
    options.fetch.retry.backoff_base = 1ms;
    options.fetch.retry.backoff_max = 1ms;
    return options;
}

std::uint64_t sum(const ItemCounts& counts) {
    return counts.queued + counts.waiting + counts.running + counts.succeeded + counts.failed +
           counts.skipped + counts.cancelled;
}

TEST(JobDedupe, TheSameRequestIsFetchedOnceAndEveryItemHasItsResult) {
    JobBench bench;
    bench.network().take(1ms);
    const std::vector<std::string> urls{
        "http://a.test/1", "http://a.test/2", "http://a.test/1", "http://b.test/1",
        "http://a.test/1#part"};

    const auto job = bench.run_to_end(urls, deduped());

    EXPECT_EQ(job->record.state, job_state::completed);
    EXPECT_EQ(job->counts.succeeded, 5U);
    EXPECT_EQ(bench.network().attempts("http://a.test/1"), 1U);
    const auto first = bench.store().find_item(job->record.id, 0)->result;
    for (const std::uint64_t index : {2U, 4U}) {
        const auto other = bench.store().find_item(job->record.id, index)->result;
        EXPECT_EQ(other->index, index);
        EXPECT_TRUE(other->reused);
        EXPECT_EQ(other->body, first->body);
        EXPECT_EQ(other->sha256, first->sha256);
        EXPECT_EQ(other->size, first->size);
        EXPECT_EQ(other->wire_size, 0U);
        EXPECT_EQ(other->attempts_made, 0);
        EXPECT_GT(other->seq, first->seq);
    }
    EXPECT_FALSE(first->reused);
    EXPECT_EQ(job->record.tally.bytes_received, 3 * first->wire_size);
}

TEST(JobDedupe, AFailureIsSharedToo) {
    JobBench bench;
    bench.network().answer("http://a.test/", 500);

    const auto job = bench.run_to_end({"http://a.test/", "http://a.test/"}, deduped());

    EXPECT_EQ(job->counts.failed, 2U);
    EXPECT_EQ(bench.network().attempts("http://a.test/"), 3U);
    const auto other = bench.store().find_item(job->record.id, 1)->result;
    EXPECT_EQ(other->code, failure_code::http_status);
    EXPECT_EQ(other->status, 500);
}

TEST(JobDedupe, WithoutItEveryItemIsFetched) {
    JobBench bench;

    const auto job = bench.run_to_end({"http://a.test/", "http://a.test/"});

    EXPECT_EQ(job->counts.succeeded, 2U);
    EXPECT_EQ(bench.network().attempts("http://a.test/"), 2U);
}

TEST(JobDedupe, ManyCopiesFarApartCostOneFetchEach) {
    JobBench bench;
    std::vector<std::string> urls;
    for (int round = 0; round < 100; ++round) {
        const auto some = urls_of("a.test", 200);
        urls.insert(urls.end(), some.begin(), some.end());
    }

    const auto job = bench.run_to_end(urls, deduped());

    EXPECT_EQ(job->counts.succeeded, 20'000U);
    EXPECT_EQ(sum(job->counts), 20'000U);
    for (int i = 0; i < 200; ++i) {
        EXPECT_EQ(bench.network().attempts("http://a.test/" + std::to_string(i)), 1U);
    }
}

TEST(JobDedupe, CancellingTakesThoseAlongThatWaitForAResult) {
    JobBench bench;
    bench.network().hang("http://a.test/");
    const auto job =
        bench.submit({"http://a.test/", "http://a.test/", "http://b.test/"}, deduped());
    bench.wait(*job, {kind::count, 1});

    const auto end = bench.cancel(*job);

    EXPECT_EQ(end->record.state, job_state::cancelled);
    EXPECT_EQ(end->counts.cancelled, 2U);
    EXPECT_EQ(sum(end->counts), 3U);
}

TEST(RequestDigester, TellsWhatMakesADifferenceFromWhatDoesNot) {
    RequestDigester digester{FetchOptions{}};
    const auto digest = [&](const std::string& url, const std::string& extras) {
        Item item;
        item.url = url;
        item.extras = extras;
        return digester.digest_of(item);
    };
    const auto plain = digest("http://a.test/", "");

    EXPECT_EQ(digest("http://a.test/#x", ""), plain);
    EXPECT_EQ(digest("http://a.test/", R"({"id":"7","metadata":{"k":1}})"), plain);
    EXPECT_EQ(digest("http://a.test/", R"({"method":"GET"})"), plain);
    std::set<RequestDigest> others{plain};
    others.insert(digest("http://a.test/?", ""));
    others.insert(digest("https://a.test/", ""));
    others.insert(digest("http://a.test/", R"({"method":"HEAD"})"));
    others.insert(digest("http://a.test/", R"({"headers":{"Accept":"x"}})"));
    others.insert(digest("http://a.test/", R"({"body":"x","method":"POST"})"));
    others.insert(digest("http://a.test/", R"({"expect":{"size":1}})"));
    others.insert(digest("http://a.test/", R"({"conditional":{"etag":"\"a\""}})"));
    EXPECT_EQ(others.size(), 8U);
}

}  // namespace
}  // namespace fanfetch
