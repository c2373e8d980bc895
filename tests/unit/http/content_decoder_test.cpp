#include "http/content_decoder.hpp"

#include "unit/http/content_samples.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace fanfetch::testing {
namespace {

using enum content_coding;

constexpr std::size_t mebibyte = 1U << 20U;

struct Decoding {
    failure_code code = failure_code::none;
    std::string body;
};

/// Decodes `coded`, which arrives in pieces of `piece` bytes, and the end behind it.
Decoding decode(
    std::string_view coded, const std::vector<content_coding>& applied, DecodeLimits limits = {},
    std::size_t piece = 100'000
) {
    ContentDecoder decoder{applied, limits};
    Decoding result;
    while (!coded.empty()) {
        auto part = coded.substr(0, piece);
        coded.remove_prefix(part.size());
        for (;;) {
            const auto decoded = decoder.next(part);
            if (!decoded) {
                result.code = decoded.error().code;
                return result;
            }
            if (decoded->empty()) {
                break;
            }
            result.body += *decoded;
        }
    }
    if (const auto end = decoder.finish(); !end) {
        result.code = end.error().code;
    }
    return result;
}

/// Wraps `plain` in the codings of `applied`, in this order.
std::string encode(std::string plain, const std::vector<content_coding>& applied) {
    for (const auto coding : applied) {
        plain = encoded(plain, coding);
    }
    return plain;
}

const std::vector<std::vector<content_coding>> chains{
    {},           {gzip},         {deflate},      {brotli},        {zstd},
    {gzip, gzip}, {zstd, brotli}, {brotli, gzip}, {deflate, zstd},
};

TEST(ContentDecoder, Ups12UndoesEveryCodingAndEveryPairCutAnywhere) {
    const auto plain = sample_text(50'000);

    for (const auto& applied : chains) {
        const auto coded = encode(plain, applied);
        for (const std::size_t piece : {1UL, 2UL, 3UL, 1000UL, coded.size()}) {
            const auto result = decode(coded, applied, {}, piece);
            EXPECT_EQ(result.code, failure_code::none) << "pieces of " << piece;
            EXPECT_TRUE(result.body == plain) << "pieces of " << piece;
        }
    }
}

TEST(ContentDecoder, Ups12DeflateComesWithAndWithoutItsHeader) {
    for (const std::string& plain : {std::string{}, sample_text(1), sample_text(70'000)}) {
        for (const auto format : {deflate_format::raw, deflate_format::zlib}) {
            const auto coded = deflated(plain, format);
            for (const std::size_t piece : {1UL, 2UL, coded.size()}) {
                const auto result = decode(coded, {deflate}, {}, piece);
                EXPECT_EQ(result.code, failure_code::none);
                EXPECT_TRUE(result.body == plain);
            }
        }
    }
}

TEST(ContentDecoder, Ups12TruncatedAnywhereFails) {
    const auto plain = sample_text(300);

    for (const auto& applied : chains) {
        if (applied.empty()) {
            continue;
        }
        const auto coded = encode(plain, applied);
        for (std::size_t size = 1; size < coded.size(); ++size) {
            const auto result = decode(coded.substr(0, size), applied);
            EXPECT_EQ(result.code, failure_code::decode_failed) << "after " << size << " bytes";
        }
    }
}

TEST(ContentDecoder, Ups12EmptyBodyIsWhole) {
    for (const auto& applied : chains) {
        EXPECT_EQ(decode("", applied).code, failure_code::none);
    }
}

TEST(ContentDecoder, Ups12BytesBehindTheEndFail) {
    for (const auto& applied : chains) {
        for (const auto* surplus : {"x", "garbage", "\r\n"}) {
            const auto coded = encode("hello", applied) + surplus;
            const auto expected =
                applied.empty() ? failure_code::none : failure_code::decode_failed;
            EXPECT_EQ(decode(coded, applied).code, expected);
            EXPECT_EQ(decode(coded, applied, {}, 1).code, expected);
        }
    }
}

TEST(ContentDecoder, Ups12ZeroBytesBehindTheEndFail) {
    for (const auto coding : {gzip, deflate, brotli, zstd}) {
        const auto coded = encoded("hello", coding) + std::string(4, '\0');
        EXPECT_EQ(decode(coded, {coding}).code, failure_code::decode_failed);
    }
}

TEST(ContentDecoder, Ups12GzipMembersAndZstdFramesAreJoined) {
    for (const auto coding : {gzip, zstd}) {
        const auto coded = encoded("one ", coding) + encoded("", coding) + encoded("two", coding);
        for (const std::size_t piece : {1UL, 7UL, coded.size()}) {
            const auto result = decode(coded, {coding}, {}, piece);
            EXPECT_EQ(result.code, failure_code::none);
            EXPECT_EQ(result.body, "one two");
        }
    }
}

TEST(ContentDecoder, Ups12BadChecksumFails) {
    const auto plain = sample_text(1000);
    auto wrong_sum = gzipped(plain);
    wrong_sum[wrong_sum.size() - 8] = static_cast<char>(wrong_sum[wrong_sum.size() - 8] ^ 1);
    auto wrong_size = gzipped(plain);
    wrong_size.back() = static_cast<char>(wrong_size.back() ^ 1);
    auto wrong_adler = deflated(plain, deflate_format::zlib);
    wrong_adler.back() = static_cast<char>(wrong_adler.back() ^ 1);

    EXPECT_EQ(decode(wrong_sum, {gzip}).code, failure_code::decode_failed);
    EXPECT_EQ(decode(wrong_size, {gzip}).code, failure_code::decode_failed);
    EXPECT_EQ(decode(wrong_adler, {deflate}).code, failure_code::decode_failed);
}

TEST(ContentDecoder, Ups12PlainTextUnderACodingFails) {
    for (const auto coding : {gzip, deflate, brotli, zstd}) {
        EXPECT_EQ(decode("<html>not coded</html>", {coding}).code, failure_code::decode_failed);
    }
}

TEST(ContentDecoder, Ups12BombsStopAtTheRatio) {
    const std::string zeros(12 * mebibyte, '\0');
    const std::vector<std::pair<std::string, std::vector<content_coding>>> bombs{
        {gzipped(zeros), {gzip}},
        {deflated(zeros, deflate_format::raw), {deflate}},
        {brotli_bomb(), {brotli}},
        {zstandarded(zeros), {zstd}},
        {gzipped(gzipped(zeros)), {gzip, gzip}},
        {zstandarded(gzipped(zeros)), {gzip, zstd}},
        {gzipped(brotli_bomb()), {brotli, gzip}},
    };

    for (const auto& [coded, applied] : bombs) {
        const auto result = decode(coded, applied, {.max_bytes = 8 * mebibyte});
        EXPECT_EQ(dotted(result.code), "limit.decode_ratio");
        EXPECT_LE(result.body.size(), mebibyte + (64U << 10U));
    }
}

TEST(ContentDecoder, Ups12BombInTheMiddleStopsToo) {
    const auto nothing = gzipped("");
    std::string much_of_nothing;
    while (much_of_nothing.size() < 4 * mebibyte) {
        much_of_nothing += nothing;
    }

    const auto result = decode(encode(much_of_nothing, {gzip}), {gzip, gzip});

    EXPECT_EQ(dotted(result.code), "limit.decode_ratio");
    EXPECT_TRUE(result.body.empty());
}

TEST(ContentDecoder, RatioIsNotJudgedBelowItsThreshold) {
    const DecodeLimits limits{};
    const std::string below(limits.ratio_from - 1, '\0');
    const std::string above(limits.ratio_from, '\0');

    EXPECT_EQ(decode(gzipped(below), {gzip}, limits).code, failure_code::none);
    EXPECT_EQ(decode(gzipped(above), {gzip}, limits).code, failure_code::limit_decode_ratio);
}

TEST(ContentDecoder, RatioMayBeReachedButNotPassed) {
    const auto plain = sample_text(100'000);
    const auto coded = zstandarded(plain);
    const auto ratio = plain.size() / coded.size() + 1;

    EXPECT_EQ(
        decode(coded, {zstd}, {.max_ratio = ratio, .ratio_from = 0}).code, failure_code::none
    );
    EXPECT_EQ(
        decode(coded, {zstd}, {.max_ratio = 1, .ratio_from = 0}).code,
        failure_code::limit_decode_ratio
    );
}

TEST(ContentDecoder, BodyMayFillItsLimitButNotPassIt) {
    const auto plain = sample_text(100'000);

    for (const auto& applied : chains) {
        const auto coded = encode(plain, applied);
        const auto full = decode(coded, applied, {.max_bytes = plain.size()});
        const auto over = decode(coded, applied, {.max_bytes = plain.size() - 1});
        EXPECT_EQ(full.code, failure_code::none);
        EXPECT_EQ(over.code, failure_code::limit_body_size);
        EXPECT_LT(over.body.size(), plain.size());
    }
}

TEST(ContentDecoder, CountsBothSides) {
    const auto coded = gzipped("hello");
    ContentDecoder decoder{std::vector{gzip}};
    std::string_view left = coded;

    const auto piece = decoder.next(left);

    EXPECT_EQ(piece.value(), "hello");
    EXPECT_EQ(decoder.decoded_bytes(), 5U);
    EXPECT_EQ(decoder.coded_bytes(), coded.size());
}

TEST(ContentDecoder, ZstdWindowsAboveEightMebibytesAreRefused) {
    // A frame header without content size: window descriptor 0x70 is 2^(10+14) = 16 MiB.
    const std::string too_wide{"\x28\xB5\x2F\xFD\x00\x70\x01\x00\x00", 9};
    const std::string widest{"\x28\xB5\x2F\xFD\x00\x68\x01\x00\x00", 9};

    EXPECT_EQ(decode(too_wide, {zstd}).code, failure_code::decode_failed);
    EXPECT_EQ(decode(widest, {zstd}).code, failure_code::none);
}

}  // namespace
}  // namespace fanfetch::testing
