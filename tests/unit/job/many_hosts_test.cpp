#include "support/job_bench.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::items_of;
using testing::JobBench;
using testing::urls_of;
using kind = WaitCondition::kind;

std::string host_name(int number) {
    return "h" + std::to_string(number) + ".test";
}

std::vector<std::string> urls_of_hosts(int hosts, std::size_t each) {
    std::vector<std::string> urls;
    for (int host = 0; host < hosts; ++host) {
        for (auto& url : urls_of(host_name(host), each)) {
            urls.push_back(std::move(url));
        }
    }
    return urls;
}

std::vector<HostStatus> hosts_of(JobBench& bench) {
    return bench.run(bench.jobs().hosts(std::nullopt));
}

TEST(JobHosts, EveryHostIsAskedBeforeAnyIsAskedTwice) {
    JobBench bench;
    for (const auto& url : urls_of_hosts(8, 10)) {
        bench.network().hang(url);
    }
    JobOptions options;
    options.concurrency = 9;  // the ninth comes when everything else has started
    auto urls = urls_of_hosts(8, 10);
    urls.push_back("http://last.test/0");

    const auto job = bench.submit(urls, options);
    bench.wait(*job, {kind::count, 1});

    for (int host = 0; host < 8; ++host) {
        EXPECT_EQ(bench.network().attempts("http://" + host_name(host) + "/0"), 1U) << host;
    }
}

TEST(JobHosts, AreForgottenWhenTheJobHasNothingLeftForThem) {
    JobBench bench;
    bench.network().hang("http://slow.test/0");
    auto urls = urls_of("slow.test", 1);
    for (auto& url : urls_of_hosts(500, 2)) {
        urls.push_back(std::move(url));
    }

    const auto job = bench.submit(urls);
    bench.wait(*job, {kind::count, 1'000});

    const auto hosts = hosts_of(bench);
    ASSERT_EQ(hosts.size(), 1U);
    EXPECT_EQ(hosts[0].host, "slow.test:80");
}

TEST(JobHosts, ARateHoldsAlsoForAHostThatHadNothingToDo) {
    DispatchLimits limits;
    limits.host.max_rate = 5;
    JobBench bench{limits};
    const auto started = Steady::now();

    bench.run_to_end(urls_of("a.test", 1));
    bench.run_to_end(urls_of("a.test", 1));
    bench.run_to_end(urls_of("a.test", 1));

    EXPECT_GE(Steady::now() - started, 400ms);
}

TEST(JobHosts, AJobThatFoundNoConnectionLeftHearsOfTheNextOne) {
    DispatchLimits limits;
    limits.most_in_flight = 2;
    JobBench bench{limits};
    bench.network().take(1ms);

    std::vector<std::shared_ptr<Job>> jobs;
    for (int number = 0; number < 20; ++number) {
        jobs.push_back(bench.submit(urls_of(host_name(number), 20)));
    }

    for (const auto& job : jobs) {
        EXPECT_EQ(bench.wait(*job)->counts.succeeded, 20U);
    }
    EXPECT_EQ(bench.network().most_in_flight(), 2U);
}

/// A job that leases what it was told to, whatever the shard reports.
class Lender final : public JobFrontEnd {
public:
    explicit Lender(std::string id) : id_{std::move(id)} {}

    [[nodiscard]] const std::string& id() const noexcept override { return id_; }
    [[nodiscard]] const std::string& tenant() const noexcept override { return tenant_; }
    [[nodiscard]] const JobOptions& options() const noexcept override { return options_; }
    [[nodiscard]] JobKnobs knobs() const override { return JobKnobs::of(options_); }
    void report(std::size_t, RunnerReport) override {}
    void committed(Commit, ResultCount) override {}
    void item_failed() noexcept override {}
    [[nodiscard]] bool hesitates() noexcept override { return false; }
    void backlog(HostBacklog) override {}

private:
    std::string id_;
    std::string tenant_ = "default";
    JobOptions options_;
};

TEST(JobHosts, APermitThatCameWhenThereWasNoRoomIsUsedWhenThereIs) {
    DispatchLimits limits;
    limits.most_in_flight = 1;
    JobBench bench{limits};
    const auto first = std::make_shared<Lender>("first");
    const auto second = std::make_shared<Lender>("second");
    // The permit comes before the only connection is free, and the shard looks at it after that.
    bench.network().before_end("http://a.test/0", [&] {
        bench.dispatcher().give(second, items_of(urls_of("b.test", 2)), 1);
    });

    bench.dispatcher().give(first, items_of(urls_of("a.test", 1)), 1);

    EXPECT_NO_THROW(bench.wait_until([&] {
        return bench.network().attempts("http://b.test/1") == 1;
    }));
}

TEST(JobHosts, ItemsOfFullAndPausedHostsCountAsWaiting) {
    JobBench bench;
    for (const auto& url : urls_of("full.test", 5)) {
        bench.network().hang(url);
    }
    auto pause = [](HostOverride before) {
        before.paused = true;
        return before;
    };
    auto body = [&]() -> awaitable<void> {
        co_await bench.jobs().change_host("paused.test:80", pause);
    };
    bench.run(body());
    JobOptions options;
    options.per_host_concurrency = 2;
    auto urls = urls_of("full.test", 5);
    for (auto& url : urls_of("paused.test", 7)) {
        urls.push_back(std::move(url));
    }
    urls.push_back("http://last.test/0");

    const auto job = bench.submit(urls, options);
    const auto seen = bench.wait(*job, {kind::count, 1});

    EXPECT_EQ(seen->counts.running, 2U);
    EXPECT_EQ(seen->counts.waiting, 10U);
    EXPECT_EQ(seen->counts.queued, 0U);
}

}  // namespace
}  // namespace fanfetch
