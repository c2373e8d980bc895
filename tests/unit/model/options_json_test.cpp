#include "model/options_json.hpp"

#include "model/octets.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace fanfetch {
namespace {

JobOptions unusual_options() {
    JobOptions options;
    options.concurrency = 1000;
    options.per_host_concurrency = 1;
    auto& fetch = options.fetch;
    fetch.method = "POST";
    fetch.headers = {
        {"Authorization", "Bearer secret"},
        {"x-Twice", "1"},
        {"x-Twice", "\"2\""},
        {"X-Ours", "a secret too", true}};
    fetch.body = std::string("\x00\xFF\xC3\x28 raw", 8);
    fetch.timeouts = {
        std::chrono::milliseconds{1}, std::chrono::milliseconds{2}, std::chrono::milliseconds{3},
        std::chrono::milliseconds{std::numeric_limits<std::int64_t>::max()},
        LowSpeed{100, std::chrono::milliseconds{5'000}}};
    fetch.retry.max_attempts = 9;
    fetch.retry.statuses = {};
    fetch.retry.on = 5;
    fetch.retry.unsafe_methods = true;
    fetch.redirects = {0, false};
    fetch.accept_status = {{100, 199}, {404, 404}};
    fetch.max_body_bytes = std::numeric_limits<std::uint64_t>::max();
    fetch.max_decoded_ratio = 7;
    fetch.expect = {std::uint64_t{7}, std::string(32, '\xAB'), std::string(16, '\x01'), "a/b"};
    fetch.conditional = {"W/\"x\"", "Sun, 06 Nov 1994 08:49:37 GMT"};
    fetch.verify = tls_verify::label;
    options.store_body = store_body::success;
    options.on_error = on_error::stop_after_percent;
    options.on_error_limit = 25;
    options.deadline = std::chrono::milliseconds{90'000};
    options.ttl = std::chrono::milliseconds{1};
    options.priority = -3;
    options.lane = job_lane::interactive;
    options.extract = 5;
    options.robots = robots::obey;
    options.dedupe = true;
    options.max_age = std::chrono::hours{2};
    options.tags = {"nightly", "flags \xE2\x9C\x93"};
    options.metadata = R"({ "spaced" : 1.0 })";
    return options;
}

TEST(OptionsJson, ComeBackExactly) {
    for (const auto& options : {JobOptions{}, unusual_options()}) {
        const auto again = job_options_from_json(to_json(options));

        ASSERT_TRUE(again.has_value()) << again.error().detail;
        EXPECT_EQ(*again, options);
    }
}

TEST(OptionsJson, HideCredentialsWhenAsked) {
    const auto shown = to_json(unusual_options(), secrets::hidden);

    EXPECT_EQ(shown.find("secret"), std::string::npos);
    EXPECT_NE(shown.find("***"), std::string::npos);
    EXPECT_TRUE(is_credential_header("AUTHORIZATION"));
    EXPECT_TRUE(is_credential_header("Cookie"));
    EXPECT_FALSE(is_credential_header("Accept"));
    EXPECT_FALSE(is_credential_header(""));
}

TEST(OptionsJson, AbsentMembersKeepTheirDefaults) {
    const auto options = job_options_from_json(R"({"concurrency":5,"later_option":true})");

    ASSERT_TRUE(options.has_value());
    EXPECT_EQ(options->concurrency, 5);
    EXPECT_EQ(options->fetch, FetchOptions{});
}

TEST(OptionsJson, ReadsHowTlsWasStoredBeforeThereWasLabel) {
    const auto strict = job_options_from_json(R"({"fetch":{"verify_tls":true}})");
    const auto off = job_options_from_json(R"({"fetch":{"verify_tls":false}})");

    EXPECT_EQ(strict->fetch.verify, tls_verify::strict);
    EXPECT_EQ(off->fetch.verify, tls_verify::off);
}

TEST(OptionsJson, WhatCannotBeReadIsAFailure) {
    for (const char* text :
         {"", "[]", "{", R"({"concurrency":"x"})", R"({"store_body":9})",
          R"({"fetch":{"expect":{"sha256":"0g"}}})", R"({"fetch":{"body":{"base64":"AB"}}})",
          R"({"concurrency":1e99})", R"({"tags":[1]})"}) {
        const auto options = job_options_from_json(text);
        ASSERT_TRUE(options.has_error()) << text;
        EXPECT_EQ(options.error().code, failure_code::internal);
    }
}

TEST(Octets, Base64AsInRfc4648) {
    const std::pair<const char*, const char*> vectors[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [octets, text] : vectors) {
        EXPECT_EQ(to_base64(octets), text);
        EXPECT_EQ(from_base64(text), octets);
    }
    for (const char* bad : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zm 9v", "====", "Zg==Zg=="}) {
        EXPECT_FALSE(from_base64(bad)) << bad;
    }
}

TEST(Octets, Hex) {
    EXPECT_EQ(to_hex(std::string("\x00\xAF", 2)), "00af");
    EXPECT_EQ(from_hex("00AF"), std::string("\x00\xAF", 2));
    EXPECT_FALSE(from_hex("0"));
    EXPECT_FALSE(from_hex("0g"));
}

}  // namespace
}  // namespace fanfetch
