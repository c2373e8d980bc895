#include "cases.hpp"
#include "invariants.hpp"
#include "second_reader.hpp"
#include "url/host.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>

namespace fanfetch {
namespace {

using testing::broken_promise;
using testing::read_cases;

struct Case {
    std::string input;
    std::string base;      // empty: none
    std::string expected;  // empty: failure

    [[nodiscard]] bool relative() const { return !base.empty(); }
    [[nodiscard]] bool readable() const {
        return expected.starts_with("http:") || expected.starts_with("https:");
    }
};

const std::vector<Case>& cases() {
    static const auto all = [] {
        std::vector<Case> read;
        for (auto& row : read_cases("whatwg_cases.tsv")) {
            read.push_back(
                {row.at(0), row.at(1) == "-" ? "" : row[1], row.at(2) == "!" ? "" : row[2]}
            );
        }
        return read;
    }();
    return all;
}

/// nullopt when the base is one that we refuse, which leaves nothing to resolve against.
std::optional<Expected<Url>> read(const Case& one) {
    if (!one.relative()) {
        return Url::parse(one.input);
    }
    const auto base = Url::parse(one.base);
    if (!base) {
        return std::nullopt;
    }
    return base->resolve(one.input);
}

/// Refused on purpose: user information, control characters, white space around the whole.
bool refused_by_rule(const Case& one) {
    const auto control = [](char byte) { return (byte >= 0 && byte < 0x20) || byte == 0x7f; };
    const bool spaced = one.input.starts_with(' ') || one.input.ends_with(' ');
    return one.input.find('@') != std::string::npos || one.base.find('@') != std::string::npos ||
           (spaced && !one.relative()) || std::ranges::any_of(one.input, control);
}

/// Refused although the standard takes them, each looked at.
constexpr std::array refused_but_valid{
    std::string_view{"https://%e2%98%83"},  // a snowman: libidn2 knows no names with symbols
};

void expect_agreement(bool relative) {
    std::size_t accepted = 0;
    for (const auto& one : cases()) {
        const auto url = one.relative() == relative ? read(one) : std::nullopt;
        if (!url || !*url) {
            continue;
        }
        ++accepted;
        EXPECT_EQ((*url)->href(), one.expected) << one.input << " with base " << one.base;
        EXPECT_EQ(broken_promise(**url), "") << one.input;
    }
    EXPECT_GT(accepted, 90U);
}

TEST(Url, Url01HostsAgreeWithWhatwg) {
    expect_agreement(false);
}

TEST(Url, Url01ASecondReaderFindsTheSameHosts) {
    std::size_t compared = 0;
    for (const auto& one : cases()) {
        const auto url = one.relative() ? std::nullopt : read(one);
        if (!url || !*url) {
            continue;
        }
        compared += testing::read_again(one.input) ? 1U : 0U;
        EXPECT_TRUE(testing::same_place(one.input, **url)) << one.input;
    }
    EXPECT_GT(compared, 60U);
}

TEST(Url, Url02EverythingThatMustFailIsRefused) {
    std::size_t count = 0;
    for (const auto& one : cases()) {
        if (one.readable()) {
            continue;
        }
        ++count;
        const auto url = read(one);
        EXPECT_FALSE(url && *url) << one.input << " with base " << one.base;
    }
    EXPECT_GT(count, 500U);
}

TEST(Url, Url02OtherSchemesAreRefusedByName) {
    for (const auto& one : cases()) {
        const bool other_scheme = !one.expected.empty() && !one.readable();
        if (!other_scheme || refused_by_rule(one)) {
            continue;
        }
        const auto url = read(one);
        ASSERT_TRUE(url && !*url) << one.input;
        EXPECT_EQ(url->error().code, failure_code::url_scheme) << one.input;
    }
}

TEST(Url, Url03WhatBrowsersReadIsRead) {
    std::size_t all = 0;
    std::size_t accepted = 0;
    for (const auto& one : cases()) {
        if (!one.readable() || refused_by_rule(one)) {
            continue;
        }
        ++all;
        const auto url = read(one);
        const bool taken = url && *url;
        accepted += taken ? 1U : 0U;
        EXPECT_EQ(!taken, std::ranges::count(refused_but_valid, one.input) == 1)
            << one.input << " with base " << one.base;
    }
    EXPECT_GT(all, 180U);
    EXPECT_GE(static_cast<double>(accepted), 0.95 * static_cast<double>(all));
}

TEST(Url, Url04ReferencesAgreeWithWhatwg) {
    expect_agreement(true);
}

TEST(Url, Url05InternationalisedNamesAgreeWithWhatwg) {
    std::size_t accepted = 0;
    for (const auto& row : read_cases("idna_cases.tsv")) {
        const auto host = parse_host(row.at(0));
        if (!host) {
            continue;
        }
        ++accepted;
        EXPECT_EQ(*host, row.at(1)) << row.at(0);
    }
    EXPECT_GT(accepted, 900U);
}

}  // namespace
}  // namespace fanfetch
