#include "cli/get_batch.hpp"

#include "coro/event_loop.hpp"
#include "coro/sleep.hpp"
#include "executor/thread_pool_executor.hpp"
#include "future/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <unistd.h>

namespace fanfetch {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

/// Answers every URL with 200 and the URL as the body, unless told otherwise.
class FakeOrigins final : public Fetcher {
public:
    void refuse(const std::string& url, int times) { refusals_[url] = times; }
    void miss(const std::string& url) { missing_.insert(url); }
    void hang(const std::string& url) { hanging_.insert(url); }

    awaitable<void> fetch(FetchOrder order, FetchOutcome& outcome) override {
        const auto& url = order.url->href();
        most_in_flight = std::max(most_in_flight, ++in_flight_);
        ++fetches;
        co_await yield_now();
        if (hanging_.contains(url)) {
            hung = true;
            co_await sleep(std::nullopt);
        }
        --in_flight_;
        if (auto left = refusals_.find(url); left != refusals_.end() && left->second-- > 0) {
            outcome.code = failure_code::connect_refused;
            co_return;
        }
        outcome.status = missing_.contains(url) ? 404 : 200;
        outcome.code = outcome.status == 404 ? failure_code::http_status : failure_code::none;
        outcome.payload = url;
    }

    int most_in_flight = 0;
    int fetches = 0;
    bool hung = false;

private:
    int in_flight_ = 0;
    std::map<std::string, int> refusals_;
    std::set<std::string> missing_;
    std::set<std::string> hanging_;
};

class GetBatchTest : public ::testing::Test {
protected:
    GetBatchTest()
        : path_{::testing::TempDir() + "get_batch_" + std::to_string(::getpid())},
          directory_{std::move(OutputDirectory::open(path_.string(), progress_).value())} {
        plan_.directory = path_.string();
        plan_.fetch.retry.backoff_base = std::chrono::milliseconds{0};
    }
    ~GetBatchTest() override { fs::remove_all(path_); }

    [[nodiscard]] GetBatch make_batch() {
        return GetBatch{{
            .plan = &plan_,
            .fetcher = &origins_,
            .sink = &sink_,
            .progress = &progress_,
            .disk = &disk_,
            .reader = &disk_,
            .random = &random_,
            .clock = &system_clock(),
        }};
    }
    BatchCounts run() {
        auto batch = make_batch();
        loop_.run(batch.run());
        disk_.shutdown();
        items_ = batch.items();
        return report_.counts();
    }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator{path_}) {
            names.push_back(entry.path().filename().string());
        }
        std::ranges::sort(names);
        return names;
    }

    GetPlan plan_;
    FakeOrigins origins_;
    ProgressCounter progress_;
    fs::path path_;
    std::unique_ptr<OutputDirectory> directory_;
    GetReport report_{{.quiet = true}, progress_};
    GetSink sink_{{.directory = directory_.get(), .report = &report_, .progress = &progress_}};
    FastRandom random_{1};
    EventLoop loop_{"test"};
    ThreadPoolExecutor disk_;
    std::uint64_t items_ = 0;
};

TEST_F(GetBatchTest, Bat04EveryItemEndsOnceHoweverItEnds) {
    plan_.urls = {"http://a.test/ok", "no url", "http://a.test/gone", "http://b.test/down"};
    plan_.fetch.retry.max_attempts = 1;
    origins_.miss("http://a.test/gone");
    origins_.refuse("http://b.test/down", 1);

    const auto counts = run();

    EXPECT_EQ(counts, (BatchCounts{.ok = 1, .not_found = 1, .error = 2}));
    EXPECT_EQ(progress_.counts().done, 4U);
    EXPECT_EQ(progress_.counts().total, 4U);
    EXPECT_THAT(names(), ElementsAre("ok"));
}

TEST_F(GetBatchTest, NamesFollowTheOrderOfTheListWhateverFails) {
    plan_.urls = {"http://a.test/x.svg", "http://b.test/x.svg", "http://c.test/X.svg"};
    origins_.miss("http://a.test/x.svg");

    (void)run();

    EXPECT_THAT(names(), ElementsAre("X-3.svg", "x-2.svg"));
}

TEST_F(GetBatchTest, Bat02NeverMoreRequestsInFlightThanAllowed) {
    for (int i = 0; i < 100; ++i) {
        plan_.urls.push_back("http://a.test/" + std::to_string(i));
    }
    plan_.concurrency = 7;
    plan_.per_host = 7;

    const auto counts = run();

    EXPECT_EQ(counts.ok, 100U);
    EXPECT_EQ(origins_.most_in_flight, 7);
}

TEST_F(GetBatchTest, AHostGetsNoMoreThanItsShare) {
    for (int i = 0; i < 20; ++i) {
        plan_.urls.push_back("http://a.test/" + std::to_string(i));
    }
    plan_.per_host = 2;

    EXPECT_EQ(run().ok, 20U);
    EXPECT_EQ(origins_.most_in_flight, 2);
}

TEST_F(GetBatchTest, WhatMayBeRepeatedIsTriedAgain) {
    plan_.urls = {"http://a.test/flaky", "http://a.test/down"};
    plan_.fetch.retry.max_attempts = 3;
    origins_.refuse("http://a.test/flaky", 2);
    origins_.refuse("http://a.test/down", 3);

    const auto counts = run();

    EXPECT_EQ(counts, (BatchCounts{.ok = 1, .error = 1}));
    EXPECT_EQ(origins_.fetches, 6);
}

TEST_F(GetBatchTest, AnInterruptionKeepsWhatIsWholeAndCountsTheRest) {
    plan_.urls = {"http://a.test/whole", "http://a.test/hangs", "http://a.test/waits"};
    plan_.concurrency = 1;
    origins_.hang("http://a.test/hangs");
    auto batch = make_batch();
    const auto task = spawn(loop_.executor(), batch.run());
    auto interrupt = [&]() -> awaitable<> {
        while (!origins_.hung) {
            co_await yield_now();
        }
        batch.stop();
        task.cancel();
        co_await task.join();
    };

    EXPECT_THROW(loop_.run(interrupt()), CancelledError);
    disk_.shutdown();

    EXPECT_EQ(report_.counts(), (BatchCounts{.ok = 1}));
    EXPECT_EQ(batch.items(), 3U);
    EXPECT_THAT(names(), ElementsAre("whole"));
}

}  // namespace
}  // namespace fanfetch
