#include "api/glob.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fanfetch {
namespace {

TEST(Glob, StarStandsForAnyRun) {
    EXPECT_TRUE(matches_glob("http.status_404", "http.status_404"));
    EXPECT_TRUE(matches_glob("http.*", "http.status_404"));
    EXPECT_TRUE(matches_glob("*", ""));
    EXPECT_TRUE(matches_glob("*.*", "http."));
    EXPECT_TRUE(matches_glob("*_4*4", "http.status_404"));
    EXPECT_TRUE(matches_glob("**a**", "xay"));
    EXPECT_TRUE(matches_glob("", ""));
    EXPECT_FALSE(matches_glob("", "x"));
    EXPECT_FALSE(matches_glob("http", "http."));
    EXPECT_FALSE(matches_glob("http.*", "https"));
    EXPECT_FALSE(matches_glob("*b", "ab."));
    EXPECT_FALSE(matches_glob("a*b*c", "acb"));
}

TEST(Glob, Inj11ManyStarsAreNoTrap) {
    std::string stars;
    for (int i = 0; i < 2'000; ++i) {
        stars += "*a";
    }
    EXPECT_FALSE(matches_glob(stars + "b", std::string(1'000, 'a')));
}

}  // namespace
}  // namespace fanfetch
