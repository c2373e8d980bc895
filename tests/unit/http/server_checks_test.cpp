#include "http/request_checks.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

RequestHead head_of(int minor_version, Fields fields) {
    RequestHead head;
    head.method = http::verb::post;
    head.minor_version = minor_version;
    for (const auto& [name, value] : fields) {
        head.fields.insert(name, value);
    }
    return head;
}

// The refusals stand in the framing table of the integration tests, with their bytes.
TEST(RequestChecks, FramingOfWhatIsRight) {
    const auto counted = judge_framing(head_of(1, {{"Host", "a"}, {"Content-Length", "12"}}));
    const auto chunked =
        judge_framing(head_of(1, {{"Host", "a"}, {"Transfer-Encoding", "Chunked"}}));
    const auto none = judge_framing(head_of(0, {}));

    ASSERT_TRUE(counted.has_value());
    EXPECT_EQ(counted->length, 12U);
    EXPECT_TRUE(counted->keep_alive);
    ASSERT_TRUE(chunked.has_value());
    EXPECT_TRUE(chunked->chunked);
    EXPECT_FALSE(chunked->length.has_value());
    ASSERT_TRUE(none.has_value());
    EXPECT_FALSE(none->has_body());
    EXPECT_FALSE(none->keep_alive);
}

TEST(RequestChecks, ContinueIsExpectedOnlyWithABodyAndNotInHttp10) {
    const auto expects = [](int version, std::string_view length) {
        const auto framing = judge_framing(head_of(
            version, {{"Host", "a"}, {"Content-Length", length}, {"Expect", "100-Continue"}}
        ));
        return framing && framing->expects_continue;
    };

    EXPECT_TRUE(expects(1, "1"));
    EXPECT_FALSE(expects(1, "0"));
    EXPECT_FALSE(expects(0, "1"));
}

TEST(RequestChecks, HostAndPort) {
    for (const auto* good :
         {"a", "a.b:80", "127.0.0.1", "[::1]", "[::1]:8080", "a_b", "xn--a", "a:"}) {
        EXPECT_TRUE(is_host_and_port(good)) << good;
    }
    for (const auto* bad :
         {"", ":80", "a b", "a/b", "a@b", "a:b", "a:123456", "[", "[]", "[::1", "[::1]x", "[g::]",
          "a,b", "a\x7f"}) {
        EXPECT_FALSE(is_host_and_port(bad)) << bad;
    }
}

TEST(RequestChecks, Cli14ContentCodingAndUnknownTypesAreUnsupported) {
    const auto check = [](Fields fields) {
        const auto failure =
            check_media_type(head_of(1, fields).fields, {"application/json", "text/plain"});
        return failure ? failure->code : failure_code::none;
    };

    EXPECT_EQ(check({}), failure_code::none);
    EXPECT_EQ(check({{"Content-Type", "Application/JSON; charset=utf-8"}}), failure_code::none);
    EXPECT_EQ(check({{"Content-Encoding", "identity"}}), failure_code::none);
    EXPECT_EQ(check({{"Content-Type", "text/html"}}), failure_code::api_unsupported_media);
    EXPECT_EQ(check({{"Content-Encoding", "gzip"}}), failure_code::api_unsupported_media);
    EXPECT_EQ(
        check({{"Content-Type", "text/plain"}, {"Content-Type", "text/plain"}}),
        failure_code::api_unsupported_media
    );
}

}  // namespace
}  // namespace fanfetch
