#include "model/item_extras.hpp"

#include "model/canonical_json.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <stdexcept>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

/// What make_item_extras keeps of a request.
std::string extras_of(std::string_view request, const FetchOptions& job = {}) {
    const auto value = boost::json::parse(request);
    std::string extras;
    const auto fault = make_item_extras(JsonMember{value, ""}, job, {}, extras);
    EXPECT_FALSE(fault) << fault->detail;
    return extras;
}

TEST(ItemExtras, APlainUrlHasNone) {
    EXPECT_EQ(extras_of(R"({"url":"http://a.test/"})"), "");
    EXPECT_EQ(extras_of(R"({"url":"x","last_error":null})"), "");
}

TEST(ItemExtras, LayTheItemsOptionsOverTheJobs) {
    FetchOptions job;
    job.headers = {{"Accept", "a"}, {"X-Job", "1"}};
    job.timeouts.total = 60s;
    job.retry.max_attempts = 9;
    const auto extras = extras_of(
        R"({"url":"x","method":"HEAD","headers":{"ACCEPT":"b"},"timeouts":{"connect":1},)"
        R"("retry":{"statuses":[500]},"tls":{"verify":"strict"}})",
        job
    );

    const auto options = item_options(job, extras);

    EXPECT_EQ(options.method, "HEAD");
    EXPECT_EQ(options.headers, (std::vector<HeaderField>{{"X-Job", "1"}, {"ACCEPT", "b"}}));
    EXPECT_EQ(options.timeouts.connect, 1s);
    EXPECT_EQ(options.timeouts.total, 60s);
    EXPECT_EQ(options.retry.max_attempts, 9);
    EXPECT_EQ(options.retry.statuses, (std::vector<std::uint16_t>{500}));
}

TEST(ItemExtras, WithoutExtrasTheJobsOptionsHold) {
    FetchOptions job;
    job.method = "PUT";

    EXPECT_EQ(item_options(job, ""), job);
    EXPECT_EQ(item_options(job, R"({"id":"x"})"), job);
}

TEST(ItemExtras, WhatWasAcceptedHoldsUnderLowerLimits) {
    const auto options = item_options({}, R"({"redirects":{"max":5000},"tls":{"verify":"off"}})");

    EXPECT_EQ(options.redirects.max, 5000);
    EXPECT_EQ(options.verify, tls_verify::off);
}

TEST(ItemExtras, OtherTextIsABug) {
    EXPECT_THROW((void)item_options({}, "["), std::logic_error);
    EXPECT_THROW((void)item_options({}, R"({"method":1})"), std::logic_error);
}

TEST(ItemLabel, FindsTheCallersNames) {
    const auto label =
        item_label(R"({"expect":{"id":0},"id":"a\"}","n":-1.5e-7,"metadata":{"x":[{}]}})");

    EXPECT_EQ(label.id, R"("a\"}")");
    EXPECT_EQ(label.metadata, R"({"x":[{}]})");
}

TEST(ItemLabel, OfOtherTextFindsNothing) {
    for (const auto* text :
         {"", "{", "{}", "[]", R"({"id)", R"({"id")", R"({"id":)", R"({1})", R"({"a":"\)"}) {
        EXPECT_EQ(item_label(text).id, "") << text;
        EXPECT_EQ(item_label(text).metadata, "") << text;
    }
}

}  // namespace
}  // namespace fanfetch
