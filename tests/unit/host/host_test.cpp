#include "host/host.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

class StillClock final : public Clock {
public:
    [[nodiscard]] Steady::time_point now() const override { return now_; }
    [[nodiscard]] WallTime wall() const override { return wall_; }
    void advance(std::chrono::milliseconds by) {
        now_ += by;
        wall_ += by;
    }

private:
    Steady::time_point now_ = Steady::time_point{} + 1h;
    WallTime wall_{std::chrono::milliseconds{1'800'000'000'000}};
};

class HostTest : public ::testing::Test {
protected:
    static HostPolicy policy() {
        HostPolicy policy;
        policy.max_concurrency = 8;
        policy.breaker = {3, 30s};
        return policy;
    }
    wait_reason waits_for(Host& host) { return host.admission(clock_.now()).reason; }
    bool start(Host& host) {
        const bool granted = host.admission(clock_.now()).granted();
        if (granted) {
            host.started(clock_.now());
        }
        return granted;
    }
    AttemptSigns signs(failure_code code, std::uint16_t status) const {
        AttemptSigns signs;
        signs.sign = sign_of(code, status);
        signs.asked = clock_.now();
        signs.now = clock_.now();
        signs.status = status;
        return signs;
    }

    StillClock clock_;
    Host host_{"example.com:443", policy()};
};

TEST_F(HostTest, AdmitsAsManyAsTheLeastOfAllLimits) {
    EXPECT_EQ(host_.limit(), 8U);
    host_.set_asked(5, 0);
    EXPECT_EQ(host_.limit(), 5U);
    host_.set_override({3, {}, false});
    EXPECT_EQ(host_.limit(), 3U);
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(start(host_));
    }
    EXPECT_EQ(waits_for(host_), wait_reason::host_concurrency);
}

TEST_F(HostTest, TheLimitRisesAgainWhenAJobThatAskedForLessIsGone) {
    host_.set_asked(2, 0);
    host_.set_asked(30, 0);
    EXPECT_EQ(host_.limit(), 8U);
}

TEST_F(HostTest, StartsAreSpacedEvenlyAndNeverCaughtUp) {
    host_.set_asked(8, 10);
    EXPECT_TRUE(start(host_));
    EXPECT_EQ(waits_for(host_), wait_reason::host_rate);
    clock_.advance(99ms);
    EXPECT_FALSE(start(host_));
    clock_.advance(1ms);
    EXPECT_TRUE(start(host_));
    clock_.advance(1s);
    EXPECT_TRUE(start(host_));
    EXPECT_FALSE(start(host_));
}

TEST_F(HostTest, TheLowerRateHolds) {
    host_.set_asked(8, 10);
    host_.set_override({{}, 1.0, false});
    EXPECT_TRUE(start(host_));
    EXPECT_EQ(host_.admission(clock_.now()).until, clock_.now() + 1s);
}

TEST_F(HostTest, APausedHostAdmitsNobody) {
    host_.set_override({{}, {}, true});
    EXPECT_FALSE(start(host_));
    host_.set_override({});
    EXPECT_TRUE(start(host_));
}

TEST_F(HostTest, IsLeftAloneUntilTheTimeItAskedFor) {
    ASSERT_TRUE(start(host_));
    auto busy = signs(failure_code::http_status, 429);
    busy.retry_after = 7s;
    host_.ended(busy);
    const auto admission = host_.admission(clock_.now());
    EXPECT_EQ(admission.reason, wait_reason::retry_after);
    EXPECT_EQ(admission.until, clock_.now() + 7s);
    clock_.advance(6'999ms);
    EXPECT_FALSE(start(host_));
    clock_.advance(1ms);
    EXPECT_TRUE(start(host_));
}

TEST_F(HostTest, AHostThatCannotBeReachedIsProbedOnce) {
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(start(host_));
        host_.ended(signs(failure_code::connect_refused, 0));
    }
    EXPECT_EQ(waits_for(host_), wait_reason::breaker);
    clock_.advance(30s);
    EXPECT_TRUE(start(host_));
    EXPECT_FALSE(start(host_));
    EXPECT_EQ(host_.ended(signs(failure_code::connect_refused, 0)), Breaker::effect::probe_failed);
    clock_.advance(30s);
    ASSERT_TRUE(start(host_));
    host_.ended(signs(failure_code::none, 200));
    EXPECT_EQ(waits_for(host_), wait_reason::none);
}

TEST_F(HostTest, OnceAtPeaceNobodyLooksAtTheClock) {
    EXPECT_TRUE(start(host_));
    EXPECT_FALSE(host_.restricted());
    host_.ended(signs(failure_code::none, 200));
    EXPECT_FALSE(host_.restricted());
    EXPECT_TRUE(host_.record(clock_).blank());
}

TEST_F(HostTest, RemembersOverARestart) {
    ASSERT_TRUE(start(host_));
    auto busy = signs(failure_code::http_status, 503);
    busy.retry_after = 1min;
    host_.ended(busy);
    host_.set_override({6, 2.5, false});
    EXPECT_TRUE(host_.take_changed());
    EXPECT_FALSE(host_.take_changed());
    const auto record = host_.record(clock_);
    EXPECT_FALSE(record.blank());

    clock_.advance(20s);
    Host after{"example.com:443", policy()};
    after.restore(record, clock_);
    EXPECT_EQ(after.limit(), 4U);
    EXPECT_EQ(after.overriding().max_rate, 2.5);
    const auto admission = after.admission(clock_.now());
    EXPECT_EQ(admission.reason, wait_reason::retry_after);
    EXPECT_EQ(admission.until, clock_.now() + 40s);
    EXPECT_EQ(after.record(clock_), record);
}

TEST_F(HostTest, WhatWasLearnedCanBeForgottenButNotWhatWasSet) {
    host_.set_override({6, {}, false});
    ASSERT_TRUE(start(host_));
    host_.ended(signs(failure_code::http_status, 429));
    host_.unlearn();
    EXPECT_EQ(host_.limit(), 6U);
    EXPECT_TRUE(start(host_));
}

TEST(HostSign, WhatAnAttemptSaysOfItsHost) {
    using enum failure_code;
    EXPECT_EQ(sign_of(none, 200), host_sign::answered);
    EXPECT_EQ(sign_of(http_status, 404), host_sign::answered);
    EXPECT_EQ(sign_of(http_status, 500), host_sign::answered);
    EXPECT_EQ(sign_of(http_status, 429), host_sign::pushed_back);
    EXPECT_EQ(sign_of(http_status, 503), host_sign::pushed_back);
    EXPECT_EQ(sign_of(none, 503), host_sign::pushed_back);
    EXPECT_EQ(sign_of(timeout_first_byte, 0), host_sign::struggled);
    EXPECT_EQ(sign_of(connect_refused, 0), host_sign::unreachable);
    EXPECT_EQ(sign_of(dns_timeout, 0), host_sign::unreachable);
    EXPECT_EQ(sign_of(dns_nxdomain, 0), host_sign::answered);
    EXPECT_EQ(sign_of(tls_expired, 0), host_sign::answered);
    EXPECT_EQ(sign_of(cancelled_by_user, 0), host_sign::nothing);
    EXPECT_EQ(sign_of(policy_address, 0), host_sign::nothing);
}

}  // namespace
}  // namespace fanfetch
