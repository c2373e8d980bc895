#include "net/dial_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace fanfetch {
namespace {

IpAddress at(std::string_view text) {
    return IpAddress::parse(text).value();
}

EgressRules rules(std::vector<std::string> allow = {}) {
    return EgressRules::make({.allow = std::move(allow)}).value();
}

std::vector<IpAddress> answers(std::initializer_list<const char*> texts) {
    std::vector<IpAddress> read;
    std::ranges::transform(texts, std::back_inserter(read), at);
    return read;
}

std::vector<std::string> shown(const Expected<std::vector<IpEndpoint>>& plan) {
    std::vector<std::string> texts;
    if (plan) {
        for (const IpEndpoint& endpoint : *plan) {
            texts.push_back(to_string(endpoint));
        }
    }
    return texts;
}

using Texts = std::vector<std::string>;

TEST(DialPlan, Ssrf06OnlyAllowedAnswersAreDialled) {
    const auto mixed = answers({"10.0.0.1", "8.8.8.8", "192.168.0.1", "fd00::1"});

    EXPECT_EQ(shown(plan_dials(rules(), mixed, 80, "mixed.test")), Texts{"8.8.8.8:80"});
}

TEST(DialPlan, Ssrf05OneLoopbackOrMetadataAnswerRefusesTheName) {
    for (const char* poison :
         {"127.0.0.1", "::1", "0.0.0.0", "::", "169.254.169.254", "fd00:ec2::254",
          "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe"}) {
        const auto plan = plan_dials(rules(), answers({"8.8.8.8", poison}), 80, "mixed.test");

        ASSERT_FALSE(plan) << poison;
        EXPECT_EQ(plan.error().code, failure_code::policy_address) << poison;
    }
}

TEST(DialPlan, Ssrf05PrivateAnswersAloneRefuseTheName) {
    const auto plan = plan_dials(rules(), answers({"10.0.0.1", "fd00::1"}), 80, "inside.test");

    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, failure_code::policy_address);
}

TEST(DialPlan, Ssrf20FourDialsOfTwoHundredAnswers) {
    std::vector<IpAddress> many;
    for (std::uint8_t i = 0; i < 100; ++i) {
        many.emplace_back(V4Bytes{8, 8, 8, i});
        many.push_back(at("2606:4700::" + std::to_string(i)));
    }

    const auto plan = plan_dials(rules(), many, 443, "many.test");

    EXPECT_EQ(
        shown(plan),
        (Texts{"[2606:4700::]:443", "8.8.8.0:443", "[2606:4700::1]:443", "8.8.8.1:443"})
    );
}

TEST(DialPlan, Ssrf20APoisonedAnswerCountsWhereverItStands) {
    std::vector<IpAddress> many(200, at("8.8.8.8"));
    many.push_back(at("127.0.0.1"));

    EXPECT_FALSE(plan_dials(rules(), many, 443, "many.test"));
}

TEST(DialPlan, TheFamiliesTakeTurnsAsFarAsBothLast) {
    const auto plan = plan_dials(
        rules(), answers({"8.8.8.1", "8.8.8.2", "8.8.8.2", "8.8.8.3", "2606:4700::1"}), 80, "a.test"
    );

    EXPECT_EQ(shown(plan), (Texts{"[2606:4700::1]:80", "8.8.8.1:80", "8.8.8.2:80", "8.8.8.3:80"}));
}

TEST(DialPlan, NoAnswerIsNoSuchName) {
    EXPECT_EQ(plan_dials(rules(), {}, 80, "none.test").error().code, failure_code::dns_nxdomain);
}

TEST(DialPlan, ThePortIsToldWhenItAloneIsInTheWay) {
    EXPECT_EQ(
        plan_literal(rules({"10.0.0.0/8:22"}), at("8.8.8.8"), 22).error().code,
        failure_code::policy_port
    );
    EXPECT_EQ(plan_literal(rules(), at("10.0.0.1"), 22).error().code, failure_code::policy_address);
}

TEST(DialPlan, Ssrf04LocalhostIsWhicheverLoopbackAddressIsAllowed) {
    EXPECT_EQ(
        shown(plan_loopback(rules({"127.0.0.0/8"}), 8080, "localhost")), Texts{"127.0.0.1:8080"}
    );
    EXPECT_EQ(shown(plan_loopback(rules({"::1"}), 8080, "localhost")), Texts{"[::1]:8080"});
    EXPECT_EQ(
        shown(plan_loopback(rules({"localhost"}), 8080, "localhost")),
        (Texts{"127.0.0.1:8080", "[::1]:8080"})
    );
    EXPECT_EQ(plan_loopback(rules(), 8080, "localhost").error().code, failure_code::policy_address);
}

TEST(DialPlan, Ssrf16ARefusalNeverTellsTheAddress) {
    const auto plan = plan_dials(rules(), answers({"10.11.12.13"}), 80, "inside.test");

    EXPECT_EQ(plan.error().detail, refused_address().detail);
    EXPECT_EQ(plan.error().detail.find("10."), std::string::npos);
}

TEST(DialPlan, ReadsTheAddressOfAUrl) {
    EXPECT_EQ(literal_address("127.0.0.1"), at("127.0.0.1"));
    EXPECT_EQ(literal_address("[::1]"), at("::1"));
    for (const char* host : {"::1", "[127.0.0.1]", "[::1", "127.1", "a.test", "[fe80::1%25lo]"}) {
        EXPECT_EQ(literal_address(host), std::nullopt) << host;
    }
}

}  // namespace
}  // namespace fanfetch
