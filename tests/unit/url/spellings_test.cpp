#include "url/url.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace fanfetch {
namespace {

/// What would be dialled, or "refused".
std::string dialled(std::string_view text) {
    const auto url = Url::parse(text);
    return url ? std::string{url->host()} : "refused";
}

struct Target {
    std::string_view address;
    std::array<std::string_view, 20> spellings;
};

constexpr std::array v4_targets{
    Target{
        "127.0.0.1",
        {"127.0.0.1",
         "2130706433",
         "0x7f000001",
         "017700000001",
         "0x7f.0.0.1",
         "0177.0.0.1",
         "0177.0x0.0.01",
         "127.1",
         "127.0.1",
         "0x7f.1",
         "0177.1",
         "0x7f.0x1",
         "127.0.0.01",
         "0000177.0.0.1",
         "127.0.0.1.",
         "0X7F000001",
         "0x0000007f000001",
         "%31%32%37.0.0.1",
         "\u2460\u2461\u2466.0.0.1",
         "\uff11\uff12\uff17\u30020\u30020\u30021"}},
    Target{
        "169.254.169.254",
        {"169.254.169.254",
         "2852039166",
         "0xa9fea9fe",
         "025177524776",
         "0xa9.0xfe.0xa9.0xfe",
         "0251.0376.0251.0376",
         "169.0xfe.0251.254",
         "169.16689662",
         "169.254.43518",
         "0xa9.16689662",
         "0251.16689662",
         "169.254.0xa9fe",
         "0000251.254.169.254",
         "0x00000a9.254.169.254",
         "169.254.169.254.",
         "0XA9FEA9FE",
         "%316%39.254.169.254",
         "169%2e254%2E169.254",
         "\uff11\uff16\uff19.254.169.254",
         "169\uff0e254\uff61169.254"}},
    Target{
        "10.0.0.1",
        {"10.0.0.1",
         "167772161",
         "0xa000001",
         "01200000001",
         "0xa.0.0.1",
         "012.0.0.1",
         "012.0x0.00.1",
         "10.1",
         "10.0.1",
         "0xa.1",
         "012.1",
         "10.0x0.0x1",
         "10.0.0.01",
         "00012.0.0.1",
         "10.0.0.1.",
         "0XA000001",
         "0x000000000000a000001",
         "%310.0.0.1",
         "\u2469.0.0.1",
         "1\u24ea.0\u30020.\u2460"}},
};

TEST(Url, Ssrf02EverySpellingOfAnIpv4AddressIsThatAddress) {
    for (const auto& target : v4_targets) {
        for (const auto spelling : target.spellings) {
            for (const auto* port : {"", ":8080"}) {
                const auto text = "http://" + std::string{spelling} + port + "/";
                EXPECT_EQ(dialled(text), target.address) << text;
            }
        }
    }
}

TEST(Url, Ssrf02WhatOverflowsOrIsHalfANumberIsRefused) {
    for (const auto* host :
         {"4294967296",
          "4294967297",
          "0x100000001",
          "040000000001",
          "256.0.0.1",
          "127.256.0.1",
          "127.0.0.256",
          "127.0.0.0x100",
          "127.0.65536",
          "127.16777216",
          "1.2.3.4.5",
          "1.2.3.4.5.",
          "127..0.1",
          "127.0.0.09",
          "08.0.0.1",
          "0x7g.0.0.1.1",
          "1e3.0.0.1",

          "99999999999999999999999999",
          "0xffffffffffffffffffffffff",
          "-1.0.0.1",
          "localhost.1",
          "a.0x",
          "a.0x1",
          "a.08",
          "127.0.0.1 "}) {
        EXPECT_EQ(dialled("http://" + std::string{host} + "/"), "refused") << host;
    }
}

TEST(Url, Ssrf02NamesThatOnlyLookLikeNumbersStayNames) {
    EXPECT_EQ(dialled("http://0x7g/"), "0x7g");
    EXPECT_EQ(dialled("http://127.0.0.1.example/"), "127.0.0.1.example");
    EXPECT_EQ(dialled("http://1e3/"), "1e3");
    EXPECT_EQ(dialled("http://127.0.0.+1/"), "127.0.0.+1");
    EXPECT_EQ(dialled("http://127.0.0.1../"), "127.0.0.1..") << "an empty label is no number";
}

struct Spelling {
    std::string_view host;
    std::string_view dialled;
};

TEST(Url, Ssrf03SpellingsOfIpv6Addresses) {
    constexpr std::array spellings{
        Spelling{"[::1]", "[::1]"},
        Spelling{"[0:0:0:0:0:0:0:1]", "[::1]"},
        Spelling{"[0000:0000:0000:0000:0000:0000:0000:0001]", "[::1]"},
        Spelling{"[0::0:1]", "[::1]"},
        Spelling{"[::0.0.0.1]", "[::1]"},
        Spelling{"[::]", "[::]"},
        Spelling{"[FE80::A]", "[fe80::a]"},
        Spelling{"[::ffff:127.0.0.1]", "[::ffff:7f00:1]"},
        Spelling{"[::FFFF:7F00:0001]", "[::ffff:7f00:1]"},
        Spelling{"[0:0:0:0:0:ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]"},
        Spelling{"[64:ff9b::10.0.0.1]", "[64:ff9b::a00:1]"},
        Spelling{"[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]"},
        Spelling{"[1:0:0:2:3:0:0:4]", "[1::2:3:0:0:4]"},
        Spelling{"[1:0:2:3:4:5:6:7]", "[1:0:2:3:4:5:6:7]"},
        Spelling{"[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7:0]"},
        Spelling{"[::2:3:4:5:6:7:8]", "[0:2:3:4:5:6:7:8]"},
    };
    for (const auto& spelling : spellings) {
        EXPECT_EQ(dialled("http://" + std::string{spelling.host} + ":81/"), spelling.dialled)
            << spelling.host;
    }
}

TEST(Url, Ssrf03WhatIsNotQuiteAnIpv6AddressIsRefused) {
    for (const auto* host :
         {"[fe80::1%25eth0]",
          "[fe80::1%eth0]",
          "[::1%]",
          "%5B::1%5D",
          "[%3a%3a1]",
          "[v1.fe80::a]",
          "[vf.1]",
          "::1",
          "[::1",
          "::1]",
          "[[::1]]",
          "[::1]x",
          "x[::1]",
          "[]",
          "[:]",
          "[:::]",
          "[::1::]",
          "[1::2::3]",
          "[:1:2:3:4:5:6:7]",
          "[1:2:3:4:5:6:7:]",
          "[1:2:3:4:5:6:7]",
          "[1:2:3:4:5:6:7:8:9]",
          "[1:2:3:4::5:6:7:8]",
          "[12345::]",
          "[::g]",
          "[::1.2.3]",
          "[::1.2.3.4.5]",
          "[::1.2.3.256]",
          "[::1.2.3.04]",
          "[::1.2.3.]",
          "[::.1.2.3]",
          "[1.2.3.4::]",
          "[1:2:3:4:5:6:7:1.2.3.4]",
          "[::f.0.0.1]",
          "[ ::1]",
          "[::1 ]",
          "[127.0.0.1]",
          "[\uff1a\uff1a1]"}) {
        EXPECT_EQ(dialled("http://" + std::string{host} + "/"), "refused") << host;
    }
}

TEST(Url, Ssrf09OtherSchemesAreRefused) {
    const auto base = Url::parse("http://a.test/").value();
    for (const auto* text :
         {"file:///etc/passwd", "FILE:///etc/passwd", "ftp://a.test/", "gopher://a.test:70/_x",
          "dict://a.test:11211/stat", "data:text/plain,x", "DaTa:,x", "jar:http://a.test/!/",
          "ws://a.test/", "wss://a.test/", "unix:/run/docker.sock", "javascript:alert(1)",
          "JavaScript:alert(1)", "blob:http://a.test/1", "http+unix://%2Frun%2Fdocker.sock/",
          "httpx://a.test/", "view-source:http://a.test/", "about:blank", "a.test:80"}) {
        const auto given = Url::parse(text);
        ASSERT_FALSE(given) << text;
        EXPECT_EQ(given.error().code, failure_code::url_scheme) << text;
        const auto located = base.resolve(text);
        ASSERT_FALSE(located) << text;
        EXPECT_EQ(located.error().code, failure_code::url_scheme) << text;
    }
}

TEST(Url, Ssrf10NoThirdHostComesOutOfAConfusedAuthority) {
    constexpr std::array confusions{
        Spelling{"http://a.test@b.test/", "refused"},
        Spelling{"http://a.test:80@b.test/", "refused"},
        Spelling{"http://@b.test/", "refused"},
        Spelling{"http://a.test%40b.test/", "refused"},
        Spelling{"http://a.test%2Fb.test/", "refused"},
        Spelling{"http://a.test%5Cb.test/", "refused"},
        Spelling{"http://a.test%23b.test/", "refused"},
        Spelling{"http://a.test%3Fb.test/", "refused"},
        Spelling{"http://a.test%3A80/", "refused"},
        Spelling{"http://a.test%00.b.test/", "refused"},
        Spelling{"http://a.test%09b.test/", "refused"},
        Spelling{"http://a.test%0d%0aHost:b.test/", "refused"},
        Spelling{"http://a.test%20b.test/", "refused"},
        Spelling{"http://a.test%2525/", "refused"},
        Spelling{"http://a.test%/", "refused"},
        Spelling{"http://a.test b.test/", "refused"},
        Spelling{"http:// a.test/", "refused"},
        Spelling{" http://a.test/", "refused"},
        Spelling{"http://a.test/ ", "refused"},
        Spelling{"http://a.\ttest/", "refused"},
        Spelling{"http://a.test\n.b.test/", "refused"},
        Spelling{"http://a.test::80/", "refused"},
        Spelling{"http://a.test:80:81/", "refused"},
        Spelling{"http://a.test:80\u200b/", "refused"},
        Spelling{"http://:80/", "refused"},
        Spelling{"http://", "refused"},
        Spelling{"http:///", "refused"},
        Spelling{"http://?a.test", "refused"},
        Spelling{"http://#a.test", "refused"},
        Spelling{"http:a.test", "a.test"},
        Spelling{"http:/\\a.test\\@b.test", "a.test"},
        Spelling{"http://a.test\\@b.test/", "a.test"},
        Spelling{"http://a.test\\b.test/", "a.test"},
        Spelling{"http:\\\\a.test/", "a.test"},
        Spelling{"http://///a.test/", "a.test"},
        Spelling{"http://a.test#@b.test/", "a.test"},
        Spelling{"http://a.test?@b.test/", "a.test"},
        Spelling{"http://a.test/@b.test/", "a.test"},
        Spelling{"http://a.test#\\@b.test/", "a.test"},
        Spelling{"http://a.test:80#:81@b.test/", "a.test"},
        Spelling{"http://a.test%2eb.test/", "a.test.b.test"},
        Spelling{"http://a.test,b.test/", "a.test,b.test"},
        Spelling{"http://a.test&b.test/", "a.test&b.test"},
        Spelling{"http://a.test;b.test/", "a.test;b.test"},
    };
    for (const auto& confusion : confusions) {
        EXPECT_EQ(dialled(confusion.host), confusion.dialled) << confusion.host;
    }
}

TEST(Url, Ssrf11InternationalSpellingsAreMappedOrRefused) {
    constexpr std::array spellings{
        Spelling{"\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54", "localhost"},
        Spelling{"\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3", "localhost"},
        Spelling{"loc\u00adalhost", "localhost"},
        Spelling{"local\u200bhost", "localhost"},
        Spelling{"\u2113ocalho\u017ft", "localhost"},
        Spelling{"LOCALHOST\u3002", "localhost."},
        Spelling{"%EF%BD%8Cocalhost", "localhost"},
        Spelling{"a\u3002test", "a.test"},
        Spelling{"a\uff0etest", "a.test"},
        Spelling{"a\uff61test", "a.test"},
        Spelling{"\u2460\u2461\u2466.\u24ea.\u24ea.\u2460", "127.0.0.1"},
        Spelling{"\U0001d7cf\U0001d7d0\U0001d7d5.1", "127.0.0.1"},
        Spelling{"fa\u00df.test", "xn--fa-hia.test"},
        Spelling{"\u05d0\u05d1\u05d2.test", "xn--4dbcd.test"},
        Spelling{"xn--a.test", "xn--a.test"},
        Spelling{"XN--FA-HIA.test", "xn--fa-hia.test"},
        // What maps to a forbidden character, to nothing, or to a name that breaks the rules.
        Spelling{"\u00ad", "refused"},
        Spelling{"a\uff0fb.test", "refused"},
        Spelling{"a\u2100b.test", "refused"},
        Spelling{"a\uff05b.test", "refused"},
        Spelling{"a\uff1a80", "refused"},
        Spelling{"a\uff20b.test", "refused"},
        Spelling{"a\uff03b.test", "refused"},
        Spelling{"a\u00a0b.test", "refused"},
        Spelling{"a\u3000b.test", "refused"},
        Spelling{"\uff3b::1\uff3d", "refused"},
        Spelling{"\uff58n--a.test", "refused"},
        Spelling{"xn--a.\u00fc.test", "refused"},
        Spelling{"a\u202eb.test", "refused"},
        Spelling{"1.\u05d0.test", "refused"},
        Spelling{"a\u05d0.test", "refused"},
        Spelling{"\u05d0\u0660\u06f0.test", "refused"},
        Spelling{"a\u200db.test", "refused"},
        Spelling{"\u0301a.test", "refused"},
        Spelling{"\u1e9e.test", "refused"},
        Spelling{"\ufffd.test", "refused"},
        Spelling{"%ff.test", "refused"},
        Spelling{"%c0%ae.test", "refused"},
        Spelling{"%ed%a0%80.test", "refused"},
    };
    for (const auto& spelling : spellings) {
        EXPECT_EQ(dialled("http://" + std::string{spelling.host} + "/"), spelling.dialled)
            << spelling.host;
    }
}

}  // namespace
}  // namespace fanfetch
