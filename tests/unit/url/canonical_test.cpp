#include "url/canonical.hpp"

#include "base/random.hpp"
#include "cases.hpp"
#include "invariants.hpp"

#include <gtest/gtest.h>

#include <array>

namespace fanfetch {
namespace {

using testing::both_ways_agree;
using testing::broken_promise;
using testing::read_cases;

TEST(CanonicalLayout, TakesTheUrlsOfEveryDay) {
    for (const auto* text :
         {"http://127.0.0.1:8080/data/000123.bin", "https://example.com/",
          "https://cdn.example.com:8443/a/b.c/d-e_f~g?x=1&y=%20#top",
          "http://xn--bcher-kva.example/", "http://a.test//", "http://a.test/a..b/c."}) {
        EXPECT_TRUE(canonical_layout(text)) << text;
        EXPECT_TRUE(both_ways_agree(text)) << text;
    }
}

TEST(CanonicalLayout, LeavesTheRestToTheFullParser) {
    for (const auto* text :
         {"",
          "http://",
          "http:///",
          "http://a.test",
          "HTTP://a.test/",
          "http://A.test/",
          "http://a.test:80/",
          "http://a.test:080/",
          "http://a.test:/",
          "http://a.test:65536/",
          "http://a.test:123456/",
          "http://a.test./",
          "http://1.2.3/",
          "http://1.2.3.04/",
          "http://1.2.3.256/",
          "http://a.1/",
          "http://a.0x1/",
          "http://[::1]/",
          "http://u@a.test/",
          "http://a.test/./",
          "http://a.test/%2e",
          "http://a.test\\x",
          "http://a.test/\\x",
          "http://a.test/ x",
          "http://a.test/?'",
          "http://a.test/#`",
          "http://a.test/\xc3\xa9",
          "http://a.test/\n",
          "ftp://a.test/"}) {
        EXPECT_FALSE(canonical_layout(text)) << text;
    }
}

TEST(CanonicalLayout, AgreesWithTheFullParserOnEveryCaseOfTheSuite) {
    for (const auto& row : read_cases("whatwg_cases.tsv")) {
        EXPECT_TRUE(both_ways_agree(row.at(0))) << row[0];
        EXPECT_TRUE(both_ways_agree(row.at(2))) << row[2];
    }
}

/// Pieces that make or nearly make a URL, so that random strings get past the first test.
constexpr auto pieces = std::to_array<std::string_view>(
    {"http://", "https://",  "http:", "//",   "/",    "\\",    "a.test",    "A",
     "1",       "127.0.0.1", "0x7f",  "08",   ".",    "..",    "%2e",       "%2E",
     "%",       "%41",       ":",     ":80",  ":443", ":8080", ":65536",    "@",
     "?",       "#",         "'",     "`",    "^",    "{",     "|",         "[",
     "]",       "::1",       "xn--",  "-",    "_",    "~",     "\u00fc",    "\u3002",
     "\uff11",  " ",         "\t",    "\x7f", "\xff", "x",     "000123.bin"}
);

std::string random_text(Random& random) {
    std::string text = random.up_to(3) == 0 ? "" : "http://";
    for (auto count = random.up_to(9); count > 0; --count) {
        text += pieces[random.up_to(pieces.size() - 1)];
    }
    return text;
}

TEST(CanonicalLayout, AgreesWithTheFullParserOnRandomText) {
    constexpr std::uint64_t seed = 20'260'711;
    FastRandom random{seed};
    for (int round = 0; round < 200'000; ++round) {
        const auto text = random_text(random);
        ASSERT_TRUE(both_ways_agree(text)) << text << " in round " << round;
    }
}

TEST(Url, KeepsItsPromisesOnRandomText) {
    constexpr std::uint64_t seed = 19'940'101;
    FastRandom random{seed};
    const auto base = Url::parse("https://b.test:8443/x/y?z#w").value();
    int read = 0;
    for (int round = 0; round < 200'000; ++round) {
        const auto text = random_text(random);
        for (const auto& url : {Url::parse(text), base.resolve(text)}) {
            if (url) {
                ++read;
                ASSERT_EQ(broken_promise(*url), "") << text << " in round " << round;
            }
        }
    }
    EXPECT_GT(read, 20'000) << "the random texts are not worth reading";
}

}  // namespace
}  // namespace fanfetch
