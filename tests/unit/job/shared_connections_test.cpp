#include "coro/spawn_threadsafe.hpp"
#include "job/host_key.hpp"
#include "support/job_bench.hpp"
#include "support/patience.hpp"

#include <gtest/gtest.h>

#include <boost/asio/basic_waitable_timer.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

// What is granted to all shards together.

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::items_of;
using testing::JobBench;
using testing::urls_of;
using kind = WaitCondition::kind;

DispatchLimits at_most(std::size_t exchanges) {
    DispatchLimits limits;
    limits.most_in_flight = exchanges;
    return limits;
}

JobOptions wide() {
    JobOptions options;
    options.concurrency = options.per_host_concurrency = 100;
    return options;
}

/// URLs of as many hosts, all of which belong to one of so many shards.
std::vector<std::string> urls_at(
    std::size_t shard, std::size_t shards, std::size_t count, const std::string& who = "h"
) {
    std::vector<std::string> urls;
    for (int number = 0; urls.size() < count; ++number) {
        auto url = "http://" + who + std::to_string(number) + ".test/";
        if (shard_of(url, shards) == shard) {
            urls.push_back(std::move(url));
        }
    }
    return urls;
}

std::vector<std::string> that_hang(JobBench& bench, std::vector<std::string> urls) {
    for (const auto& url : urls) {
        bench.network().hang(url);
    }
    return urls;
}

/// Lets the loop go on for a while; how often shards reached one another meanwhile.
std::size_t reached_within(JobBench& bench, int turns) {
    const auto before = bench.reached();
    bench.wait_until([&turns] { return turns-- == 0; });
    return bench.reached() - before;
}

TEST(SharedConnections, ASingleOneIsUsedByAllShardsInTurn) {
    for (const std::size_t shards : {2U, 3U}) {
        JobBench bench{at_most(1), shards};
        bench.network().take(1ms);
        std::vector<std::shared_ptr<Job>> jobs;
        for (std::size_t shard = 0; shard < shards; ++shard) {
            jobs.push_back(bench.submit(urls_at(shard, shards, 40), wide()));
        }

        const auto half = bench.wait(*jobs.back(), {kind::count, 20});
        for (const auto& job : jobs) {
            const auto done = bench.wait(*job, {kind::count, 1})->counts.succeeded;
            EXPECT_NEAR(static_cast<double>(done), 20, 4) << shards;
        }
        for (const auto& job : jobs) {
            EXPECT_EQ(bench.wait(*job)->counts.succeeded, 40U);
        }
        EXPECT_EQ(bench.network().most_in_flight(), 1U);
    }
}

TEST(SharedConnections, ThereAreNeverMoreThanThatAndEverythingIsDone) {
    for (std::size_t most = 1; most <= 9; ++most) {
        constexpr std::size_t shards = 4;
        JobBench bench{at_most(most), shards};
        std::vector<std::shared_ptr<Job>> jobs;
        for (std::size_t shard = 0; shard < shards; ++shard) {
            jobs.push_back(bench.submit(urls_at(shard, shards, 30 + 10 * shard), wide()));
        }
        jobs.push_back(bench.submit(urls_of("a.test", 50), wide(), "other"));
        for (const auto& job : jobs) {
            const auto counts = bench.wait(*job)->counts;
            EXPECT_EQ(counts.succeeded, counts.total);
        }
        EXPECT_EQ(bench.network().most_in_flight(), most);
    }
}

TEST(SharedConnections, HostsThatAreAllOnOneShardUseThemAll) {
    for (const std::size_t most : {2U, 5U, 8U}) {
        JobBench bench{at_most(most), 2};
        const auto job = bench.submit(that_hang(bench, urls_at(1, 2, 40)), wide());

        bench.wait_until([&] { return bench.network().in_flight() == most; });

        EXPECT_EQ(bench.connections().lease(1), most);
    }
}

TEST(SharedConnections, ATenantThatIsAloneHasFiveSixthsWhereverItsHostsAre) {
    JobBench bench{at_most(60), 3};

    const auto job = bench.submit(that_hang(bench, urls_at(2, 3, 100)), wide());

    bench.wait_until([&] { return bench.network().in_flight() == 51; });
    EXPECT_EQ(bench.connections().lease(2), 60U);
    // It wants more, and there is none: that is all, whatever goes on elsewhere.
    EXPECT_LE(reached_within(bench, 500), 10U);
    EXPECT_EQ(bench.network().in_flight(), 51U);
    const auto late = bench.submit(urls_at(2, 3, 1, "late"), wide(), "other");
    EXPECT_EQ(bench.wait(*late)->counts.succeeded, 1U);
}

TEST(SharedConnections, ThoseThatWantMoreThanThereIsDoNotAskOneAnotherForEver) {
    JobBench bench{at_most(61), 2};
    auto urls = that_hang(bench, urls_at(0, 2, 100));
    const auto first = bench.submit(urls, wide());
    bench.wait_until([&] { return bench.connections().lease(0) == 61; });
    const auto second = bench.submit(that_hang(bench, urls_at(1, 2, 100)), wide(), "other");
    bench.wait_until([&] { return bench.network().in_flight_of("other") > 0; });
    reached_within(bench, 2'000);

    EXPECT_EQ(reached_within(bench, 2'000), 0U);

    // What the first one held is the other one's now, all but what is left free for who comes next.
    bench.cancel(*first);
    bench.wait_until([&] { return bench.network().in_flight_of("other") == 52; });
    const auto third = bench.submit(urls, wide());
    bench.wait_until([&] { return bench.network().in_flight_of("default") > 0; });
    reached_within(bench, 2'000);
    EXPECT_EQ(reached_within(bench, 2'000), 0U);
    EXPECT_FALSE(second->over());
    EXPECT_LE(bench.network().most_in_flight(), 61U);
}

TEST(SharedConnections, ShardsThatAreBothBusyHaveTheirPartsAndLeaveOneAnotherAlone) {
    JobBench bench{at_most(61), 2};
    bench.network().take(1ms);
    const auto many = [](std::size_t shard) {
        std::vector<std::string> urls;
        for (const auto& url : urls_at(shard, 2, 40)) {
            for (int number = 0; number < 200; ++number) {
                urls.push_back(url + std::to_string(number));
            }
        }
        return urls;
    };
    const auto first = bench.submit(many(0), wide());
    bench.wait_until([&] { return bench.connections().lease(0) == 61; });
    const auto second = bench.submit(many(1), wide(), "other");
    bench.wait_until([&] { return bench.connections().lease(1) >= 30; });
    const auto reached = bench.reached();
    const auto attempts = bench.network().attempts_of("other");

    bench.wait(*second, {kind::count, 4'000});

    EXPECT_GE(bench.connections().lease(0), 30U);
    EXPECT_GT(bench.network().attempts_of("other"), attempts + 3'000);
    EXPECT_LT(bench.reached() - reached, 100U);
    EXPECT_EQ(bench.wait(*first)->counts.succeeded, 8'000U);
    EXPECT_EQ(bench.wait(*second)->counts.succeeded, 8'000U);
}

TEST(SharedConnections, AShardThatLentThemAllHasSomeBackSoon) {
    JobBench bench{at_most(8), 2};
    bench.network().take(1ms);
    std::vector<std::string> flood;
    for (const auto& url : urls_at(0, 2, 40)) {
        for (int number = 0; number < 100; ++number) {
            flood.push_back(url + std::to_string(number));
        }
    }
    const auto large = bench.submit(flood, wide(), "large");
    bench.wait_until([&] { return bench.network().most_in_flight() == 8; });
    ASSERT_EQ(bench.connections().lease(1), 0U);
    const auto before = bench.network().attempts_of("large");

    const auto small = bench.submit(urls_at(1, 2, 10), wide(), "small");
    EXPECT_EQ(bench.wait(*small)->counts.succeeded, 10U);

    EXPECT_LE(bench.network().attempts_of("large") - before, 60U);
    EXPECT_EQ(bench.wait(*large)->counts.succeeded, flood.size());
    EXPECT_EQ(bench.network().most_in_flight(), 8U);
}

TEST(SharedConnections, WhoComesWhenAllThatIsThereHangsIsServedAtOnceOnAnotherShardToo) {
    JobBench bench{at_most(64), 2};
    const auto stuck = bench.submit(that_hang(bench, urls_at(0, 2, 100)), wide(), "stuck");
    bench.wait_until([&] { return bench.network().in_flight() == 54; });
    ASSERT_EQ(bench.connections().lease(1), 0U);

    const auto late = bench.submit(urls_at(1, 2, 50), wide(), "late");

    EXPECT_EQ(bench.wait(*late)->counts.succeeded, 50U);
    EXPECT_EQ(bench.network().in_flight_of("stuck"), 54U);
}

/// A bench whose only connection is used by a shard for something that hangs, and a job on the
/// other one.
struct Blocked {
    JobBench bench{at_most(1), 2};
    std::shared_ptr<Job> holder = bench.submit(that_hang(bench, urls_at(0, 2, 1)), wide());
    std::shared_ptr<Job> starved;

    Blocked() {
        bench.wait_until([this] { return bench.network().in_flight() == 1; });
        starved = bench.submit(urls_at(1, 2, 10), wide());
        bench.wait_until([this] { return bench.connections().needed(); });
    }
};

TEST(SharedConnections, AJobThatIsCancelledAsksForNoneAnyMore) {
    Blocked blocked;

    blocked.bench.cancel(*blocked.starved);

    blocked.bench.wait_until([&] { return !blocked.bench.connections().wanted(); });
}

TEST(SharedConnections, APausedJobAsksForNoneUntilItGoesOn) {
    Blocked blocked;
    auto& bench = blocked.bench;
    const auto& id = blocked.starved->id();

    ASSERT_TRUE(bench.run(bench.jobs().pause(id, "default")));
    bench.wait_until([&] { return !bench.connections().wanted(); });

    ASSERT_TRUE(bench.run(bench.jobs().resume(id, "default")));
    bench.wait_until([&] { return bench.connections().needed(); });
    bench.cancel(*blocked.holder);
    EXPECT_EQ(bench.wait(*blocked.starved)->counts.succeeded, 10U);
    EXPECT_EQ(bench.network().most_in_flight(), 1U);
}

TEST(SharedConnections, WhoIsLentWhatHeDoesNotNeedAnyMorePassesItOn) {
    Blocked blocked;
    auto& bench = blocked.bench;
    const auto more = bench.submit(urls_at(0, 2, 3, "more"), wide());
    bench.wait_until([&] { return more->snapshot()->counts.total == 3; });
    reached_within(bench, 100);

    // The connection is lent and the borrower's job is cancelled in the same moment.
    const auto abort = [&](const Job& job) {
        const auto body = [&]() -> awaitable<void> {
            co_await bench.jobs().cancel(job.id(), job.tenant(), cancel_mode::abort);
        };
        bench.run(body());
    };
    abort(*blocked.holder);
    abort(*blocked.starved);

    EXPECT_EQ(bench.wait(*more)->counts.succeeded, 3U);
}

TEST(SharedConnections, AShardThatStopsAsksForNone) {
    Blocked blocked;

    blocked.bench.run(blocked.bench.dispatcher(1).stop(0ms));

    EXPECT_FALSE(blocked.bench.connections().wanted());
    EXPECT_EQ(blocked.bench.connections().lease(0), 1U);
}

/// Counts the attempts that are under way on all shards.
class CountingFetcher final : public Fetcher {
public:
    explicit CountingFetcher(LoopExecutor loop) : loop_{loop} {}

    awaitable<void> fetch(FetchOrder, FetchOutcome& outcome) override {
        auto most = most_.load();
        const auto now = ++under_way_;
        while (most < now && !most_.compare_exchange_weak(most, now)) {
        }
        boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>
            timer{loop_};
        timer.expires_after(200us);
        co_await timer.async_wait(no_throw);
        --under_way_;
        outcome.status = 200;
    }
    static void begin() { most_ = 0; }
    static std::size_t most() { return most_; }

private:
    LoopExecutor loop_;
    static inline std::atomic<std::size_t> under_way_{0};
    static inline std::atomic<std::size_t> most_{0};
};

/// Two shards on threads of their own; jobs are at home with the test.
class TwoThreads {
public:
    explicit TwoThreads(std::size_t most) : connections_{most, 2} {
        CountingFetcher::begin();
        JobService::Parts service;
        for (std::size_t number = 0; number < 2; ++number) {
            auto& shard = *shards_.emplace_back(std::make_unique<Shard>());
            Dispatcher::Parts parts{shard.loop.executor()};
            parts.shard = number;
            parts.shards = 2;
            parts.reach = [this](std::size_t there, std::function<void(Dispatcher&)> act) {
                auto& target = *shards_[there];
                target.loop.post([&target, act = std::move(act)] { act(*target.dispatcher); });
            };
            parts.connection_budget = &connections_;
            parts.fetcher = &shard.fetcher;
            parts.store = &store_;
            parts.blocking = &blocking_;
            parts.random = &shard.random;
            parts.clock = &system_clock();
            shard.dispatcher = std::make_unique<Dispatcher>(std::move(parts));
            service.shards.push_back({shard.loop.executor(), shard.dispatcher.get()});
        }
        service.store = &store_;
        service.blocking = &blocking_;
        service.clock = &system_clock();
        service.log = &log_;
        jobs_ = std::make_unique<JobService>(std::move(service));
        for (auto& shard : shards_) {
            shard->loop.start();
        }
    }
    ~TwoThreads() {
        for (auto& shard : shards_) {
            spawn_threadsafe(shard->loop.executor(), shard->dispatcher->stop(0ms)).result();
        }
        jobs_->rest();
        blocking_.shutdown();
        for (auto& shard : shards_) {
            shard->loop.stop();
            shard->loop.join();
        }
    }
    TwoThreads(const TwoThreads&) = delete;

    std::shared_ptr<Job> submit(const std::vector<std::string>& urls) {
        auto body = [&]() -> awaitable<std::shared_ptr<Job>> {
            auto upload = jobs_->begin(wide(), "default", home_.executor());
            co_await upload->add(items_of(urls));
            co_await upload->seal();
            co_return upload->job();
        };
        return home_.run_until_complete(body());
    }
    JobSnapshotPtr wait(const Job& job) {
        auto body = [&]() -> awaitable<JobSnapshotPtr> {
            auto done = co_await jobs_->wait(job.id(), job.tenant(), {}, testing::patience);
            co_return done.value();
        };
        return home_.run_until_complete(body());
    }

private:
    struct Shard {
        EventLoop loop{"shard"};
        FastRandom random{1};
        CountingFetcher fetcher{loop.executor()};
        std::unique_ptr<Dispatcher> dispatcher;
    };

    Logger log_{log_level::off};
    EventLoop home_{"home"};
    PendingBytes pending_;
    MemoryJobStore store_;
    ThreadPoolExecutor blocking_;
    ConnectionBudget connections_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::unique_ptr<JobService> jobs_;
};

TEST(SharedConnections, AreNeverTooManyWithAThreadForEachShard) {
    for (const std::size_t most : {1U, 2U, 3U, 8U}) {
        TwoThreads bench{most};
        std::vector<std::shared_ptr<Job>> jobs;
        for (int round = 0; round < 3; ++round) {
            jobs.push_back(bench.submit(urls_at(0, 2, 150)));
            jobs.push_back(bench.submit(urls_at(1, 2, 30)));
            jobs.push_back(bench.submit(urls_of("a.test", 20)));
            EXPECT_EQ(bench.wait(*jobs[jobs.size() - 2])->counts.succeeded, 30U);
        }
        for (const auto& job : jobs) {
            const auto counts = bench.wait(*job)->counts;
            EXPECT_EQ(counts.succeeded, counts.total);
        }
        EXPECT_EQ(CountingFetcher::most(), most);
    }
}

}  // namespace
}  // namespace fanfetch
