#include "http/prefer.hpp"

#include <gtest/gtest.h>

#include <array>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

std::optional<std::chrono::seconds> wait_of(std::string_view field) {
    return preferred_wait(std::array{field});
}

TEST(PreferredWait, IsFoundAmongOthers) {
    EXPECT_EQ(wait_of("wait=10"), 10s);
    EXPECT_EQ(wait_of("respond-async,  WAIT =\t10 ; foo=bar, x"), 10s);
    EXPECT_EQ(wait_of("foo=\"a, wait=1; \\\"\", wait=\"10\""), 10s);
    EXPECT_EQ(preferred_wait(std::array{std::string_view{"x"}, std::string_view{"wait=0"}}), 0s);
}

TEST(PreferredWait, TheFirstOneCounts) {
    EXPECT_EQ(wait_of("wait=1, wait=2"), 1s);
    EXPECT_EQ(wait_of("wait=soon, wait=2"), std::nullopt);
}

TEST(PreferredWait, NothingElseIsOne) {
    for (const auto* field :
         {"", "wait", "wait=", "await=1", "wait=-1", "wait=1.5", "wait=1s", "x;wait=1", "\"wait=1",
          "wait=\"1"}) {
        EXPECT_EQ(wait_of(field), std::nullopt) << field;
    }
    EXPECT_EQ(preferred_wait({}), std::nullopt);
}

TEST(PreferredWait, IsBounded) {
    EXPECT_EQ(wait_of("wait=99999999999999999999999"), 1'000'000'000s);
    EXPECT_EQ(wait_of("wait=1000000001"), 1'000'000'000s);
}

}  // namespace
}  // namespace fanfetch
