#include "archive/warc.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <string>

namespace fanfetch {
namespace {

constexpr WallTime fetched_at{std::chrono::milliseconds{1'795'298'379'123}};

WarcResponse response_of(std::string_view url) {
    WarcResponse response;
    response.target_url = url;
    response.remote_address = "192.0.2.1";
    response.fetched_at = fetched_at;
    response.block_length = 1234;
    return response;
}

std::string written(const WarcResponse& response) {
    FastRandom random{1};
    std::string out;
    append_warc_response(out, response, random);
    return out;
}

std::string field(const std::string& header, const std::string& name) {
    const auto start = header.find("\r\n" + name + ": ") + name.size() + 4;
    return header.substr(start, header.find("\r\n", start) - start);
}

TEST(Warc, AResponseHeaderSaysWhatItShould) {
    Sha256 digest;
    digest.fill(0x0F);
    auto response = response_of("http://origin.test/a?b");
    response.payload_digest = &digest;
    response.protocol = "h2";

    const auto header = written(response);

    EXPECT_TRUE(header.starts_with("WARC/1.1\r\nWARC-Type: response\r\n"));
    EXPECT_TRUE(header.ends_with("\r\n\r\n"));
    EXPECT_EQ(field(header, "WARC-Date"), to_rfc3339(fetched_at));
    EXPECT_EQ(field(header, "WARC-Target-URI"), "http://origin.test/a?b");
    EXPECT_EQ(field(header, "WARC-IP-Address"), "192.0.2.1");
    EXPECT_EQ(field(header, "WARC-Protocol"), "h2");
    EXPECT_EQ(field(header, "Content-Type"), "application/http;msgtype=response");
    EXPECT_EQ(field(header, "Content-Length"), "1234");
    std::string hex;
    for (int i = 0; i < 32; ++i) {
        hex += "0f";
    }
    EXPECT_EQ(field(header, "WARC-Payload-Digest"), "sha256:" + hex);
}

TEST(Warc, AMetadataHeaderSaysWhatItShould) {
    FastRandom random{1};
    std::string header;
    append_warc_metadata(
        header, {.target_url = "http://a.test/\r\nX: y", .made_at = fetched_at, .block_length = 7},
        random
    );

    EXPECT_TRUE(header.starts_with("WARC/1.1\r\nWARC-Type: metadata\r\n"));
    EXPECT_EQ(field(header, "WARC-Date"), to_rfc3339(fetched_at));
    EXPECT_EQ(field(header, "WARC-Target-URI"), "http://a.test/%0d%0aX:%20y");
    EXPECT_EQ(field(header, "Content-Type"), "application/json");
    const auto read = read_warc_header(header);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->type, "metadata");
    EXPECT_EQ(read->content_length, 7U);
    EXPECT_EQ(read->header_length, header.size());
}

TEST(Warc, RecordIdsAreVersion4AndDiffer) {
    const std::regex form{
        "<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}>"};
    FastRandom random;
    std::string last;
    for (int i = 0; i < 100; ++i) {
        std::string header;
        append_warc_response(header, response_of("http://a.test/"), random);
        const auto id = field(header, "WARC-Record-ID");
        EXPECT_TRUE(std::regex_match(id, form)) << id;
        EXPECT_NE(id, last);
        last = id;
    }
}

TEST(Warc, Inj09NoValueEndsItsLine) {
    auto response = response_of("http://a.test/\r\nX-Evil: 1\r\n\r\n\x01\x80 end");
    response.remote_address = "192.0.2.1\r\nX-Evil: 2";
    response.protocol = "h2\r\n\r\n";

    const auto header = written(response);
    const auto read = read_warc_header(header);

    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->header_length, header.size());
    EXPECT_EQ(header.find("\r\nX-Evil"), std::string::npos);
    EXPECT_EQ(read->target_url, "http://a.test/%0d%0aX-Evil:%201%0d%0a%0d%0a%01%80%20end");
}

TEST(Warc, AHeaderIsReadBack) {
    const auto header = written(response_of("http://a.test/"));

    const auto read = read_warc_header(header + "block");

    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->type, "response");
    EXPECT_EQ(read->content_length, 1234U);
    EXPECT_EQ(read->header_length, header.size());
    for (std::size_t length = 0; length < header.size(); ++length) {
        EXPECT_FALSE(read_warc_header(header.substr(0, length)).has_value()) << length;
    }
}

TEST(Warc, WhatIsNoHeaderIsRefused) {
    const std::string start = "WARC/1.1\r\nWARC-Type: response\r\n";
    for (const std::string& bytes : {
             std::string{"HTTP/1.1 200 OK\r\n\r\n"},
             start + "\r\n",
             start + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
             start + "Content-Length: -1\r\n\r\n",
             start + "Content-Length: 5x\r\n\r\n",
             start + "Content-Length: 99999999999999999999999\r\n\r\n",
             start + "WARC-Type: warcinfo\r\nContent-Length: 5\r\n\r\n",
             start + "Content-Length: 5\r\n folded: 1\r\n\r\n",
             start + "Content-Length: 5\r\nno colon\r\n\r\n",
             start + "Content-Length: 5\nX: 1\r\n\r\n",
             "WARC/0.9\r\nWARC-Type: response\r\nContent-Length: 5\r\n\r\n" + std::string{},
         }) {
        EXPECT_FALSE(read_warc_header(bytes).has_value()) << bytes;
    }
    const auto endless = start + std::string(warc_max_header, 'x') + ": 1\r\n\r\n";
    EXPECT_FALSE(read_warc_header(endless).has_value());
}

TEST(Warc, WarcinfoIsAWholeRecordOfTheLengthAskedFor) {
    FastRandom random;
    for (const std::size_t length : {0UL, warcinfo_min_padded, 4096UL, 70'001UL}) {
        std::string record;
        append_warcinfo(record, "00000001.warc", fetched_at, random, length);

        const auto header = read_warc_header(record);
        ASSERT_TRUE(header.has_value());
        EXPECT_EQ(header->type, "warcinfo");
        EXPECT_EQ(header->header_length + header->content_length + 4, record.size());
        EXPECT_TRUE(record.ends_with("\r\n\r\n\r\n"));
        EXPECT_EQ(field(record, "WARC-Filename"), "00000001.warc");
        if (length != 0) {
            EXPECT_EQ(record.size(), length);
        }
    }
}

}  // namespace
}  // namespace fanfetch
