#include "http/chunked_decoder.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fanfetch {
namespace {

struct Dechunked {
    failure_code code = failure_code::none;
    std::string body;
    std::size_t consumed = 0;
    bool done = false;
};

Dechunked decode(std::string_view bytes, ChunkedLimits limits = {}) {
    ChunkedDecoder decoder{limits};
    Dechunked result;
    while (!bytes.empty() && !decoder.done()) {
        const auto piece = decoder.next(bytes);
        if (!piece) {
            result.code = piece.error().code;
            return result;
        }
        result.body += piece->body;
        result.consumed += piece->consumed;
        bytes.remove_prefix(piece->consumed);
    }
    result.done = decoder.done();
    return result;
}

TEST(ChunkedDecoder, HandsOutViewsOfItsInput) {
    const std::string bytes = "3\r\nabc\r\n0\r\n\r\n";
    ChunkedDecoder decoder;

    const auto piece = decoder.next(bytes);

    EXPECT_EQ(piece.value().body.data(), bytes.data() + 3);
    EXPECT_EQ(piece.value().body, "abc");
    EXPECT_EQ(piece.value().consumed, 6U);
}

TEST(ChunkedDecoder, LeavesWhatIsBehindTheEnd) {
    const auto result = decode("1\r\na\r\n0\r\n\r\nHTTP/1.1");

    EXPECT_TRUE(result.done);
    EXPECT_EQ(result.body, "a");
    EXPECT_EQ(result.consumed, 11U);
}

TEST(ChunkedDecoder, BytesThatAreChunkLikeStayData) {
    EXPECT_EQ(decode("7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n").body, "0\r\n\r\n\r\n");
}

TEST(ChunkedDecoder, LargestSizeDoesNotOverflow) {
    const auto result = decode("ffffffffffffffff\r\nabc");

    EXPECT_EQ(result.code, failure_code::none);
    EXPECT_EQ(result.body, "abc");
    EXPECT_FALSE(result.done);
}

TEST(ChunkedDecoder, Ups10ExtensionsUpToTheLimit) {
    const auto with_extension = [](std::size_t size) {
        return "1;" + std::string(size - 1, 'x') + "\r\na\r\n0\r\n\r\n";
    };

    EXPECT_TRUE(decode(with_extension(16U << 10U)).done);
    EXPECT_EQ(decode(with_extension((16U << 10U) + 1)).code, failure_code::limit_chunk_extensions);
    EXPECT_EQ(
        decode("1;" + std::string(1U << 20U, 'x')).code, failure_code::limit_chunk_extensions
    );
}

TEST(ChunkedDecoder, Ups10ExtensionsAreCountedOverAllChunks) {
    std::string bytes;
    const std::string chunk = "1;" + std::string(99, 'x') + "\r\na\r\n";
    for (int i = 0; i < 163; ++i) {
        bytes += chunk;
    }

    EXPECT_EQ(decode(bytes).code, failure_code::none);
    EXPECT_EQ(decode(bytes + chunk).code, failure_code::limit_chunk_extensions);
}

TEST(ChunkedDecoder, Ups10WhiteSpaceAroundExtensionsCountsToo) {
    EXPECT_EQ(decode("1" + std::string(20'000, ' ')).code, failure_code::limit_chunk_extensions);
}

TEST(ChunkedDecoder, Ups10EightMebibytesInOneByteChunksAreRead) {
    constexpr std::size_t count = 8U << 20U;
    std::string bytes;
    bytes.reserve(count * 6 + 5);
    for (std::size_t i = 0; i < count; ++i) {
        bytes += "1\r\nx\r\n";
    }
    bytes += "0\r\n\r\n";

    const auto result = decode(bytes);

    EXPECT_TRUE(result.done);
    EXPECT_EQ(result.body.size(), count);
}

TEST(ChunkedDecoder, Ups09TrailerBytesUpToTheLimit) {
    const auto with_trailer = [](std::size_t size) {
        return "0\r\nX:" + std::string(size - 4, 'x') + "\r\n\r\n";
    };
    const ChunkedLimits limits{.max_trailer_bytes = 1000};

    EXPECT_TRUE(decode(with_trailer(1000), limits).done);
    EXPECT_EQ(decode(with_trailer(1001), limits).code, failure_code::http_header_limit);
    EXPECT_TRUE(decode("0\r\n\r\n", {.max_trailer_bytes = 0}).done);
}

TEST(ChunkedDecoder, Ups09TrailerFieldsUpToTheLimit) {
    const auto with_trailers = [](std::size_t count) {
        std::string bytes = "0\r\n";
        for (std::size_t i = 0; i < count; ++i) {
            bytes += "a:\r\n";
        }
        return bytes + "\r\n";
    };

    EXPECT_TRUE(decode(with_trailers(256)).done);
    EXPECT_EQ(decode(with_trailers(257)).code, failure_code::http_header_limit);
}

TEST(ChunkedDecoder, FoldedTrailersAreReadOver) {
    EXPECT_TRUE(decode("0\r\nX: a\r\n b\r\n\tc\r\n\r\n").done);
}

TEST(ChunkedDecoder, FailuresSayWhere) {
    ChunkedDecoder decoder;

    const auto piece = decoder.next("0\r\nX Y: 1\r\n\r\n");

    ASSERT_FALSE(piece.has_value());
    EXPECT_NE(piece.error().detail.find("trailer"), std::string::npos);
}

}  // namespace
}  // namespace fanfetch
