#include "auth/scope.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

TEST(Scope, WordsReadBack) {
    for (const auto one : {scope::submit, scope::read, scope::control, scope::admin}) {
        EXPECT_EQ(parse_scope(to_string(one)), one);
    }
    EXPECT_FALSE(parse_scope("Admin"));
    EXPECT_FALSE(parse_scope(""));
}

TEST(ScopeSet, HasWhatWasAddedAndNothingElse) {
    ScopeSet scopes{scope::submit};

    scopes.add(scope::control);

    EXPECT_TRUE(scopes.has(scope::submit) && scopes.has(scope::control));
    EXPECT_FALSE(scopes.has(scope::read) || scopes.has(scope::admin));
    EXPECT_EQ(to_string(scopes), "submit,control");
}

TEST(ScopeSet, Auth02AdminContainsNoOtherScope) {
    const ScopeSet admin{scope::admin};

    EXPECT_FALSE(admin.has(scope::submit) || admin.has(scope::read) || admin.has(scope::control));
}

TEST(ScopeSet, EmptyHasNone) {
    EXPECT_TRUE(ScopeSet{}.empty());
    EXPECT_FALSE(ScopeSet{}.has(scope::read));
    EXPECT_EQ(to_string(ScopeSet{}), "");
    EXPECT_EQ(to_string(ScopeSet::all()), "submit,read,control,admin");
}

}  // namespace
}  // namespace fanfetch
