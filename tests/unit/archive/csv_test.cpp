#include "archive/csv.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::string_literals;

std::string cell(std::string_view text) {
    std::string out;
    {
        CsvLine line{out};
        line.text(text);
    }
    return out.substr(0, out.size() - 2);
}

TEST(Csv, WritesALine) {
    std::string out;
    {
        CsvLine line{out};
        line.text("a");
        line.number(7);
        line.nothing();
        line.text("");
        line.text("b");
    }
    EXPECT_EQ(out, "a,7,,,b\r\n");
}

TEST(Csv, QuotesWhatWouldBreakTheLine) {
    EXPECT_EQ(cell("a,b"), "\"a,b\"");
    EXPECT_EQ(cell("a\"b"), "\"a\"\"b\"");
    EXPECT_EQ(cell("a\r\nb"), "\"a\r\nb\"");
    EXPECT_EQ(cell(" a"), "\" a\"");
    EXPECT_EQ(cell("a b"), "a b");
    EXPECT_EQ(
        cell("a\0b"s),
        "a\xEF\xBF\xBD"
        "b"
    );
}

TEST(Csv, Inj06FormulasAreNeutralised) {
    for (const auto* text : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'quoted"}) {
        EXPECT_EQ(cell(text), "'"s + text);
    }
    EXPECT_EQ(cell("\r=1"), "\"'\r=1\"");
    EXPECT_EQ(cell("\n=1"), "\"'\n=1\"");
    EXPECT_EQ(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
    EXPECT_EQ(cell("http://a.test/=1"), "http://a.test/=1");
}

}  // namespace
}  // namespace fanfetch
