#include "url/idna.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

TEST(Idna, AsciiIsOnlyLowered) {
    EXPECT_EQ(domain_to_ascii("WWW.XN--A.--x--"), "www.xn--a.--x--");
    EXPECT_EQ(domain_to_ascii(""), "");
}

TEST(Idna, NamesInUseAreTaken) {
    EXPECT_EQ(domain_to_ascii("B\u00dcCHER.example"), "xn--bcher-kva.example");
    EXPECT_EQ(domain_to_ascii("bu\u0308cher.example"), "xn--bcher-kva.example") << "normalised";
    EXPECT_EQ(domain_to_ascii("\u4e2d\u56fd"), "xn--fiqs8s");
    EXPECT_EQ(domain_to_ascii("\u0646\u0627\u0645\u0647\u200c\u0627\u06cc"), "xn--mgba3gch31f060k");
    EXPECT_EQ(domain_to_ascii("my-\u00fc.\u05d0\u05d1-2.a1"), std::nullopt) << "one label is mixed";
    EXPECT_EQ(domain_to_ascii("my-a.\u05d0\u05d1-2.a1"), "my-a.xn---2-ulde.a1");
}

TEST(Idna, EncodedLabelsAmongOthersMustBeWhatWeWouldWrite) {
    EXPECT_EQ(domain_to_ascii("xn--fa-hia.\u00fc"), "xn--fa-hia.xn--tda");
    EXPECT_EQ(domain_to_ascii("xn--8i7caa.\u00fc"), std::nullopt) << "full-width letters inside";
    EXPECT_EQ(domain_to_ascii("xn--1ug.\u00fc"), std::nullopt) << "a lone joiner inside";
}

TEST(Idna, NoByteIsLeftUnread) {
    using namespace std::string_view_literals;
    EXPECT_EQ(domain_to_ascii("\u00fc\0.b"sv), std::nullopt);
    EXPECT_EQ(domain_to_ascii("\xc3.b"), std::nullopt);
}

}  // namespace
}  // namespace fanfetch
