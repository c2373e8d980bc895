#include "http/server_negotiation.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

TEST(Negotiation, ChoosesWhatTheClientLikesBest) {
    const auto choose = [](std::string_view accept) {
        return choose_media_type(accept, {"application/json", "application/x-ndjson"});
    };

    EXPECT_EQ(choose(""), "application/json");
    EXPECT_EQ(choose("*/*"), "application/json");
    EXPECT_EQ(choose("application/x-ndjson"), "application/x-ndjson");
    EXPECT_EQ(choose("application/json;q=0.5, application/x-ndjson;q=0.6"), "application/x-ndjson");
    EXPECT_EQ(choose("application/*;q=0.1, Application/X-NDJSON"), "application/x-ndjson");
    EXPECT_EQ(choose("application/json;q=0, */*"), "application/x-ndjson");
    EXPECT_EQ(choose("text/html"), std::nullopt);
    EXPECT_EQ(choose("*/*;q=0"), std::nullopt);
    EXPECT_EQ(choose("application/json;charset=utf-8;q=0.001"), "application/json");
    EXPECT_EQ(choose("application/json;q=nonsense"), "application/json");
    EXPECT_EQ(choose(",,;;q=1,"), std::nullopt);
}

TEST(Negotiation, CodingMustBeAskedFor) {
    EXPECT_TRUE(accepts_coding("gzip", "gzip"));
    EXPECT_TRUE(accepts_coding("br, GZIP;q=0.1", "gzip"));
    EXPECT_TRUE(accepts_coding("*", "gzip"));
    EXPECT_FALSE(accepts_coding("", "gzip"));
    EXPECT_FALSE(accepts_coding("br", "gzip"));
    EXPECT_FALSE(accepts_coding("gzip;q=0", "gzip"));
    EXPECT_FALSE(accepts_coding("gzip;q=0.000, *", "gzip"));
    EXPECT_FALSE(accepts_coding("*;q=0", "gzip"));
}

}  // namespace
}  // namespace fanfetch
