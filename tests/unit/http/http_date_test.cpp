#include "http/http_date.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

constexpr WallTime now = sys_days{2026y / November / 21} + 21h + 52min + 59s;
constexpr WallTime example = sys_days{1994y / November / 6} + 8h + 49min + 37s;

TEST(HttpDate, ReadsTheThreeForms) {
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now), example);
    EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now), example);
    EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", now), example);
    EXPECT_EQ(parse_http_date("Wed Nov 16 08:49:37 1994", now), example + days{10});
}

TEST(HttpDate, TwoDigitYearsAreAtMostFiftyYearsAhead) {
    const auto year_of = [](std::string_view digits) {
        const auto text = "Sunday, 01-Jan-" + std::string{digits} + " 00:00:00 GMT";
        const auto time = parse_http_date(text, now).value();
        return static_cast<int>(year_month_day{floor<days>(time)}.year());
    };

    EXPECT_EQ(year_of("26"), 2026);
    EXPECT_EQ(year_of("76"), 2076);
    EXPECT_EQ(year_of("77"), 1977);
    EXPECT_EQ(year_of("99"), 1999);
    EXPECT_EQ(year_of("00"), 2000);
}

TEST(HttpDate, RefusesWhatIsNone) {
    for (const auto* text : {
             "",
             "now",
             "1994-11-06T08:49:37Z",
             "Sun, 06 Nov 1994 08:49:37",
             "Sun, 06 Nov 1994 08:49:37 UTC",
             "Sun, 06 Nov 1994 08:49:37 GMT ",
             " Sun, 06 Nov 1994 08:49:37 GMT",
             "sun, 06 nov 1994 08:49:37 gmt",
             "Sun, 6 Nov 1994 08:49:37 GMT",
             "Sun, 06 Nov 94 08:49:37 GMT",
             "Sun, 31 Nov 1994 08:49:37 GMT",
             "Sun, 29 Feb 2023 08:49:37 GMT",
             "Sun, 00 Nov 1994 08:49:37 GMT",
             "Sun, 06 Nov 1994 24:00:00 GMT",
             "Sun, 06 Nov 1994 08:60:37 GMT",
             "Sun, 06 Nov 1994 08:49:61 GMT",
             "Sun, 06 Nov 1994 8:49:37 GMT",
             "Sun Nov 6 08:49:37 1994",
             "Sun, 06 Nov -994 08:49:37 GMT",
             "Sunday, 06-Nov-1994 08:49:37 GMT",
         }) {
        EXPECT_EQ(parse_http_date(text, now), std::nullopt) << text;
    }
}

TEST(HttpDate, LeapSecondIsTheNextMinute) {
    EXPECT_EQ(
        parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", now),
        WallTime{sys_days{2017y / January / 1}}
    );
}

TEST(HttpDate, WritesWhatItReads) {
    EXPECT_EQ(to_http_date(example), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(to_http_date(example + 999ms), "Sun, 06 Nov 1994 08:49:37 GMT");
    for (WallTime time{}; time < now; time += days{37} + 1h + 1min + 1s) {
        EXPECT_EQ(parse_http_date(to_http_date(time), now), time);
    }
}

}  // namespace
}  // namespace fanfetch
