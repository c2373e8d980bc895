#include "http/field_syntax.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fanfetch {
namespace {

TEST(FieldSyntax, ValueJudgesEachByteAtEachPlaceOfAWord) {
    for (int byte = 0; byte < 256; ++byte) {
        const auto c = static_cast<char>(byte);
        const bool allowed = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
        for (std::size_t at = 0; at < 20; ++at) {
            for (const char filler : {'a', '\t', '\x80', '\xff'}) {
                std::string text(20, filler);
                text[at] = c;
                EXPECT_EQ(is_value(text), allowed) << byte << " at " << at;
            }
        }
    }
}

TEST(FieldSyntax, TokensAreMadeOfFifteenMarksDigitsAndLetters) {
    int allowed = 0;
    for (int byte = 0; byte < 256; ++byte) {
        allowed += is_token_char(static_cast<char>(byte)) ? 1 : 0;
    }

    EXPECT_EQ(allowed, 15 + 10 + 26 + 26);
    EXPECT_TRUE(is_token("X-$Prototype_1!"));
    EXPECT_FALSE(is_token(""));
    EXPECT_FALSE(is_token("a b"));
    EXPECT_FALSE(is_token("a:"));
}

TEST(FieldSyntax, TrimsSpacesAndTabsOnly) {
    EXPECT_EQ(trim_ows(" \t a b\t "), "a b");
    EXPECT_EQ(trim_ows(" \t "), "");
    EXPECT_EQ(trim_ows("\r\na"), "\r\na");
}

TEST(FieldSyntax, ComparesNamesWithoutCaseInAsciiOnly) {
    EXPECT_TRUE(equal_ignoring_case("Content-Length", "CONTENT-length"));
    EXPECT_FALSE(equal_ignoring_case("a", "ab"));
    EXPECT_FALSE(equal_ignoring_case("[", "{"));
    EXPECT_FALSE(equal_ignoring_case("\xC9", "\xE9"));
}

TEST(FieldSyntax, ListElementsAreTrimmedAndTheEmptyOnesKept) {
    std::vector<std::string_view> elements;

    for_each_element(" a ,,\tb c,", [&](std::string_view element) { elements.push_back(element); });

    EXPECT_EQ(elements, (std::vector<std::string_view>{"a", "", "b c", ""}));
}

TEST(FieldSyntax, ExcerptsArePrintableAndShort) {
    EXPECT_EQ(quoted_excerpt("a\r\x1b\xC3"), "'a?\?\?'");
    EXPECT_EQ(quoted_excerpt(std::string(40, 'x')), "'" + std::string(40, 'x') + "'");
    EXPECT_EQ(quoted_excerpt(std::string(41, 'x')), "'" + std::string(40, 'x') + "…'");
}

}  // namespace
}  // namespace fanfetch
