#include "base/metrics.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace fanfetch {
namespace {

std::string scrape(const MetricRegistry& registry) {
    std::string text;
    registry.write(text);
    return text;
}

TEST(MetricRegistry, AddsUpTheShards) {
    MetricRegistry registry{2};
    const auto fetched = registry.counter({"fanfetch_fetched_total", "Fetches that ended.", {}});

    fetched.at(0).add();
    fetched.at(1).add(5);
    fetched.elsewhere().add_shared(10);

    EXPECT_EQ(
        scrape(registry),
        "# HELP fanfetch_fetched_total Fetches that ended.\n"
        "# TYPE fanfetch_fetched_total counter\n"
        "fanfetch_fetched_total 16\n"
    );
}

TEST(MetricRegistry, WritesEveryCombinationOfClosedLabels) {
    MetricRegistry registry{1};
    const auto items = registry.counter(
        {"fanfetch_items_total",
         "Items by state and scheme.",
         {{"state", {"succeeded", "failed"}}, {"scheme", {"http", "https"}}}}
    );

    items.at(0, 1, 0).add(3);
    items.at(0, 0, 1).add(2);

    EXPECT_EQ(
        scrape(registry),
        "# HELP fanfetch_items_total Items by state and scheme.\n"
        "# TYPE fanfetch_items_total counter\n"
        "fanfetch_items_total{state=\"succeeded\",scheme=\"http\"} 0\n"
        "fanfetch_items_total{state=\"succeeded\",scheme=\"https\"} 2\n"
        "fanfetch_items_total{state=\"failed\",scheme=\"http\"} 3\n"
        "fanfetch_items_total{state=\"failed\",scheme=\"https\"} 0\n"
    );
}

TEST(MetricRegistry, GaugesGoDownAndMayBeAsked) {
    MetricRegistry registry{2};
    const auto open = registry.gauge({"fanfetch_open_connections", "Open.", {}});
    registry.gauge({"fanfetch_memory_bytes", "In use.", {}}, [] { return 1.5; });

    open.at(0).add(2);
    open.at(1).subtract(3);

    const auto text = scrape(registry);
    EXPECT_NE(text.find("\nfanfetch_open_connections -1\n"), std::string::npos);
    EXPECT_NE(text.find("\nfanfetch_memory_bytes 1.5\n"), std::string::npos);
}

TEST(MetricRegistry, HistogramsCountIntoCumulativeBuckets) {
    MetricRegistry registry{2};
    const auto seconds =
        registry.histogram({"fanfetch_fetch_duration_seconds", "Per fetch.", {}}, {0.1, 1, 2.5});

    seconds.observe(0, 0.1);
    seconds.observe(1, 0.5);
    seconds.observe(1, 7);

    EXPECT_EQ(
        scrape(registry),
        "# HELP fanfetch_fetch_duration_seconds Per fetch.\n"
        "# TYPE fanfetch_fetch_duration_seconds histogram\n"
        "fanfetch_fetch_duration_seconds_bucket{le=\"0.1\"} 1\n"
        "fanfetch_fetch_duration_seconds_bucket{le=\"1\"} 2\n"
        "fanfetch_fetch_duration_seconds_bucket{le=\"2.5\"} 2\n"
        "fanfetch_fetch_duration_seconds_bucket{le=\"+Inf\"} 3\n"
        "fanfetch_fetch_duration_seconds_sum 7.6\n"
        "fanfetch_fetch_duration_seconds_count 3\n"
    );
}

TEST(MetricRegistry, Inj08EscapesHelpAndLabelValues) {
    MetricRegistry registry{1};
    (void)registry.counter({"fanfetch_x_total", "a\\b\nc", {{"kind", {"q\"\\\n"}}}});

    const auto text = scrape(registry);

    EXPECT_NE(text.find("# HELP fanfetch_x_total a\\\\b\\nc\n"), std::string::npos);
    EXPECT_NE(text.find("{kind=\"q\\\"\\\\\\n\"} 0\n"), std::string::npos);
}

TEST(MetricRegistry, RefusesNamesThatBreakTheRules) {
    MetricRegistry registry{1};
    (void)registry.counter({"fanfetch_once_total", "Once.", {}});

    EXPECT_THROW((void)registry.counter({"fanfetch_once_total", "Twice.", {}}), std::logic_error);
    EXPECT_THROW((void)registry.counter({"fanfetch_count", "No _total.", {}}), std::logic_error);
    EXPECT_THROW((void)registry.gauge({"fanfetch_g_total", "A gauge.", {}}), std::logic_error);
    EXPECT_THROW((void)registry.gauge({"other_bytes", "Not ours.", {}}), std::logic_error);
    EXPECT_THROW((void)registry.gauge({"fanfetch_Bytes", "Capitals.", {}}), std::logic_error);
    EXPECT_THROW((void)registry.gauge({"fanfetch_bytes", "", {}}), std::logic_error);
    EXPECT_THROW((void)registry.gauge({"fanfetch_l", "L.", {{"x", {}}}}), std::logic_error);
    EXPECT_THROW((void)registry.histogram({"fanfetch_h", "H.", {}}, {1, 1}), std::logic_error);
    EXPECT_EQ(registry.names(), (std::vector<std::string>{"fanfetch_once_total"}));
}

TEST(MetricRegistry, IsScrapedWhileShardsCount) {
    constexpr std::uint64_t each = 20'000;
    MetricRegistry registry{2};
    const auto counter = registry.counter({"fanfetch_n_total", "N.", {}});

    {
        std::vector<std::jthread> threads;
        for (std::size_t shard = 0; shard < 2; ++shard) {
            threads.emplace_back([&counter, shard] {
                for (std::uint64_t i = 0; i < each; ++i) {
                    counter.at(shard).add();
                    counter.elsewhere().add_shared();
                }
            });
        }
        for (int i = 0; i < 100; ++i) {
            (void)scrape(registry);
        }
    }

    EXPECT_NE(scrape(registry).find("fanfetch_n_total 80000\n"), std::string::npos);
}

}  // namespace
}  // namespace fanfetch
