#include "webhook/sender.hpp"

#include "coro/sleep.hpp"
#include "coro/spawn.hpp"
#include "executor/thread_pool_executor.hpp"
#include "store/memory/memory_job_store.hpp"
#include "support/patience.hpp"
#include "support/run_coroutine.hpp"
#include "support/scripted_fetcher.hpp"
#include "support/store_samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace fanfetch::testing {
namespace {

using namespace std::chrono_literals;

const std::string dead = "http://dead.test/hook";
const std::string alive = "http://alive.test/hook";

/// A store with ended jobs, a network by script, and a sender between them.
class WebhookSenderTest : public ::testing::Test {
protected:
    void ended_job(const std::string& id, const std::vector<std::string>& urls) {
        auto job = sample_job(id);
        for (const auto& url : urls) {
            auto callback =
                new_callback({url, EventSet::endings(), {}, {}}, id, "acme", system_clock());
            job.callbacks.push_back(callback);
        }
        ASSERT_TRUE(store_.create_job(job).result().has_value());
        JobChange end;
        end.state = job_state::completed;
        end.finished_at = sample_time;
        ASSERT_TRUE(store_.change_job(id, end).result().has_value());
    }

    /// Sends until `enough` holds, then stops; false when it did not come to that.
    bool send_until(const std::function<bool(const WebhookSender&)>& enough) {
        return run_coroutine([&](LoopExecutor home) -> awaitable<bool> {
            WebhookSender::Parts parts{home};
            parts.store = &store_;
            parts.blocking = &blocking_;
            parts.fetcher = &fetcher_;
            parts.clock = &system_clock();
            parts.random = &random_;
            parts.log = &log_;
            parts.metrics = &metrics_;
            parts.options.schedule.span = 1s;
            WebhookSender sender{std::move(parts)};
            store_.watch_outbox([&sender] { sender.wake(); });
            auto running = spawn(home, sender.run());
            const auto end = Steady::now() + patience;
            while (!enough(sender) && Steady::now() < end) {
                co_await sleep(1ms);
            }
            const bool came = enough(sender);
            store_.watch_outbox(nullptr);
            sender.stop();
            co_await sleep(5ms);
            running.cancel();
            co_await wait_for_end(running);
            co_return came;
        });
    }
    static awaitable<void> wait_for_end(Task<void>& running) {
        while (!running.done()) {
            co_await sleep(1ms);
        }
    }

    std::size_t count(delivery_state state) {
        DeliveryQuery query;
        query.tenant = "acme";
        query.state = state;
        return store_.deliveries(query).size();
    }

    MemoryJobStore store_;
    ThreadPoolExecutor blocking_{{.max_workers = 2}};
    ScriptedFetcher fetcher_;
    FastRandom random_{7};
    Logger log_{log_level::off};
    MetricRegistry registry_{1};
    WebhookMetrics metrics_ = WebhookMetrics::make(registry_);
};

TEST_F(WebhookSenderTest, DeliversWhatAnEarlierProcessHasLeft) {
    ended_job("job_1", {alive, alive});

    EXPECT_TRUE(send_until([this](const auto&) { return count(delivery_state::delivered) == 2; }));

    EXPECT_EQ(fetcher_.attempts(alive), 2U);
}

TEST_F(WebhookSenderTest, Whk04TriesAgainUntilItSucceeds) {
    fetcher_.answer(alive, 500);
    fetcher_.fail(alive, failure_code::connect_refused);
    fetcher_.answer(alive, 204);
    ended_job("job_1", {alive});

    EXPECT_TRUE(send_until([this](const auto&) { return count(delivery_state::delivered) == 1; }));

    EXPECT_EQ(fetcher_.attempts(alive), 3U);
}

TEST_F(WebhookSenderTest, Whk10ADeadReceiverHasItsShareAndNoMore) {
    fetcher_.hang(dead);
    for (int job = 0; job < 5; ++job) {
        ended_job("job_" + std::to_string(job), std::vector<std::string>(10, dead));
    }
    ended_job("job_z", {alive});

    EXPECT_TRUE(send_until([this](const auto&) { return count(delivery_state::delivered) == 1; }));

    EXPECT_LE(fetcher_.attempts(dead), 4U);
    EXPECT_EQ(count(delivery_state::pending), 50U);
}

TEST_F(WebhookSenderTest, Whk09WhatIsCutOffByAStopIsInTheOutboxStill) {
    fetcher_.hang(dead);
    ended_job("job_1", {dead});

    EXPECT_TRUE(send_until([](const auto& sender) { return sender.in_flight() == 1; }));

    DeliveryQuery query;
    query.tenant = "acme";
    const auto left = store_.deliveries(query);
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].state, delivery_state::pending);
    EXPECT_EQ(left[0].attempts, 0U);
}

TEST_F(WebhookSenderTest, GivesUpWhenTheScheduleIsOver) {
    fetcher_.answer(dead, 500);
    ended_job("job_1", {dead});

    EXPECT_TRUE(send_until([this](const auto&) { return count(delivery_state::failed) == 1; }));

    EXPECT_EQ(fetcher_.attempts(dead), most_delivery_attempts);
}

}  // namespace
}  // namespace fanfetch::testing
