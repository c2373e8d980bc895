#include "http/content_coding.hpp"

#include "http/field_syntax.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace fanfetch {
namespace {

using enum content_coding;
using Codings = std::vector<content_coding>;

Expected<Codings> parse(std::initializer_list<std::string_view> values) {
    HeaderBlock fields;
    for (const auto value : values) {
        fields.add("Content-Encoding", value);
    }
    return parse_content_encoding(fields);
}

TEST(ContentCoding, Ups12ListsAreReadInTheOrderOfApplication) {
    EXPECT_EQ(parse({}).value(), Codings{});
    EXPECT_EQ(parse({"gzip"}).value(), Codings{gzip});
    EXPECT_EQ(parse({"br"}).value(), Codings{brotli});
    EXPECT_EQ(parse({"gzip, zstd"}).value(), (Codings{gzip, zstd}));
    EXPECT_EQ(parse({"deflate", "br"}).value(), (Codings{deflate, brotli}));
    EXPECT_EQ(parse({"GZip"}).value(), Codings{gzip});
    EXPECT_EQ(parse({"x-gzip"}).value(), Codings{gzip});
}

TEST(ContentCoding, Ups12IdentityMeansNothing) {
    EXPECT_EQ(parse({"identity"}).value(), Codings{});
    EXPECT_EQ(parse({"identity, gzip, , Identity"}).value(), Codings{gzip});
    EXPECT_EQ(parse({""}).value(), Codings{});
}

TEST(ContentCoding, Ups12UnknownCodingsFail) {
    for (const auto* value : {"x", "identity, gzip, x", "compress", "gzip;q=1", "g zip", "none"}) {
        const auto codings = parse({value});
        ASSERT_FALSE(codings.has_value()) << value;
        EXPECT_EQ(codings.error().code, failure_code::decode_failed);
    }
}

TEST(ContentCoding, Ups12ThreeLayersFailInOneFieldOrSeveral) {
    EXPECT_TRUE(parse({"gzip, gzip"}).has_value());
    EXPECT_EQ(parse({"gzip, gzip, gzip"}).error().code, failure_code::decode_failed);
    EXPECT_EQ(parse({"gzip", "gzip", "gzip"}).error().code, failure_code::decode_failed);
    EXPECT_EQ(parse({"gzip, br", "zstd"}).error().code, failure_code::decode_failed);
}

TEST(ContentCoding, AsksOnlyForWhatItDecodes) {
    HeaderBlock fields;
    for_each_element(accept_encoding(), [&](std::string_view coding) {
        fields.clear();
        fields.add("content-encoding", coding);
        EXPECT_EQ(parse_content_encoding(fields).value().size(), 1U) << coding;
    });
}

}  // namespace
}  // namespace fanfetch
