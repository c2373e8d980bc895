#include "model/retry_policy.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

AttemptEnd refused(int attempt) {
    AttemptEnd end;
    end.code = failure_code::connect_refused;
    end.attempt = attempt;
    return end;
}

TEST(RetryPolicy, NeverRetriesWhatSucceeded) {
    FastRandom random{1};
    const RetryOptions options;
    const RetryPolicy policy{options, "GET", 1h};

    EXPECT_EQ(policy.pause_after({failure_code::none, 200, 1, {}}, random), std::nullopt);
}

TEST(RetryPolicy, GivesUpWhenItsAttemptsAreSpent) {
    FastRandom random{1};
    const RetryOptions options;
    const RetryPolicy policy{options, "GET", 1h};

    EXPECT_TRUE(policy.pause_after(refused(2), random));
    EXPECT_EQ(policy.pause_after(refused(3), random), std::nullopt);
    EXPECT_EQ(policy.why_final(refused(3)), "attempts are spent");
}

TEST(RetryPolicy, TheCeilingDoublesUpToItsLimit) {
    RetryOptions options;
    options.max_attempts = 100;
    options.backoff_base = 200ms;
    options.backoff_max = 5s;
    const RetryPolicy policy{options, "GET", 1h};
    for (const auto& [attempt, ceiling] :
         {std::pair{1, 200ms}, {2, 400ms}, {3, 800ms}, {5, 3200ms}, {6, 5000ms}, {60, 5000ms}}) {
        std::chrono::milliseconds longest{0};
        FastRandom random{7};
        for (int draw = 0; draw < 2000; ++draw) {
            const auto pause = policy.pause_after(refused(attempt), random).value();
            ASSERT_GE(pause, 0ms);
            ASSERT_LE(pause, ceiling) << "attempt " << attempt;
            longest = std::max(longest, pause);
        }
        EXPECT_GE(longest, ceiling * 9 / 10) << "the whole range is used";
    }
}

TEST(RetryPolicy, Ups15ARetryAfterIsWaitedOutInFullUpToTheOperatorsLimit) {
    FastRandom random{1};
    RetryOptions options;
    options.backoff_base = 0ms;
    const RetryPolicy policy{options, "GET", 60s};
    AttemptEnd end{failure_code::http_status, 429, 1, 30s};

    EXPECT_EQ(policy.pause_after(end, random), 30s);
    end.retry_after = 1'000'000'000s;
    EXPECT_EQ(policy.pause_after(end, random), 60s);
}

TEST(RetryPolicy, OnlyWhatMayBeRepeatedIsRepeated) {
    FastRandom random{1};
    RetryOptions options;
    EXPECT_EQ((RetryPolicy{options, "POST", 1h}.pause_after(refused(1), random)), std::nullopt);
    EXPECT_TRUE((RetryPolicy{options, "PUT", 1h}.pause_after(refused(1), random)));
    options.unsafe_methods = true;
    EXPECT_TRUE((RetryPolicy{options, "POST", 1h}.pause_after(refused(1), random)));
}

TEST(RetryClass, EveryCodeIsInTheClassTheContractNames) {
    using enum failure_code;
    for (const auto code : {connect_refused, connect_unreachable, dns_failure}) {
        EXPECT_EQ(retry_class_of(code), retry_class::connect) << dotted(code);
    }
    EXPECT_EQ(retry_class_of(tls_handshake), retry_class::tls);
    for (const auto code :
         {connect_timeout, dns_timeout, timeout_first_byte, timeout_idle, timeout_total,
          timeout_low_speed}) {
        EXPECT_EQ(retry_class_of(code), retry_class::timeout) << dotted(code);
    }
    for (const auto code : {connect_reset, http_truncated, http_h2_error}) {
        EXPECT_EQ(retry_class_of(code), retry_class::reset) << dotted(code);
    }
    for (const auto code :
         {dns_nxdomain, tls_expired, policy_address, limit_body_size, http_malformed,
          timeout_item_deadline, decode_failed}) {
        EXPECT_EQ(retry_class_of(code), std::nullopt) << dotted(code);
    }
}

TEST(RetryClass, AStatusIsRetryableWhenItIsListed) {
    const RetryOptions options;
    EXPECT_TRUE(retryable(failure_code::http_status, 503, options));
    EXPECT_FALSE(retryable(failure_code::http_status, 404, options));
}

}  // namespace
}  // namespace fanfetch
