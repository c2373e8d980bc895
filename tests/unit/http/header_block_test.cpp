#include "http/header_block.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace fanfetch {
namespace {

HeaderBlock sample() {
    HeaderBlock block;
    block.add("Set-Cookie", "a=1");
    block.add("ETag", "\"x\"");
    block.add("set-cookie", "b=2");
    block.add("Empty", "");
    return block;
}

TEST(HeaderBlock, KeepsOrderAndRepetition) {
    const auto block = sample();

    const std::vector<FieldView> seen(block.begin(), block.end());

    const std::vector<FieldView> expected{
        {"Set-Cookie", "a=1"}, {"ETag", "\"x\""}, {"set-cookie", "b=2"}, {"Empty", ""}};
    EXPECT_EQ(seen, expected);
}

TEST(HeaderBlock, FindsTheFirstInAnyCase) {
    const auto block = sample();

    EXPECT_EQ(block.find("SET-COOKIE"), "a=1");
    EXPECT_EQ(block.find("empty"), "");
    EXPECT_EQ(block.find("Cookie"), std::nullopt);
    EXPECT_TRUE(block.contains("etag"));
    EXPECT_FALSE(block.contains("eta"));
}

TEST(HeaderBlock, VisitsAllOfOneName) {
    std::vector<std::string_view> values;
    const auto block = sample();

    block.for_each("Set-Cookie", [&](std::string_view value) { values.push_back(value); });

    EXPECT_EQ(values, (std::vector<std::string_view>{"a=1", "b=2"}));
}

TEST(HeaderBlock, CopiesAndMovesTakeTheTextAlong) {
    auto original = sample();
    const auto copy = original;
    original.clear();
    const auto moved = std::move(original);

    EXPECT_EQ(copy.size(), 4U);
    EXPECT_EQ(copy.find("etag"), "\"x\"");
    EXPECT_TRUE(moved.empty());
}

}  // namespace
}  // namespace fanfetch
