#include "base/json_text.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <utility>
#include <vector>

namespace fanfetch {
namespace {

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

TEST(JsonText, Inj01LetsNoControlCharacterOut) {
    using namespace std::string_view_literals;
    EXPECT_EQ(quoted("a\r\nb\t\"\\"), R"("a\r\nb\t\"\\")");
    EXPECT_EQ(quoted("\0\x1B[31m\x7F"sv), R"("\u0000\u001b[31m\u007f")");
    EXPECT_EQ(quoted("\u2028\u2029"), R"("\u2028\u2029")");
    EXPECT_EQ(quoted("\u0085\u009B"), R"("\u0085\u009b")");
    EXPECT_EQ(quoted("\u202E\u2066"), R"("\u202e\u2066")");
}

TEST(JsonText, KeepsOtherCharactersAsTheyAre) {
    EXPECT_EQ(quoted(""), R"("")");
    EXPECT_EQ(quoted("grüße 文字 😀"), "\"grüße 文字 😀\"");
}

TEST(JsonText, Inj01ReplacesWhatIsNotUtf8) {
    const std::string mark = "\xEF\xBF\xBD";
    EXPECT_EQ(
        quoted("\xFF"
               "a\x80"),
        "\"" + mark + "a" + mark + "\""
    );
    EXPECT_EQ(quoted("\xC0\xAF"), "\"" + mark + mark + "\"") << "overlong";
    EXPECT_EQ(quoted("\xED\xA0\x80"), "\"" + mark + mark + mark + "\"") << "surrogate";
    EXPECT_EQ(quoted("\xF4\x90\x80\x80"), "\"" + mark + mark + mark + mark + "\"");
    EXPECT_EQ(quoted("\xE6\x96"), "\"" + mark + mark + "\"") << "cut off";
}

TEST(JsonText, WritesNumbersThatReadBackTheSame) {
    const auto written = [](double number) {
        std::string out;
        append_json_number(out, number);
        return out;
    };
    EXPECT_EQ(written(0.1), "0.1");
    EXPECT_EQ(written(1.5), "1.5");
    EXPECT_EQ(written(1e300), "1e+300");
    EXPECT_EQ(std::stod(written(1.0 / 3)), 1.0 / 3);
    EXPECT_EQ(written(std::numeric_limits<double>::infinity()), "null");
    EXPECT_EQ(written(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(JsonText, CutsBetweenCharacters) {
    EXPECT_EQ(cut_utf8("abc", 3), "abc");
    EXPECT_EQ(cut_utf8("abcd", 3), "abc");
    EXPECT_EQ(cut_utf8("aü", 2), "a");
    EXPECT_EQ(cut_utf8("😀", 3), "");
}

}  // namespace
}  // namespace fanfetch
