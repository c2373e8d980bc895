#include "auth/keys_document.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fanfetch {
namespace {

const std::string hash_text = to_string(hash_key("a key"));

/// A document of one key with these lines.
std::string key_of(
    const std::string& id, const std::string& hash = hash_text,
    const std::string& scopes = R"(["read"])", const std::string& more = ""
) {
    return "[[key]]\nid = \"" + id + "\"\ntenant = \"team\"\nhash = \"" + hash +
           "\"\nscopes = " + scopes + "\n" + more;
}

std::string fault_of(const std::string& text) {
    const auto keys = parse_keys(text);
    return keys ? "" : keys.error().detail;
}

TEST(KeysDocument, ReadsAKey) {
    const auto keys =
        parse_keys("# a comment\n" + key_of("ci", hash_text, R"(["submit", "read"])"));

    ASSERT_TRUE(keys) << keys.error().detail;
    const KeyRecord expected{"ci", "team", hash_key("a key"), {scope::submit, scope::read}};
    EXPECT_EQ(*keys, std::vector{expected});
}

TEST(KeysDocument, WhatIsWrittenReadsBack) {
    std::vector<KeyRecord> keys;
    for (unsigned bits = 1; bits < 16; ++bits) {
        KeyRecord key{
            "k" + std::to_string(bits), "T-" + std::to_string(bits % 3), hash_key(make_key()), {}};
        for (unsigned one = 0; one < scope_words.size(); ++one) {
            if ((bits >> one & 1U) != 0) {
                key.scopes.add(static_cast<scope>(one));
            }
        }
        keys.push_back(std::move(key));
    }

    const auto again = parse_keys(write_keys(keys));

    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_EQ(*again, keys);
}

TEST(KeysDocument, NothingIsNoKeys) {
    EXPECT_TRUE(parse_keys("").value().empty());
    EXPECT_TRUE(parse_keys(write_keys({})).value().empty());
    EXPECT_TRUE(parse_keys("key = []").value().empty());
}

TEST(KeysDocument, SaysWhichLineIsWrong) {
    const std::string good = key_of("good") + "\n";
    const auto other_hash = to_string(hash_key("another"));

    EXPECT_EQ(fault_of("[[key]\n"), "line 1: this is no TOML");
    EXPECT_EQ(fault_of(good + "key = 3\n").substr(0, 7), "line 7:");
    EXPECT_EQ(fault_of("\n[keys]\n"), "line 2: expected [[key]] and nothing else");
    EXPECT_EQ(fault_of("key = [1]"), "line 1: expected [[key]] and nothing else");
    EXPECT_EQ(fault_of(good + "[[key]]\n"), "line 7: the key has no id");
    EXPECT_EQ(
        fault_of(good + key_of("a b", other_hash)),
        "line 8: id: expected 1 to 64 of A-Z a-z 0-9 . _ -"
    );
    EXPECT_EQ(fault_of(good + key_of("good", other_hash)), "line 7: there is a key good already");
    EXPECT_EQ(fault_of(good + key_of("twin")), "line 7: the key twin has another one's hash");
    EXPECT_EQ(
        fault_of(key_of("x", "sha256:00")),
        "line 4: hash: expected sha256: and 64 digits of 0-9 a-f"
    );
    EXPECT_EQ(
        fault_of(key_of("x", hash_text, R"(["read", "write"])")),
        "line 5: scopes: expected a list of submit, read, control, admin"
    );
    EXPECT_EQ(
        fault_of(key_of("x", hash_text, "[]")),
        "line 5: scopes: expected a list of submit, read, control, admin"
    );
    EXPECT_EQ(
        fault_of(key_of("x", hash_text, "\"read\"")),
        "line 5: scopes: expected a list of submit, read, control, admin"
    );
    EXPECT_EQ(
        fault_of(key_of("x", hash_text, R"(["read"])", "note = 1\n")),
        "line 6: a key has id, tenant, hash, scopes, perhaps quotas and egress_allow"
    );
}

TEST(KeysDocument, Auth06NeverRepeatsAKeyThatStandsThereInClear) {
    const auto key = make_key();

    EXPECT_EQ(
        fault_of(key_of("x", key)),
        "line 4: hash: this is the key itself; make a new one with fanfetch keys add"
    );
    for (const auto& text :
         {key_of(key + " "), key_of("x", hash_text, "[\"" + key + "\"]"), key + "\n",
          key + " = 1\n", "[[key]]\n" + key + " = 1\n", "[[key]]\nid = " + key + "\n"}) {
        EXPECT_FALSE(fault_of(text).empty());
        EXPECT_EQ(fault_of(text).find(key), std::string::npos) << fault_of(text);
    }
}

TEST(KeysDocument, RefusesMoreKeysThanItTakes) {
    std::string text;
    for (std::size_t i = 0; i <= most_keys; ++i) {
        text += "[[key]]\n";
    }

    EXPECT_EQ(fault_of(text), "line 1: more than 10000 keys");
}

TEST(KeyRecord, NamesAreHarmlessEverywhere) {
    EXPECT_TRUE(is_key_name("team-a.prod_7"));
    EXPECT_TRUE(is_key_name(std::string(64, 'a')));
    for (const std::string bad : {"", ".", "-a", "a b", "a\nb", "a\"b", "a/b", "\xC3\xA9"}) {
        EXPECT_FALSE(is_key_name(bad)) << bad;
    }
    EXPECT_FALSE(is_key_name(std::string(65, 'a')));
}

TEST(KeysDocument, AKeyMaySayWhatHoldsForItsTenant) {
    const auto keys = parse_keys(
        key_of(
            "x", hash_text, R"(["read"])",
            "quotas = {max_jobs = 3, max_queued_items = 0, max_stored_bytes = 4096,"
            " requests_per_s = 0.5, weight = 2}\n"
            "egress_allow = [\"10.0.0.0/8\", \"intra.example:8080\"]\n"
        ) +
        key_of("silent", to_string(hash_key("another")))
    );

    ASSERT_TRUE(keys) << keys.error().detail;
    const auto terms = terms_of(*keys);
    ASSERT_EQ(terms.size(), 1U);
    const auto& team = terms.at("team");
    EXPECT_EQ(team.quotas, (TenantQuotas{3, 0, 4096, 0.5, 2}));
    EXPECT_EQ(team.egress_allow, (std::vector<std::string>{"10.0.0.0/8", "intra.example:8080"}));
    EXPECT_EQ(parse_keys(write_keys(*keys)).value(), *keys);
}

TEST(KeysDocument, TwoKeysMaySayTheSameOfATenantAndNothingElse) {
    const auto saying = [](const std::string& first, const std::string& second) {
        return fault_of(
            key_of("a", hash_text, R"(["read"])", first) +
            key_of("b", to_string(hash_key("b")), R"(["read"])", second)
        );
    };

    EXPECT_EQ(saying("quotas = {max_jobs = 3}\n", "quotas = {max_jobs = 3}\n"), "");
    EXPECT_EQ(
        saying("quotas = {max_jobs = 3}\n", "quotas = {max_jobs = 4}\n"),
        "line 7: another key of the tenant says other quotas"
    );
    EXPECT_EQ(
        saying("egress_allow = [\"10.0.0.0/8\"]\n", "egress_allow = []\n"),
        "line 7: another key of the tenant says other egress_allow"
    );
}

TEST(KeysDocument, TermsThatMakeNoSenseAreRefused) {
    const auto fault = [](const std::string& line) {
        return fault_of(key_of("x", hash_text, R"(["read"])", line + "\n"));
    };

    EXPECT_EQ(fault("quotas = 3"), "line 6: quotas: expected {max_jobs = 10, …}");
    EXPECT_EQ(
        fault("quotas = {max_jobs = -1}"), "line 6: max_jobs: expected a whole number, 0 or more"
    );
    EXPECT_EQ(
        fault("quotas = {requests_per_s = 0}"),
        "line 6: requests_per_s: expected a number from 0.001 to 1000000"
    );
    EXPECT_EQ(
        fault("quotas = {requests_per_s = nan}"),
        "line 6: requests_per_s: expected a number from 0.001 to 1000000"
    );
    EXPECT_EQ(
        fault("quotas = {max_stored_bytes = \"1GiB\"}"),
        "line 6: max_stored_bytes: expected a whole number, 0 or more"
    );
    for (const auto* weight : {"0", "101", "1.5", "-1"}) {
        EXPECT_EQ(
            fault(std::string{"quotas = {weight = "} + weight + "}"),
            "line 6: weight: expected a whole number from 1 to 100"
        ) << weight;
    }
    EXPECT_EQ(fault("quotas = {max_stored_bytes = 1_000_000, weight = 100}"), "");
    EXPECT_EQ(
        fault("quotas = {speed = 2}"),
        "line 6: quotas: expected max_jobs, max_queued_items, max_stored_bytes, requests_per_s, "
        "weight, nothing else"
    );
    for (const auto* entries : {"\"10.0.0.0/8\"", "[1]", "[\"10.0.0.0/99\"]", "[\"a b\"]"}) {
        EXPECT_EQ(
            fault(std::string{"egress_allow = "} + entries),
            "line 6: egress_allow: expected a list of addresses, blocks and host names"
        ) << entries;
    }
}

}  // namespace
}  // namespace fanfetch
