#include "url/url.hpp"

#include "invariants.hpp"

#include <gtest/gtest.h>

#include <array>

namespace fanfetch {
namespace {

using testing::broken_promise;

Url read(std::string_view text) {
    return Url::parse(text).value();
}

TEST(Url, TellsItsParts) {
    const auto url = read("https://Example.COM:8443/a/b?c=d#e");

    EXPECT_EQ(url.href(), "https://example.com:8443/a/b?c=d#e");
    EXPECT_EQ(url.scheme(), "https");
    EXPECT_EQ(url.host(), "example.com");
    EXPECT_EQ(url.port(), 8443);
    EXPECT_FALSE(url.default_port());
    EXPECT_EQ(url.host_key(), "example.com:8443");
    EXPECT_EQ(url.host_header(), "example.com:8443");
    EXPECT_EQ(url.target(), "/a/b?c=d");
}

TEST(Url, KnowsAddressesFromNames) {
    EXPECT_TRUE(read("http://127.1/").host_is_address());
    EXPECT_TRUE(read("http://[::1]/").host_is_address());
    EXPECT_FALSE(read("http://a1.example/").host_is_address());
}

TEST(Url, ComparesOriginsByWhatIsDialled) {
    const auto url = read("http://a.test/x");

    EXPECT_TRUE(url.same_origin(read("http://A.test:80/y")));
    EXPECT_FALSE(url.same_origin(read("https://a.test/x")));
    EXPECT_FALSE(url.same_origin(read("http://a.test:81/x")));
    EXPECT_FALSE(url.same_origin(read("http://a.test./x")));
}

TEST(Url, ResolvesWhatOriginsReallySend) {
    const auto base = read("http://a.test/dir/page?q#f");

    EXPECT_EQ(base.resolve(" next\r\n")->href(), "http://a.test/dir/next");
    EXPECT_EQ(base.resolve("")->href(), "http://a.test/dir/page?q");
    EXPECT_EQ(base.resolve("#g")->href(), "http://a.test/dir/page?q#g");
    EXPECT_EQ(base.resolve("?r")->href(), "http://a.test/dir/page?r");
    EXPECT_EQ(base.resolve("//b.test")->href(), "http://b.test/");
    EXPECT_EQ(base.resolve("../../up")->href(), "http://a.test/up");
    EXPECT_EQ(base.resolve("http:beside")->href(), "http://a.test/dir/beside");
    EXPECT_EQ(base.resolve("https:b.test")->href(), "https://b.test/");
}

TEST(Url, ResolveKeepsRawBytesThatAreNotUtf8) {
    const auto base = read("http://a.test/");

    EXPECT_EQ(base.resolve("/caf\xe9?\xff")->href(), "http://a.test/caf%E9?%FF");
    EXPECT_FALSE(base.resolve("//caf\xe9.test/"));
}

TEST(Url, ParseRefusesWhatIsNotUtf8) {
    EXPECT_EQ(Url::parse("http://a.test/\xe9").error().code, failure_code::url_invalid);
    EXPECT_EQ(read("http://a.test/\xc3\xa9").target(), "/%C3%A9");
}

TEST(Url, PortsAreReadAndNotJudged) {
    EXPECT_EQ(read("http://a.test:0/").port(), 0);
    EXPECT_EQ(read("http://a.test:/").port(), 80);
    EXPECT_EQ(read("http://a.test:0080/").host_header(), "a.test");
    EXPECT_EQ(read("http://a.test:65535/").port(), 65'535);
    for (const auto* port : {"65536", "-1", "+80", "8o", "80:80", "99999999999999999999", " 80"}) {
        const auto url = Url::parse(std::string{"http://a.test:"} + port + "/");
        ASSERT_FALSE(url) << port;
        EXPECT_EQ(url.error().code, failure_code::url_invalid);
        EXPECT_TRUE(url.error().detail.starts_with("reading the port: ")) << url.error().detail;
    }
}

TEST(Url, FailuresNeverRepeatTheAuthority) {
    for (const auto* text :
         {"http://joe:s3cret@a.test/", "http://joe:s3cret/@a.test", "http://s3cret^/",
          "http://%73s3cret%00/", "http://[s3cret]/"}) {
        const auto url = Url::parse(text);
        ASSERT_FALSE(url) << text;
        EXPECT_EQ(url.error().code, failure_code::url_invalid) << text;
        EXPECT_EQ(url.error().detail.find("s3cret"), std::string::npos) << url.error().detail;
    }
}

TEST(Url, Url06TheLimitIsExact) {
    const std::string start = "http://a.test/";
    const std::string longest = start + std::string(Url::max_length - start.size(), 'x');

    EXPECT_TRUE(Url::parse(longest));
    EXPECT_EQ(Url::parse(longest + 'x').error().code, failure_code::url_invalid);
}

TEST(Url, Url06WhatGrowsPastTheLimitIsRefused) {
    const std::string spaces(Url::max_length / 2, ' ');

    EXPECT_FALSE(Url::parse("http://a.test/" + spaces + "x"));
    EXPECT_FALSE(read("http://a.test/").resolve("?" + std::string(Url::max_length - 1, '"')));
}

TEST(Url, Url06ControlCharactersAreRefusedWhereverTheyStand) {
    const std::string whole = "http://a.test:80/p?q#f";
    for (int control = 0; control <= 0x20; ++control) {
        const char byte = control == 0x20 ? '\x7f' : static_cast<char>(control);
        for (std::size_t at = 0; at <= whole.size(); ++at) {
            auto text = whole;
            text.insert(at, 1, byte);
            const auto url = Url::parse(text);
            ASSERT_FALSE(url) << control << " at " << at;
            EXPECT_EQ(url.error().code, failure_code::url_invalid) << control << " at " << at;
        }
    }
}

TEST(Url, Url06ReferencesAreStrippedOutsideOnly) {
    const auto base = read("http://a.test/");

    EXPECT_EQ(base.resolve("\t /x \r\n")->href(), "http://a.test/x");
    for (const auto* inside : {"/x\ny", "/x\ty", "ht\ttp://b.test/", "/\r/b.test", "/x\x7f"}) {
        EXPECT_EQ(base.resolve(inside).error().code, failure_code::url_invalid) << inside;
    }
}

struct Request {
    std::string_view url;
    std::string_view host_header;
    std::string_view target;
};

constexpr std::array url07_requests{
    Request{"http://a.test", "a.test", "/"},
    Request{"http://a.test/", "a.test", "/"},
    Request{"http://a.test?", "a.test", "/?"},
    Request{"http://a.test?q", "a.test", "/?q"},
    Request{"http://a.test#f", "a.test", "/"},
    Request{"http://a.test/#f", "a.test", "/"},
    Request{"http://a.test/p#f?q", "a.test", "/p"},
    Request{"http://a.test/p?q#f", "a.test", "/p?q"},
    Request{"http://a.test/p?q?r", "a.test", "/p?q?r"},
    Request{"http://A.TEST/P", "a.test", "/P"},
    Request{"http://a.test:80/", "a.test", "/"},
    Request{"http://a.test:443/", "a.test:443", "/"},
    Request{"https://a.test:443/", "a.test", "/"},
    Request{"https://a.test:80/", "a.test:80", "/"},
    Request{"http://a.test:08080/", "a.test:8080", "/"},
    Request{"http://a.test:/", "a.test", "/"},
    Request{"http://a.test./", "a.test.", "/"},
    Request{"http://a.test/%7e%7E~", "a.test", "/%7e%7E~"},
    Request{"http://a.test/%", "a.test", "/%"},
    Request{"http://a.test/a b", "a.test", "/a%20b"},
    Request{"http://a.test/a+b", "a.test", "/a+b"},
    Request{"http://a.test/?a'b", "a.test", "/?a%27b"},
    Request{"http://a.test/a'b", "a.test", "/a'b"},
    Request{"http://a.test/{}|^`", "a.test", "/%7B%7D|%5E%60"},
    Request{"http://a.test/?{}|^`\\", "a.test", "/?{}|^`\\"},
    Request{"http://a.test/./b/../c/%2E%2e/d", "a.test", "/d"},
    Request{"http://a.test\\p\\q", "a.test", "/p/q"},
    Request{"http://a.test//p//", "a.test", "//p//"},
    Request{"http://a.test/\u00e9?\u00e9", "a.test", "/%C3%A9?%C3%A9"},
    Request{"http://B\u00fccher.test/", "xn--bcher-kva.test", "/"},
    Request{"http://0x7f.1:8080/p", "127.0.0.1:8080", "/p"},
    Request{"https://[2001:DB8:0::0:1]:443/p", "[2001:db8::1]", "/p"},
    Request{"http://a.test/p;x=1,2?a=b&c=[d]", "a.test", "/p;x=1,2?a=b&c=[d]"},
};

TEST(Url, Url07RequestsAreByteExact) {
    static_assert(url07_requests.size() >= 30);
    for (const auto& request : url07_requests) {
        const auto url = Url::parse(request.url);
        ASSERT_TRUE(url) << request.url << ": " << url.error().detail;
        EXPECT_EQ(url->host_header(), request.host_header) << request.url;
        EXPECT_EQ(url->target(), request.target) << request.url;
        EXPECT_EQ(broken_promise(*url), "") << request.url;
    }
}

}  // namespace
}  // namespace fanfetch
