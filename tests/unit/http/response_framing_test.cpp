#include "http/response_framing.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace fanfetch {
namespace {

ResponseHead head(int status, std::initializer_list<FieldView> fields, int minor_version = 1) {
    ResponseHead head;
    head.status = static_cast<std::uint16_t>(status);
    head.minor_version = static_cast<std::uint8_t>(minor_version);
    for (const auto& [name, value] : fields) {
        head.fields.add(name, value);
    }
    return head;
}

TEST(ResponseFraming, NamesTheFourKinds) {
    const auto none = frame_response("GET", head(204, {})).value();
    const auto length = frame_response("GET", head(200, {{"Content-Length", "7"}})).value();
    const auto chunked =
        frame_response("GET", head(200, {{"transfer-encoding", "Chunked"}})).value();
    const auto until_close = frame_response("GET", head(200, {})).value();

    EXPECT_EQ(none.kind, body_framing::none);
    EXPECT_EQ(length.kind, body_framing::length);
    EXPECT_EQ(length.length, 7U);
    EXPECT_EQ(chunked.kind, body_framing::chunked);
    EXPECT_EQ(until_close.kind, body_framing::until_close);
    EXPECT_FALSE(until_close.keep_alive);
}

TEST(ResponseFraming, LargestLengthFits) {
    const auto framing =
        frame_response("GET", head(200, {{"Content-Length", "18446744073709551615"}})).value();

    EXPECT_EQ(framing.length, UINT64_MAX);
}

TEST(ResponseFraming, BodilessResponsesAreNotJudgedByTheirFields) {
    for (const int status : {100, 103, 204, 304}) {
        const auto framing = frame_response("GET", head(status, {{"Content-Length", "x"}}));
        EXPECT_EQ(framing.value().kind, body_framing::none) << status;
    }
    EXPECT_EQ(
        frame_response("HEAD", head(200, {{"Transfer-Encoding", "gzip"}})).value().kind,
        body_framing::none
    );
    EXPECT_EQ(frame_response("CONNECT", head(200, {})).value().kind, body_framing::none);
    EXPECT_EQ(frame_response("CONNECT", head(502, {})).value().kind, body_framing::until_close);
}

TEST(ResponseFraming, MethodsAreCaseSensitive) {
    EXPECT_EQ(
        frame_response("head", head(200, {{"Content-Length", "1"}})).value().kind,
        body_framing::length
    );
}

TEST(ResponseFraming, KeepAliveIsTheRuleInOneDotOneAndAWishBefore) {
    const FieldView length{"Content-Length", "0"};

    EXPECT_TRUE(frame_response("GET", head(200, {length}))->keep_alive);
    EXPECT_FALSE(frame_response("GET", head(200, {length, {"Connection", "close"}}))->keep_alive);
    EXPECT_FALSE(frame_response("GET", head(200, {length}, 0))->keep_alive);
    EXPECT_TRUE(
        frame_response("GET", head(200, {length, {"Connection", "Keep-Alive"}}, 0))->keep_alive
    );
    EXPECT_FALSE(frame_response("GET", head(200, {length, {"Connection", "keep-alive, close"}}, 0))
                     ->keep_alive);
}

TEST(ResponseFraming, FailuresNameWhatIsAtFault) {
    const auto framing = frame_response("GET", head(200, {{"Content-Length", "5, 6"}}));

    ASSERT_FALSE(framing.has_value());
    EXPECT_EQ(framing.error().code, failure_code::http_malformed);
    EXPECT_NE(framing.error().detail.find("'5'"), std::string::npos);
}

}  // namespace
}  // namespace fanfetch
