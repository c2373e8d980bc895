#include "auth/key_ring.hpp"

#include "keys_folder.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

TEST(KeyRing, FindsAKeyByWhatItIs) {
    const auto key = make_key();
    const KeyRing ring{{record_of("a", key, "blue"), record_of("b", make_key(), "red")}};

    const auto found = ring.find(key);

    ASSERT_TRUE(found);
    EXPECT_EQ(found->key_id(), "a");
    EXPECT_EQ(found->tenant(), "blue");
    EXPECT_FALSE(found->revoked());
}

TEST(KeyRing, FindsNothingElse) {
    const auto key = make_key();
    const KeyRing ring{{record_of("a", key)}};

    EXPECT_FALSE(ring.find(""));
    EXPECT_FALSE(ring.find(make_key()));
    EXPECT_FALSE(ring.find(key + "a"));
    EXPECT_FALSE(ring.find(key.substr(0, key.size() - 1)));
    EXPECT_FALSE(ring.find(to_string(hash_key(key)))) << "a hash is no key";
    EXPECT_FALSE(KeyRing{}.find(key));
}

// Only the beginning of a very long text is hashed, so it must not count as that beginning.
TEST(KeyRing, ALongTextIsNotTheKeyItBeginsWith) {
    const std::string longest(2 * key_length, 'a');
    const KeyRing ring{{record_of("a", longest)}};

    EXPECT_TRUE(ring.find(longest));
    EXPECT_FALSE(ring.find(longest + "a"));
    EXPECT_FALSE(ring.find(longest + std::string(1U << 20U, 'a')));
}

TEST(KeyRing, Auth05WhatIsNotInTheNextRingIsRevoked) {
    const KeyRing first{{record_of("a", "one"), record_of("b", "two")}};
    const auto a = first.find("one");
    const auto b = first.find("two");

    const KeyRing second{{record_of("b", "two"), record_of("c", "three")}, first};

    EXPECT_TRUE(a->revoked());
    EXPECT_FALSE(second.find("one"));
    EXPECT_FALSE(b->revoked());
    EXPECT_EQ(second.find("two"), b) << "streams of an unchanged key go on";
    EXPECT_TRUE(second.find("three"));
}

TEST(KeyRing, Auth05AKeyWithOtherRightsIsAnotherKey) {
    const KeyRing first{{record_of("a", "one", "blue", {scope::read})}};
    const auto before = first.find("one");

    const KeyRing second{{record_of("a", "one", "red", {scope::read})}, first};

    EXPECT_TRUE(before->revoked());
    EXPECT_EQ(second.find("one")->tenant(), "red");
    EXPECT_FALSE(second.find("one")->revoked());
}

}  // namespace
}  // namespace fanfetch
