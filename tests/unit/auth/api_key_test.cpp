#include "auth/api_key.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace fanfetch {
namespace {

TEST(ApiKey, Auth09HasAKnownBeginningAnd160RandomBits) {
    const auto key = make_key();

    EXPECT_TRUE(key.starts_with("fanfetch_"));
    EXPECT_EQ(key.size(), key_length);
    const auto random = key.substr(key_prefix.size());
    EXPECT_GE(random.size() * 5, 128U);
    EXPECT_EQ(random.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567"), std::string::npos);
}

TEST(ApiKey, Auth09NoTwoAreAlikeAndEveryLetterOccursEverywhere) {
    constexpr int many = 2'000;
    std::set<std::string> keys;
    std::array<std::set<char>, key_length - key_prefix.size()> seen;

    for (int i = 0; i < many; ++i) {
        const auto key = make_key();
        for (std::size_t at = 0; at < seen.size(); ++at) {
            seen[at].insert(key[key_prefix.size() + at]);
        }
        keys.insert(key);
    }

    EXPECT_EQ(keys.size(), static_cast<std::size_t>(many));
    for (const auto& letters : seen) {
        EXPECT_EQ(letters.size(), 32U);
    }
}

// The digest of "abc" is the first example of FIPS 180-4.
TEST(ApiKey, HashIsSha256InHexadecimal) {
    EXPECT_EQ(
        to_string(hash_key("abc")),
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

TEST(ApiKey, HashReadsBack) {
    const auto hash = hash_key(make_key());

    EXPECT_EQ(parse_key_hash(to_string(hash)), hash);
}

TEST(ApiKey, HashIsReadInOneSpellingOnly) {
    const auto text = to_string(hash_key("abc"));
    auto upper = text;
    upper[10] = 'B';
    upper[11] = 'A';

    EXPECT_FALSE(parse_key_hash(""));
    EXPECT_FALSE(parse_key_hash(text.substr(7)));
    EXPECT_FALSE(parse_key_hash(text.substr(0, text.size() - 1)));
    EXPECT_FALSE(parse_key_hash(text + "0"));
    EXPECT_FALSE(parse_key_hash("SHA256:" + text.substr(7)));
    EXPECT_FALSE(parse_key_hash(upper));
    EXPECT_FALSE(parse_key_hash(text.substr(0, text.size() - 1) + "g"));
}

}  // namespace
}  // namespace fanfetch
