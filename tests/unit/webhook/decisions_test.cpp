#include "model/callback.hpp"
#include "model/octets.hpp"
#include "model/webhook_payload.hpp"
#include "url/utf8.hpp"
#include "webhook/exchange.hpp"
#include "webhook/load.hpp"
#include "webhook/schedule.hpp"
#include "webhook/signature.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

TEST(WebhookSignature, Whk01TheExampleOfTheStandard) {
    const SignedMessage message{
        "msg_p5jXN8AQM9LWM0D4loKWxJek", std::chrono::seconds{1614265330},
        R"({"test": 2432232314})"};

    EXPECT_EQ(
        webhook_signature(message, {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    );
}

TEST(WebhookSignature, Whk02EachSecretSigns) {
    const SignedMessage message{"msg_1", std::chrono::seconds{1}, "{}"};
    const auto one = make_webhook_secret();
    const auto other = make_webhook_secret();

    EXPECT_EQ(
        webhook_signature(message, {one, other}),
        webhook_signature(message, {one}) + ' ' + webhook_signature(message, {other})
    );
}

TEST(WebhookSecret, IsWhatTheStandardSays) {
    EXPECT_EQ(webhook_key(make_webhook_secret())->size(), 32U);
    EXPECT_NE(make_webhook_secret(), make_webhook_secret());
    EXPECT_TRUE(webhook_key("whsec_" + to_base64(std::string(24, 'k'))));
    EXPECT_TRUE(webhook_key("whsec_" + to_base64(std::string(64, 'k'))));
    EXPECT_FALSE(webhook_key("whsec_" + to_base64(std::string(23, 'k'))));
    EXPECT_FALSE(webhook_key("whsec_" + to_base64(std::string(65, 'k'))));
    EXPECT_FALSE(webhook_key(to_base64(std::string(32, 'k'))));
    EXPECT_FALSE(webhook_key("whsec_!"));
    EXPECT_FALSE(webhook_key(""));
}

TEST(DeliverySchedule, Whk04GoesOverADayAndKeepsItsProportions) {
    const DeliverySchedule day;
    milliseconds sum{0};
    for (std::uint32_t attempt = 1; attempt < most_delivery_attempts; ++attempt) {
        sum += *scheduled_pause(attempt, day);
    }
    EXPECT_EQ(sum, 24h);
    EXPECT_FALSE(scheduled_pause(most_delivery_attempts, day));
    EXPECT_EQ(scheduled_pause(1, day), 5s);
    EXPECT_EQ(scheduled_pause(6, {.span = 864s}), 180s);
}

TEST(DeliverySchedule, Whk04JittersByAFifthEitherWay) {
    FastRandom random{7};
    const DeliverySchedule schedule;
    std::set<milliseconds> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto pause = *pause_before_retry(2, std::nullopt, schedule, random);
        EXPECT_GE(pause, 48s);
        EXPECT_LE(pause, 72s);
        seen.insert(pause);
    }
    EXPECT_LT(*seen.begin(), 50s);
    EXPECT_GT(*seen.rbegin(), 70s);
    EXPECT_GT(seen.size(), 900U);
}

TEST(DeliverySchedule, Whk06RetryAfterIsHonouredAndCapped) {
    FastRandom random{7};
    const DeliverySchedule schedule;

    EXPECT_EQ(pause_before_retry(1, 10min, schedule, random), 10min);
    EXPECT_EQ(pause_before_retry(1, 24h, schedule, random), 1h);
    EXPECT_GE(*pause_before_retry(5, 1s, schedule, random), 90min)
        << "sooner than planned is not asked";
    EXPECT_FALSE(pause_before_retry(most_delivery_attempts, 1h, schedule, random));
}

FetchOutcome answered(std::uint16_t status, failure_code code = failure_code::none) {
    FetchOutcome outcome;
    outcome.status = status;
    outcome.code = code;
    return outcome;
}

TEST(WebhookVerdict, Whk04TwoHundredAloneIsSuccess) {
    for (std::uint16_t status = 200; status < 300; ++status) {
        EXPECT_EQ(judge(answered(status)), webhook_verdict::delivered);
    }
    constexpr std::array<std::uint16_t, 13> others{301, 302, 303, 304, 307, 308, 400,
                                                   401, 404, 409, 429, 500, 503};
    for (const auto status : others) {
        EXPECT_EQ(judge(answered(status, failure_code::http_status)), webhook_verdict::failed);
    }
    EXPECT_EQ(judge(answered(410, failure_code::http_status)), webhook_verdict::gone);
    EXPECT_EQ(judge(answered(0, failure_code::policy_address)), webhook_verdict::failed);
    EXPECT_EQ(judge(answered(0, failure_code::cancelled_by_user)), webhook_verdict::stopped);
}

TEST(WebhookVerdict, Whk07WhatFollowsTheStatusDoesNotMatter) {
    EXPECT_EQ(judge(answered(200, failure_code::limit_body_size)), webhook_verdict::delivered);
    EXPECT_EQ(judge(answered(204, failure_code::decode_failed)), webhook_verdict::delivered);
    EXPECT_EQ(judge(answered(500, failure_code::limit_body_size)), webhook_verdict::failed);
}

TEST(WebhookVerdict, AKeptLineThatDiedIsNobodysFault) {
    auto outcome = answered(0, failure_code::connect_reset);
    EXPECT_EQ(judge(outcome), webhook_verdict::failed);
    outcome.attempt.reused_connection = true;
    EXPECT_EQ(judge(outcome), webhook_verdict::stale_line);
}

TEST(WebhookRequest, SaysNoMoreThanItShould) {
    DueDelivery delivery;
    delivery.record.id = "msg_1";
    delivery.payload = "{}";
    delivery.order.headers = {{"X-Token", "t"}};
    delivery.order.secrets = {make_webhook_secret()};

    const auto request = webhook_request(delivery, WallTime{1'700'000'000'500ms}, 20s);

    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.body, "{}");
    EXPECT_EQ(request.redirects.max, 0);
    EXPECT_EQ(request.max_body_bytes, 64U << 10U);
    EXPECT_EQ(request.timeouts.total, 20s);
    EXPECT_EQ(request.verify, tls_verify::strict);
    const auto value = [&](std::string_view name) {
        const auto found = std::ranges::find(request.headers, name, &HeaderField::name);
        return found == request.headers.end() ? std::string{} : found->value;
    };
    EXPECT_EQ(value("webhook-id"), "msg_1");
    EXPECT_EQ(value("webhook-timestamp"), "1700000000");
    EXPECT_EQ(value("X-Token"), "t");
    EXPECT_TRUE(value("webhook-signature").starts_with("v1,"));
}

TEST(WebhookLoad, Whk10KeepsToTheLimitsOfEndpointTenantAndAll) {
    WebhookLoad load{{.in_flight = 6, .per_tenant = 3, .per_endpoint = 2}};

    EXPECT_TRUE(load.begin("1", "a", "x"));
    EXPECT_FALSE(load.begin("1", "a", "y")) << "it is under way";
    EXPECT_TRUE(load.begin("2", "a", "x"));
    EXPECT_FALSE(load.begin("3", "a", "x")) << "the endpoint has its share";
    EXPECT_TRUE(load.begin("4", "b", "x")) << "that of another tenant is another";
    EXPECT_TRUE(load.begin("5", "a", "y"));
    EXPECT_TRUE(load.tenant_full("a"));
    EXPECT_FALSE(load.begin("6", "a", "z"));
    EXPECT_TRUE(load.begin("7", "b", "x"));
    EXPECT_TRUE(load.begin("8", "c", "w"));
    EXPECT_TRUE(load.full());
    EXPECT_FALSE(load.begin("10", "d", "w"));
    load.end("1", "a", "x");
    EXPECT_TRUE(load.tenant_full("a")) << "what is left is for others";
    EXPECT_TRUE(load.begin("9", "d", "x"));
}

TEST(WebhookLoad, Fair05TenantsThatFillWhatTheyMayLeaveRoomForMore) {
    WebhookLoad load{{.in_flight = 100, .per_tenant = 30, .per_endpoint = 4}};
    for (char tenant = 'a'; tenant < 'h'; ++tenant) {
        const std::string name{tenant};
        EXPECT_TRUE(load.begin(name, name, "first")) << name;
        for (int number = 0; number < 50; ++number) {
            const auto id = name + std::to_string(number);
            (void)load.begin(id, name, id);
        }
    }
    EXPECT_FALSE(load.full());
    EXPECT_TRUE(load.tenant_full("a"));
}

TEST(WebhookPayload, Whk11IsThinWhateverTheItemIs) {
    Item item;
    item.url = "http://a.test/" + std::string(8000, '\\');
    item.extras = R"({"id":")" + std::string(1000, 'i') + R"("})";
    ItemResult result;
    result.seq = 7;
    result.state = item_state::failed;
    result.code = failure_code::http_status;
    result.status = 404;

    const auto escaped = item_payload(webhook_event::item_failed, "job_1", item, result);
    item.url = std::string(9000, 'u') + "\xff\xfe";
    item.extras = R"({"id":")" + std::string(9000, 'i') + R"("})";
    const auto monstrous = item_payload(webhook_event::item_failed, "job_1", item, result);

    for (const auto& payload : {escaped, monstrous}) {
        EXPECT_LE(payload.size(), longest_payload);
        EXPECT_TRUE(is_utf8(payload));
        EXPECT_NE(payload.find(R"("code":"http.status_404")"), std::string::npos);
    }
    EXPECT_EQ(monstrous.find("uuu"), std::string::npos);
    EXPECT_EQ(monstrous.find("iii"), std::string::npos);
}

TEST(CallbackOrder, ComesBackAsItWasStored) {
    CallbackOrder order;
    order.url = "https://a.test/hook?token=x";
    order.events = EventSet{0x31};
    order.headers = {{"X-Token", "a \"quoted\" value"}};
    order.secrets = {make_webhook_secret(), make_webhook_secret()};

    EXPECT_EQ(callback_order_from_json(to_json(order)).value(), order);
    EXPECT_TRUE(callback_order_from_json("[]").has_error());
    EXPECT_TRUE(callback_order_from_json("{").has_error());
}

}  // namespace
}  // namespace fanfetch
