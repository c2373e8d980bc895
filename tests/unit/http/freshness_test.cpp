#include "http/freshness.hpp"
#include "http/http_date.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

const WallTime now{std::chrono::sys_days{std::chrono::year{2026} / 3 / 14} + 9h};

using Fields = std::vector<std::pair<std::string, std::string>>;

std::optional<Freshness> judge(const Fields& fields, std::uint16_t status = 200) {
    HeaderBlock block;
    for (const auto& [name, value] : fields) {
        block.add(name, value);
    }
    return freshness_of({status, &block, now, now});
}

/// For how long from now on; nullopt: not at all.
std::optional<milliseconds> fresh_for(const Fields& fields, std::uint16_t status = 200) {
    const auto freshness = judge(fields, status);
    return freshness ? std::optional{freshness->fresh_until - now} : std::nullopt;
}

std::string date(milliseconds from_now) {
    return to_http_date(now + from_now);
}

TEST(Freshness, MaxAgeSaysHowLong) {
    EXPECT_EQ(fresh_for({{"Cache-Control", "max-age=60"}}), 60s);
    EXPECT_EQ(fresh_for({{"cache-control", "public , MAX-AGE = \"60\""}}), 60s);
    EXPECT_EQ(fresh_for({{"Cache-Control", "public"}, {"Cache-Control", "max-age=5"}}), 5s);
    EXPECT_EQ(fresh_for({{"Cache-Control", R"(x="a,b\",max-age=1",max-age=7)"}}), 7s);
    EXPECT_EQ(fresh_for({{"Cache-Control", ",,max-age=9,"}}), 9s);
}

TEST(Freshness, APrivateCacheLooksNeitherAtSharedOnesNorAtWhatHoldsForStaleResponses) {
    EXPECT_EQ(fresh_for({{"Cache-Control", "private, max-age=60"}}), 60s);
    EXPECT_EQ(fresh_for({{"Cache-Control", "s-maxage=1, max-age=60"}}), 60s);
    EXPECT_EQ(fresh_for({{"Cache-Control", "max-age=60, must-revalidate, immutable"}}), 60s);
    EXPECT_EQ(fresh_for({{"Cache-Control", "s-maxage=60"}}), std::nullopt);
}

TEST(Freshness, WhatForbidsIsObeyed) {
    EXPECT_FALSE(judge({{"Cache-Control", "max-age=60, no-store"}}));
    EXPECT_FALSE(judge({{"Cache-Control", "no-cache, max-age=60"}}));
    EXPECT_FALSE(judge({{"Cache-Control", R"(no-cache="set-cookie", max-age=60)"}}));
    EXPECT_FALSE(judge({{"Cache-Control", "max-age=60"}, {"Cache-Control", "No-Store"}}));
    EXPECT_FALSE(judge({{"Cache-Control", "must-understand, no-store, max-age=60"}}));
    EXPECT_FALSE(judge({{"Cache-Control", "max-age=60"}, {"Vary", "*"}}));
    EXPECT_FALSE(judge({{"Cache-Control", "max-age=60"}, {"Vary", "Accept, *"}}));
    EXPECT_TRUE(judge({{"Cache-Control", "max-age=60"}, {"Vary", "Accept, User-Agent"}}));
}

TEST(Freshness, ALifetimeThatMeansNothingIsNone) {
    for (const auto* value :
         {"max-age", "max-age=", "max-age=-1", "max-age=1.5", "max-age=1h", "max-age=\"",
          "max-age=0", "max-age=60, max-age=61"}) {
        EXPECT_FALSE(judge({{"Cache-Control", value}, {"Last-Modified", date(-1000h)}})) << value;
    }
    EXPECT_EQ(fresh_for({{"Cache-Control", "max-age=60, max-age=60"}}), 60s);
    EXPECT_EQ(
        fresh_for({{"Cache-Control", "max-age=99999999999999999999"}}),
        std::chrono::seconds{2'147'483'648}
    );
}

TEST(Freshness, ExpiresCountsFromTheDateAndYieldsToMaxAge) {
    EXPECT_EQ(fresh_for({{"Date", date(0ms)}, {"Expires", date(90s)}}), 90s);
    EXPECT_EQ(fresh_for({{"Expires", date(90s)}}), 90s) << "without a Date it was made just now";
    EXPECT_EQ(fresh_for({{"Expires", date(90s)}, {"Cache-Control", "max-age=5"}}), 5s);
    EXPECT_EQ(fresh_for({{"Date", "yesterday"}, {"Expires", date(90s)}}), 90s);
    EXPECT_FALSE(judge({{"Expires", "0"}, {"Last-Modified", date(-1000h)}}));
    EXPECT_FALSE(judge({{"Expires", date(0ms)}}));
    EXPECT_FALSE(judge({{"Expires", date(90s)}, {"Expires", date(91s)}}));
    EXPECT_FALSE(judge({{"Date", date(90s)}, {"Expires", date(90s)}}));
}

TEST(Freshness, AgeAndDateAreTakenOff) {
    const Fields aged{{"Cache-Control", "max-age=60"}, {"Age", "20"}};
    EXPECT_EQ(fresh_for(aged), 40s);
    EXPECT_EQ(judge(aged)->born_at, now - 20s);
    EXPECT_EQ(fresh_for({{"Cache-Control", "max-age=60"}, {"Date", date(-25s)}}), 35s);
    EXPECT_EQ(
        fresh_for({{"Cache-Control", "max-age=60"}, {"Date", date(-25s)}, {"Age", "50, 1"}}), 10s
    );
    EXPECT_EQ(fresh_for({{"Cache-Control", "max-age=60"}, {"Age", "old"}}), 60s);
    EXPECT_FALSE(judge({{"Cache-Control", "max-age=60"}, {"Age", "60"}}));
    EXPECT_FALSE(judge({{"Cache-Control", "max-age=60"}, {"Age", "99999999999999999999"}}));
    EXPECT_EQ(fresh_for({{"Cache-Control", "max-age=60"}, {"Date", date(25s)}}), 60s)
        << "an origin whose clock is ahead makes nothing younger than it is";
}

TEST(Freshness, TimeOnTheWayMakesOlder) {
    HeaderBlock fields;
    fields.add("Cache-Control", "max-age=60");
    fields.add("Age", "10");

    const auto freshness = freshness_of({200, &fields, now - 4s, now});

    ASSERT_TRUE(freshness);
    EXPECT_EQ(freshness->born_at, now - 14s);
    EXPECT_EQ(freshness->fresh_until, now + 46s);
}

TEST(Freshness, WithoutAWordATenthOfWhatIsKnownCounts) {
    EXPECT_EQ(fresh_for({{"Last-Modified", date(-10h)}}), 1h);
    EXPECT_EQ(fresh_for({{"Last-Modified", date(-10h)}, {"Date", date(-30min)}}), 27min)
        << "a tenth of 9.5 hours, half an hour of it over";
    EXPECT_EQ(fresh_for({{"Last-Modified", date(-24000h)}}), longest_heuristic_freshness);
    EXPECT_FALSE(judge({{"Last-Modified", date(1h)}}));
    EXPECT_FALSE(judge({{"Last-Modified", "long ago"}}));
    EXPECT_FALSE(judge({}));
}

TEST(Freshness, OnlyStatusesThatAreCacheableByDefaultAreKept) {
    using statuses = std::vector<std::uint16_t>;
    const Fields fields{{"Cache-Control", "max-age=60"}};
    for (const auto status : statuses{200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501}) {
        EXPECT_TRUE(judge(fields, status)) << status;
    }
    for (const auto status : statuses{201, 206, 302, 303, 304, 307, 400, 401, 403, 429, 500, 503}) {
        EXPECT_FALSE(judge(fields, status)) << status;
    }
}

}  // namespace
}  // namespace fanfetch
