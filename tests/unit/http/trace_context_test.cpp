#include "http/trace_context.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fanfetch {
namespace {

const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string parent = "00f067aa0ba902b7";
const std::string usual = "00-" + trace + "-" + parent + "-01";

TEST(TraceContext, ReadsTheIds) {
    const auto context = parse_traceparent(usual);
    ASSERT_TRUE(context);
    EXPECT_EQ(context->trace_id, trace);
    EXPECT_EQ(context->parent_id, parent);
    EXPECT_TRUE(parse_traceparent("cc-" + trace + "-" + parent + "-01-what-comes-later"));
    EXPECT_TRUE(parse_traceparent("cc-" + trace + "-" + parent + "-01"));
}

TEST(TraceContext, TakesNothingElse) {
    const std::string zeros(32, '0');
    for (const auto& bad :
         {std::string{}, usual.substr(1), usual + "0", usual + "-", usual + "-x",
          "ff-" + trace + "-" + parent + "-01", "00-" + zeros + "-" + parent + "-01",
          "00-" + trace + "-" + zeros.substr(16) + "-01", "0x-" + trace + "-" + parent + "-01",
          "00_" + trace + "-" + parent + "-01", "00-" + trace + parent + "-01",
          "cc-" + trace + "-" + parent + "-01x",
          "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + parent + "-01"}) {
        EXPECT_FALSE(parse_traceparent(bad)) << bad;
    }
    for (std::size_t length = 0; length < usual.size(); ++length) {
        EXPECT_FALSE(parse_traceparent(usual.substr(0, length))) << length;
    }
}

}  // namespace
}  // namespace fanfetch
