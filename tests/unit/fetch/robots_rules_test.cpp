#include "fetch/robots_rules.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace fanfetch {
namespace {

bool allows(std::string_view text, std::string_view target, std::string_view product = "fanfetch") {
    return RobotsRules::parse(text, product).allows(target);
}

TEST(ProductToken, IsWhatAUserAgentBeginsWith) {
    EXPECT_EQ(product_token("fanfetch/0.1.0"), "fanfetch");
    EXPECT_EQ(product_token("My-Bot_x (+https://a.test)"), "My-Bot_x");
    EXPECT_EQ(product_token("Mozilla/5.0 (compatible; bot)"), "Mozilla");
    EXPECT_EQ(product_token("4ever"), "");
    EXPECT_EQ(product_token(""), "");
}

TEST(RobotsRules, NothingSaidIsEverythingAllowed) {
    for (const char* text :
         {"", "\n", "hello", "Disallow: /", "Allow: /\nDisallow: /", "User-agent: *",
          "User-agent: *\nDisallow:", "User-agent: other\nDisallow: /", "User-agent *\nDisallow: /",
          "<html><body>404: Disallow: /</body></html>"}) {
        EXPECT_TRUE(allows(text, "/x")) << text;
    }
}

TEST(RobotsRules, OurGroupStandsInPlaceOfEverybodys) {
    constexpr auto text =
        "User-agent: *\nDisallow: /\n\nUser-agent: FanFetch\nDisallow: /private\n";

    EXPECT_TRUE(allows(text, "/x"));
    EXPECT_FALSE(allows(text, "/private/x"));
    EXPECT_FALSE(allows(text, "/x", "other"));
    EXPECT_FALSE(allows(text, "/x", ""));
}

TEST(RobotsRules, TheOrderOfGroupsDoesNotMatter) {
    constexpr auto text = "user-agent:fanfetch/9\ndisallow:/a\nUser-Agent: *\nDisallow: /b\n";

    EXPECT_FALSE(allows(text, "/a"));
    EXPECT_TRUE(allows(text, "/b"));
}

TEST(RobotsRules, GroupsOfTheSameNameHoldTogether) {
    constexpr auto text =
        "User-agent: fanfetch\nDisallow: /a\nUser-agent: other\nDisallow: /b\n"
        "User-agent: fanfetch\nDisallow: /c\n";

    EXPECT_FALSE(allows(text, "/a"));
    EXPECT_TRUE(allows(text, "/b"));
    EXPECT_FALSE(allows(text, "/c"));
}

TEST(RobotsRules, AgentsThatFollowEachOtherShareTheirRules) {
    constexpr auto text =
        "User-agent: other\nSitemap: https://a.test/map\nCrawl-delay: 9\n\nUser-agent: fanfetch\n"
        "Disallow: /a\nSitemap: https://a.test/map\nDisallow: /b\n";

    EXPECT_FALSE(allows(text, "/a"));
    EXPECT_FALSE(allows(text, "/b"));
    EXPECT_FALSE(allows(text, "/a", "other"));
}

TEST(RobotsRules, ANameIsMatchedWhole) {
    constexpr auto text = "User-agent: fan\nUser-agent: fanfetcher\nDisallow: /\n";

    EXPECT_TRUE(allows(text, "/x"));
}

TEST(RobotsRules, TheLongestPatternDecides) {
    constexpr auto text =
        "User-agent: *\nDisallow: /example/page/disallowed.gif\nAllow: /example/page/\n"
        "Disallow: /\n";

    EXPECT_TRUE(allows(text, "/example/page/x"));
    EXPECT_FALSE(allows(text, "/example/page/disallowed.gif"));
    EXPECT_FALSE(allows(text, "/example/"));
}

TEST(RobotsRules, AllowDecidesATie) {
    EXPECT_TRUE(allows("User-agent: *\nDisallow: /page\nAllow: /page\n", "/page"));
    EXPECT_TRUE(allows("User-agent: *\nAllow: /page\nDisallow: /page\n", "/page"));
    EXPECT_FALSE(allows("User-agent: *\nAllow: /page\nDisallow: /*.html\n", "/page.html"));
}

struct PatternCase {
    std::string_view pattern;
    std::string_view target;
    bool matches;
};

TEST(RobotsRules, PatternsMatchFromTheFirstOctet) {
    const PatternCase cases[] = {
        {"/", "/anything", true},
        {"/fish", "/fish.html", true},
        {"/fish", "/Fish", false},
        {"/fish", "/catfish", false},
        {"/fish*", "/fishheads/yummy.html", true},
        {"/fish/", "/fish", false},
        {"/*.php", "/folder/any.php.file", true},
        {"/*.php", "/windows.PHP", false},
        {"/*.php$", "/folder/filename.php", true},
        {"/*.php$", "/filename.php?parameters", false},
        {"/*.php$", "/a.php.php", true},
        {"/fish*.php", "/fishheads/catfish.php?x", true},
        {"/a*b*c", "/aXXbYYbZZc", true},
        {"/a*b*c$", "/abcd", false},
        {"/a**b", "/aXb", true},
        {"*/x", "/deep/x", true},
        {"/x$", "/x", true},
        {"/x$", "/x/", false},
        {"/x$y", "/x$y", true},
        {"/$", "/", true},
        {"/$", "/x", false},
        {"/?q=", "/?q=1", true},
        {"/a?b*=c", "/a?bx=c", true},
        // Percent-encoding, as in the table of RFC 9309 §2.2.2.
        {"/foo/bar/\xE3\x83\x84", "/foo/bar/%E3%83%84", true},
        {"/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84", true},
        {"/foo/bar/%62%61%7A", "/foo/bar/baz", true},
        {"/foo/bar/baz", "/foo/bar/%62%61%7A", true},
        {"/a%2Fb", "/a/b", false},
        {"/a%2fb", "/a%2Fb", true},
        {"/with-a-%2A.html", "/with-a-*.html", true},
        {"/with-a-%2A.html", "/with-a-x.html", false},
        {"/foo-%24", "/foo-$", true},
        {"/100%", "/100%", true},
        {"/a b", "/a%20b", true},
    };
    for (const auto& [pattern, target, matches] : cases) {
        const auto text = "User-agent: *\nDisallow: " + std::string{pattern} + "\n";
        EXPECT_EQ(allows(text, target), !matches) << pattern << " and " << target;
    }
}

TEST(RobotsRules, LinesEndInMoreThanOneWay) {
    for (const char* text :
         {"User-agent: *\rDisallow: /a\rAllow: /b", "User-agent: *\r\nDisallow: /a\r\n",
          "\xEF\xBB\xBFUser-agent: *\nDisallow: /a # not there\n",
          "  USER-AGENT :\t*\n\tDisallow\t:/a", "User-agent: * # all\nDisallow: /a#b\n"}) {
        EXPECT_FALSE(allows(text, "/a")) << text;
        EXPECT_TRUE(allows(text, "/b")) << text;
    }
}

TEST(RobotsRules, TheFileItselfIsAlwaysAllowed) {
    EXPECT_TRUE(allows("User-agent: *\nDisallow: /\n", "/robots.txt"));
    EXPECT_TRUE(RobotsRules::disallow_all("dns.timeout").allows("/robots.txt"));
    EXPECT_FALSE(RobotsRules::disallow_all("dns.timeout").allows("/"));
}

TEST(RobotsRules, ReadsHalfAMegabyteAndNoMore) {
    std::string text = "User-agent: *\n";
    while (text.size() < RobotsRules::longest_text - 100) {
        text += "# a line of no importance\n";
    }
    const auto inside = text + "Disallow: /inside\n";
    const auto outside = text + std::string(100, '#') + "\nDisallow: /outside\n";

    EXPECT_FALSE(allows(inside, "/inside"));
    EXPECT_TRUE(allows(outside, "/outside"));
}

TEST(RobotsRules, APatternMadeToTakeForeverDoesNot) {
    std::string text = "User-agent: *\n";
    for (int i = 0; i < 200; ++i) {
        text += "Disallow: /";
        for (int star = 0; star < 1000; ++star) {
            text += "*a";
        }
        text += "b\n";
    }
    const auto rules = RobotsRules::parse(text, "fanfetch");
    const auto started = std::chrono::steady_clock::now();

    const bool allowed = rules.allows("/" + std::string(8000, 'a'));

    EXPECT_FALSE(allowed);
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds{1});
    EXPECT_LT(rules.bytes(), 4U << 20U);
}

}  // namespace
}  // namespace fanfetch
