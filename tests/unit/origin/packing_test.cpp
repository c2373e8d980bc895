#include "origin/packing.hpp"

#include "http/content_decoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace fanfetch::origin {
namespace {

/// How many bytes come out, all of them zeros; none when it cannot be decoded.
std::uint64_t zeros_in(std::string_view coded, content_coding coding) {
    const std::array codings{coding};
    DecodeLimits limits;
    limits.max_ratio = 1'000'000;
    ContentDecoder decoder{codings, limits};
    for (;;) {
        const auto piece = decoder.next(coded);
        if (!piece || !std::ranges::all_of(*piece, [](char c) { return c == '\0'; })) {
            return 0;
        }
        if (piece->empty()) {
            return decoder.finish() ? decoder.decoded_bytes() : 0;
        }
    }
}

TEST(Packing, ZerosAreOneGoodGzipMember) {
    constexpr std::uint64_t mebibyte = 1U << 20U;

    EXPECT_EQ(zeros_in(gzipped_zeros(1), content_coding::gzip), mebibyte);
    EXPECT_EQ(zeros_in(gzipped_zeros(5), content_coding::gzip), 5 * mebibyte);
    EXPECT_LT(gzipped_zeros(1024).size(), 1'200'000U);
}

TEST(Packing, WhatIsPackedComesBack) {
    const std::string zeros(1000, '\0');

    EXPECT_EQ(zeros_in(packed(zeros, zlib_form::gzip), content_coding::gzip), 1000U);
    EXPECT_EQ(zeros_in(packed(zeros, zlib_form::zlib), content_coding::deflate), 1000U);
    EXPECT_EQ(zeros_in(packed(zeros, zlib_form::raw), content_coding::deflate), 1000U);
    EXPECT_EQ(zeros_in(zstd_packed(zeros), content_coding::zstd), 1000U);
}

}  // namespace
}  // namespace fanfetch::origin
