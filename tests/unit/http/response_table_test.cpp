#include "unit/http/response_runs.hpp"
#include "unit/http/response_vectors.hpp"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

namespace fanfetch::testing {
namespace {

constexpr std::string_view plain_300 =
    "HTTP/1.1 200 OK\r\n"
    "Server: nginx\r\n"
    "Date: Sat, 21 Nov 2026 21:52:59 GMT\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 100\r\n"
    "Last-Modified: Fri, 20 Nov 2026 08:00:00 GMT\r\n"
    "ETag: \"655b1c20-62\"\r\n"
    "\r\n"
    "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 01"
    "234567890\n";

static_assert(plain_300.size() == 300);

constexpr std::string_view chunked_with_interim =
    "HTTP/1.1 100 Continue\r\n\r\n"
    "HTTP/1.1 200 OK\r\n"
    "Transfer-Encoding: chunked\r\n"
    "\r\n"
    "10;name=\"value\"\r\n0123456789abcdef\r\n"
    "1\r\n!\r\n"
    "0\r\nX-Checksum: 0123456789abcdef\r\n\r\n";

failure_code outcome_of(std::string_view bytes, stream_end how) {
    ResponseReader reader;
    reader.reset("GET");
    return read_whole(reader, bytes, how).code;
}

TEST(ResponseTable, Ups04EachVectorPassesOrFailsAsItMust) {
    ResponseReader reader;

    for (const auto& vector : response_vectors()) {
        SCOPED_TRACE(vector.name);
        reader.reset(vector.method);
        const auto run = read_whole(reader, vector.bytes);
        EXPECT_EQ(dotted(run.code), dotted(vector.code));
        if (vector.code == failure_code::none && run.code == failure_code::none) {
            EXPECT_EQ(run.status, vector.status);
            EXPECT_EQ(run.body, vector.body);
            EXPECT_EQ(run.reusable, vector.reusable);
        }
    }
}

TEST(ResponseTable, Ups04EachVectorReadsTheSameCutAnywhere) {
    ResponseReader reader;

    for (const auto& vector : response_vectors()) {
        SCOPED_TRACE(vector.name);
        reader.reset(vector.method);
        const auto whole = read_whole(reader, vector.bytes);
        for (std::size_t cut = 0; cut <= vector.bytes.size(); ++cut) {
            reader.reset(vector.method);
            auto run = read_in_pieces(reader, vector.bytes, std::array{cut});
            run.consumed = whole.consumed;  // how far a failing response was read may vary
            if (run.code != failure_code::none) {
                run.body = whole.body;
                run.status = whole.status;
            }
            EXPECT_EQ(run, whole) << "cut at " << cut;
        }
    }
}

TEST(ResponseTable, Ups04EachVectorReadsTheSameByteByByte) {
    ResponseReader reader;

    for (const auto& vector : response_vectors()) {
        SCOPED_TRACE(vector.name);
        reader.reset(vector.method);
        const auto whole = read_whole(reader, vector.bytes);
        std::vector<std::size_t> cuts(vector.bytes.size());
        std::iota(cuts.begin(), cuts.end(), 1);
        reader.reset(vector.method);
        const auto run = read_in_pieces(reader, vector.bytes, cuts);
        EXPECT_EQ(dotted(run.code), dotted(whole.code));
        if (whole.code == failure_code::none) {
            EXPECT_EQ(run, whole);
        }
    }
}

TEST(ResponseTable, Ups02NoStrictPrefixIsASuccess) {
    for (const auto response : {plain_300, chunked_with_interim}) {
        for (std::size_t size = 0; size < response.size(); ++size) {
            const auto prefix = response.substr(0, size);
            EXPECT_EQ(outcome_of(prefix, stream_end::abrupt), failure_code::http_truncated) << size;
            EXPECT_EQ(outcome_of(prefix, stream_end::orderly), failure_code::http_truncated)
                << size;
        }
        EXPECT_EQ(outcome_of(response, stream_end::abrupt), failure_code::none);
    }
}

TEST(ResponseTable, Ups02CloseDelimitedBodyNeedsAnOrderlyEnd) {
    constexpr std::string_view response = "HTTP/1.1 200 OK\r\n\r\nhello";

    EXPECT_EQ(outcome_of(response, stream_end::orderly), failure_code::none);
    EXPECT_EQ(outcome_of(response, stream_end::abrupt), failure_code::http_truncated);
}

TEST(ResponseTable, HasAtLeastSeventyVectors) {
    EXPECT_GE(response_vectors().size(), 70U);
}

}  // namespace
}  // namespace fanfetch::testing
