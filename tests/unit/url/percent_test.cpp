#include "url/percent.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

std::string encoded(std::string_view text, const ByteSet& set) {
    std::string out;
    append_percent_encoded(out, text, set);
    return out;
}

/// The printable ASCII bytes that are members.
std::string members(const ByteSet& set) {
    std::string out;
    for (char byte = 0x20; byte < 0x7f; ++byte) {
        if (set.contains(byte)) {
            out += byte;
        }
    }
    return out;
}

TEST(Percent, TheSetsAreTheStandards) {
    EXPECT_EQ(members(fragment_percent_encode_set), " \"<>`");
    EXPECT_EQ(members(query_percent_encode_set), " \"#'<>");
    EXPECT_EQ(members(path_percent_encode_set), " \"#<>?^`{}");
    EXPECT_EQ(members(forbidden_domain_bytes), " #%/:<>?@[\\]^|");
}

TEST(Percent, EncodesBytesInCapitalsAndLeavesPercentAlone) {
    EXPECT_EQ(encoded("a b\xc3\xa9%zz%2f", path_percent_encode_set), "a%20b%C3%A9%zz%2f");
}

TEST(Percent, DecodesWhatHasTwoDigits) {
    EXPECT_EQ(percent_decoded("%41%6a%4A%"), "AjJ%");
    EXPECT_EQ(percent_decoded("%4"), "%4");
    EXPECT_EQ(percent_decoded("%4g%%41"), "%4g%A");
    EXPECT_EQ(percent_decoded("%2541"), "%41") << "once, not twice";
    EXPECT_EQ(percent_decoded("%00"), std::string(1, '\0'));
}

}  // namespace
}  // namespace fanfetch
