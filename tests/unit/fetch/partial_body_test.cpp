#include "fetch/partial_body.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

std::string validator_of(const Fields& fields, std::uint16_t status = 200) {
    ResponseHead head;
    head.status = status;
    for (const auto& [name, value] : fields) {
        head.fields.add(name, value);
    }
    return range_validator(head);
}

constexpr std::string_view earlier = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view later = "Sun, 06 Nov 1994 08:49:38 GMT";

TEST(RangeValidator, IsAStrongTagFirst) {
    EXPECT_EQ(validator_of({{"ETag", "\"a\""}}), "\"a\"");
    EXPECT_EQ(
        validator_of({{"ETag", "\"a\""}, {"Last-Modified", earlier}, {"Date", later}}), "\"a\""
    );
}

TEST(RangeValidator, IsADateThatIsOldEnough) {
    EXPECT_EQ(validator_of({{"Last-Modified", earlier}, {"Date", later}}), earlier);
    EXPECT_EQ(validator_of({{"Last-Modified", earlier}, {"Date", earlier}}), "");
    EXPECT_EQ(validator_of({{"Last-Modified", later}, {"Date", earlier}}), "");
    EXPECT_EQ(validator_of({{"Last-Modified", earlier}}), "");
    EXPECT_EQ(validator_of({{"Last-Modified", "yesterday"}, {"Date", later}}), "");
}

TEST(RangeValidator, IsNoneWherePartsCannotBePutTogether) {
    EXPECT_EQ(validator_of({}), "");
    EXPECT_EQ(validator_of({{"ETag", "W/\"a\""}, {"Last-Modified", earlier}, {"Date", later}}), "");
    EXPECT_EQ(validator_of({{"ETag", "a"}}), "");
    EXPECT_EQ(validator_of({{"ETag", "\"a\""}, {"Content-Encoding", "gzip"}}), "");
    EXPECT_EQ(validator_of({{"ETag", "\"a\""}, {"Accept-Ranges", "None"}}), "");
    EXPECT_EQ(validator_of({{"ETag", "\"a\""}}, 206), "");
    EXPECT_EQ(validator_of({{"ETag", "\"a\""}}, 404), "");
}

TEST(RangeValidator, ACallersOwnRangeIsSeen) {
    EXPECT_TRUE(asks_for_range({{"range", "bytes=0-1"}}));
    EXPECT_TRUE(asks_for_range({{"IF-RANGE", "\"a\""}}));
    EXPECT_FALSE(asks_for_range({{"Accept-Ranges", "bytes"}}));
}

}  // namespace
}  // namespace fanfetch
