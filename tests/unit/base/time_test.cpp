#include "base/time.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

WallTime at(std::int64_t milliseconds) {
    return WallTime{std::chrono::milliseconds{milliseconds}};
}

TEST(Rfc3339, WritesMillisecondsInUtc) {
    EXPECT_EQ(to_rfc3339(at(0)), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(to_rfc3339(at(1'795'297'979'123)), "2026-11-21T21:52:59.123Z");
    EXPECT_EQ(to_rfc3339(at(951'782'400'007)), "2000-02-29T00:00:00.007Z");
    EXPECT_EQ(to_rfc3339(at(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Rfc3339, ReadsWhatItWrites) {
    for (const std::int64_t moment :
         {0LL, 1LL, 951'782'400'007LL, 4'102'444'799'999LL, -62'135'596'800'000LL}) {
        EXPECT_EQ(parse_rfc3339(to_rfc3339(at(moment))), at(moment)) << moment;
    }
}

// The examples of RFC 3339 §5.8, with the moments they stand for.
TEST(Rfc3339, ReadsOffsetsFractionsAndLeapSeconds) {
    EXPECT_EQ(parse_rfc3339("1985-04-12T23:20:50.52Z"), at(482'196'050'520));
    EXPECT_EQ(parse_rfc3339("1996-12-19T16:39:57-08:00"), at(851'042'397'000));
    EXPECT_EQ(parse_rfc3339("1990-12-31T23:59:60Z"), at(662'688'000'000));
    EXPECT_EQ(parse_rfc3339("1937-01-01T12:00:27.87+00:20"), at(-1'041'337'172'130));
    EXPECT_EQ(parse_rfc3339("1970-01-01t00:00:00.1239999999999z"), at(123));
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
    for (const auto* text :
         {"", "2026", "2026-11-21", "2026-11-21T21:52:59", "2026-11-21 21:52:59Z",
          "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z",
          "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z",
          "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00Zx",
          "+026-01-01T00:00:00Z", "2026-1-01T00:00:00Z", "2026-01-00T00:00:00Z"}) {
        EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
    }
}

TEST(Duration, ReadsUnitsAndPlainSeconds) {
    EXPECT_EQ(parse_duration("250ms"), 250ms);
    EXPECT_EQ(parse_duration("30s"), 30s);
    EXPECT_EQ(parse_duration("30"), 30s);
    EXPECT_EQ(parse_duration("5m"), 5min);
    EXPECT_EQ(parse_duration("2h"), 2h);
    EXPECT_EQ(parse_duration("1d"), 24h);
    EXPECT_EQ(parse_duration("1.5s"), 1500ms);
    EXPECT_EQ(parse_duration("0.25"), 250ms);
    EXPECT_EQ(parse_duration("0"), 0ms);
    EXPECT_EQ(parse_duration("106751d"), std::chrono::days{106'751});
}

TEST(Duration, RoundsToMillisecondsButNeverToNothing) {
    EXPECT_EQ(parse_duration("0.3333333333333s"), 333ms);
    EXPECT_EQ(parse_duration("0.9996s"), 1s);
    EXPECT_EQ(parse_duration("0.0001s"), 1ms);
}

TEST(Duration, RefusesWhatIsNoDuration) {
    for (const auto* text :
         {"", "s", "-1s", "+1s", "1.s", ".5s", "1 s", "1S", "1w", "1sec", "1e3s", "0x10s", " 1s",
          "106752d", "9223372036855", "99999999999999999999s", "9223372036854.9999"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

TEST(Duration, WritesTheShortestSpelling) {
    EXPECT_EQ(to_string(0ms), "0s");
    EXPECT_EQ(to_string(250ms), "250ms");
    EXPECT_EQ(to_string(std::chrono::milliseconds{30s}), "30s");
    EXPECT_EQ(to_string(std::chrono::milliseconds{90s}), "90s");
    EXPECT_EQ(to_string(std::chrono::milliseconds{1h}), "1h");
    EXPECT_EQ(to_string(std::chrono::milliseconds{24h}), "1d");
}

TEST(SaturatingAdd, StopsAtTheLastTimePoint) {
    const Steady::time_point start{5s};

    EXPECT_EQ(saturating_add(start, 1s), Steady::time_point{6s});
    EXPECT_EQ(saturating_add(start, std::chrono::nanoseconds::max()), Steady::time_point::max());
    EXPECT_EQ(saturating_add(Steady::time_point::max(), 1ns), Steady::time_point::max());
}

TEST(SystemClock, TellsTheMachinesTime) {
    const auto before =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());

    const auto told = system_clock().wall();

    EXPECT_GE(told, before);
    EXPECT_LE(told, std::chrono::system_clock::now());
}

}  // namespace
}  // namespace fanfetch
