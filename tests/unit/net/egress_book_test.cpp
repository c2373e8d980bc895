#include "net/egress_book.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

bool may_reach(const EgressBook& book, const std::string& tenant, const std::string& url) {
    return judge_unresolved(*book.rules_of(tenant), Url::parse(url).value()).has_value();
}

class EgressBookTest : public ::testing::Test {
protected:
    EgressBookTest() {
        EgressSettings settings;
        settings.allow = {"127.0.0.1"};
        EXPECT_TRUE(book_.set_operator(settings));
    }

    EgressBook book_;
};

TEST_F(EgressBookTest, ATenantHasTheOperatorsExceptionsAndItsOwn) {
    ASSERT_TRUE(book_.set_tenants({{"a", {"10.1.0.0/16"}}}));

    EXPECT_TRUE(may_reach(book_, "a", "http://10.1.2.3/"));
    EXPECT_TRUE(may_reach(book_, "a", "http://127.0.0.1/"));
    EXPECT_FALSE(may_reach(book_, "a", "http://10.2.0.1/"));
}

TEST_F(EgressBookTest, OthersHaveNothingOfIt) {
    ASSERT_TRUE(book_.set_tenants({{"a", {"10.1.0.0/16"}}}));

    EXPECT_FALSE(may_reach(book_, "b", "http://10.1.2.3/"));
    EXPECT_FALSE(may_reach(book_, "", "http://10.1.2.3/"));
    EXPECT_TRUE(may_reach(book_, "b", "http://127.0.0.1/"));
}

TEST_F(EgressBookTest, WhatIsTakenAwayIsGoneForWhoAsksAnew) {
    ASSERT_TRUE(book_.set_tenants({{"a", {"10.1.0.0/16"}}}));
    const auto held = book_.rules_of("a");
    ASSERT_TRUE(book_.set_tenants({}));

    EXPECT_FALSE(may_reach(book_, "a", "http://10.1.2.3/"));
    EXPECT_TRUE(judge_unresolved(*held, Url::parse("http://10.1.2.3/").value()));
}

TEST_F(EgressBookTest, AnEntryThatCannotBeReadChangesNothingAndIsNamed) {
    ASSERT_TRUE(book_.set_tenants({{"a", {"10.1.0.0/16"}}}));

    const auto refused = book_.set_tenants({{"a", {}}, {"b", {"10.1.0.0/99"}}});

    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail.find("egress_allow of tenant b"), std::string::npos);
    EXPECT_TRUE(may_reach(book_, "a", "http://10.1.2.3/"));
}

}  // namespace
}  // namespace fanfetch
