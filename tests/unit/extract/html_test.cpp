#include "extract/html.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace fanfetch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ExtractedDocument read(const std::string& html, std::string_view url = "http://origin.test/a/b") {
    HtmlOrder order;
    if (!url.empty()) {
        order.url = Url::parse(url).value();
    }
    return read_html(html, order);
}

std::vector<std::string> urls(const ExtractedDocument& document) {
    std::vector<std::string> found;
    for (const auto& link : document.links) {
        found.push_back(link.tag + " " + (link.url.empty() ? "- " + link.href : link.url));
    }
    return found;
}

TEST(ReadHtml, TheFirstTitleCounts) {
    EXPECT_EQ(read("<title> A  page\n</title><title>B</title>").title, "A page");
    EXPECT_EQ(read("<title>a &lt;b&gt; &amp; c</title>").title, "a <b> & c");
    EXPECT_EQ(read("<title></title>").title, "");
    EXPECT_EQ(read("<p>no title</p>").title, std::nullopt);
    EXPECT_EQ(read("<body><svg><title>drawing</title></svg><title>page</title>").title, "page");
    EXPECT_EQ(read("").title, std::nullopt);
}

TEST(ReadHtml, LinksAreAbsoluteAndInOrder) {
    const auto document = read(
        "<link rel=stylesheet href=/s.css><script src='x.js'></script>"
        "<a href='../c?q=1&amp;r#f' rel='nofollow  me'>to <b>c</b>\n there</a><a name=top>no</a>"
        "<a href='//Other.Test:80/'><img src=i.png alt='an  image'></a>"
        "<iframe src=frame></iframe><video src=v.mp4><source src=v.webm></video>"
        "<a href='mailto:me@origin.test'>mail</a><a href='http://'>broken</a><img>"
    );
    EXPECT_THAT(
        urls(document),
        ElementsAre(
            "link http://origin.test/s.css", "script http://origin.test/a/x.js",
            "a http://origin.test/c?q=1&r#f", "a http://other.test/",
            "img http://origin.test/a/i.png", "iframe http://origin.test/a/frame",
            "video http://origin.test/a/v.mp4", "source http://origin.test/a/v.webm",
            "a - mailto:me@origin.test", "a - http://"
        )
    );
    EXPECT_EQ(document.links[2].text, "to c there");
    EXPECT_EQ(document.links[2].rel, "nofollow  me");
    EXPECT_EQ(document.links[3].text, "");
    EXPECT_EQ(document.links[4].text, "an  image");
    EXPECT_EQ(document.links[8].text, "mail");
    EXPECT_FALSE(document.truncated);
}

TEST(ReadHtml, TheFirstBaseCountsForAllLinks) {
    EXPECT_THAT(
        urls(read("<a href=1></a><base href='/x/'><a href=2></a><base href='/y/'><a href=3></a>")),
        ElementsAre(
            "a http://origin.test/x/1", "a http://origin.test/x/2", "a http://origin.test/x/3"
        )
    );
    EXPECT_THAT(
        urls(read("<base target=_top><base href='mailto:x'><a href=1></a>")),
        ElementsAre("a http://origin.test/a/1")
    ) << "one that is no address moves nothing";
    EXPECT_THAT(
        urls(read("<a href=1></a><a href=http://full.test></a>", "")),
        ElementsAre("a - 1", "a http://full.test/")
    );
}

TEST(ReadHtml, TextIsWhatOneSees) {
    EXPECT_EQ(
        read("<head><title>t</title><style>s</style></head><body>\n <h1>Head</h1>"
             "<p>One <b>bold</b>word,\n\n two&nbsp;words.</p><ul><li>a<li>b</ul>"
             "<script>x()</script><noscript>turn it on</noscript><template>later</template>"
             "<!-- no -->end<br>line<table><tr><td>1<td>2<tr><td>3</table></body>")
            .text,
        "Head\nOne boldword, two\u00A0words.\na\nb\nend\nline\n1 2\n3"
    );
    EXPECT_EQ(read("<pre>\n  a\n    b\n</pre>c").text, "  a\n    b\n\nc");
    EXPECT_EQ(read("plain  text").text, "plain text");
    EXPECT_EQ(read("<select><option>x</select>y").text, "y");
    EXPECT_EQ(read("<svg><title>t</title><text>drawn</text></svg>").text, "drawn");
    EXPECT_EQ(read("").text, "");
}

TEST(ReadHtml, MetaWithANameAndAContent) {
    const auto document = read(
        "<meta charset=utf-8><meta name=description content='d &quot;q&quot;'>"
        "<meta property='og:title' content=o><meta http-equiv=refresh content='0;url=/x'>"
        "<meta itemprop=p content=i><meta name=empty content><meta name=none><meta content=x>"
    );
    EXPECT_THAT(
        document.meta,
        ElementsAre(
            DocumentMeta{"description", "d \"q\""}, DocumentMeta{"og:title", "o"},
            DocumentMeta{"refresh", "0;url=/x"}, DocumentMeta{"p", "i"}, DocumentMeta{"empty", ""}
        )
    );
}

TEST(ReadHtml, OnlyWhatWasAskedFor) {
    HtmlOrder order;
    order.parts = extract_part::title;
    const auto document =
        read_html("<title>t</title><meta name=a content=b><a href=http://x.test>x</a>", order);
    EXPECT_EQ(document.title, "t");
    EXPECT_EQ(document.text, "");
    EXPECT_THAT(document.links, IsEmpty());
    EXPECT_THAT(document.meta, IsEmpty());

    order.parts = extract_part::text;
    EXPECT_EQ(read_html("<title>t</title>x", order).title, std::nullopt);
}

class ReadHtmlBounds : public ::testing::Test {
protected:
    ExtractedDocument read(const std::string& html) { return read_html(html, order); }
    HtmlOrder order;
};

TEST_F(ReadHtmlBounds, TextEndsWithinItsBoundAndNotWithinACharacter) {
    order.bounds.text_bytes = 4;
    EXPECT_EQ(read("abcd").text, "abcd");
    EXPECT_FALSE(read("abcd").truncated);
    EXPECT_EQ(read("abcde").text, "abcd");
    EXPECT_TRUE(read("abcde").truncated);
    EXPECT_EQ(read("abc\u00FC").text, "abc");
    EXPECT_EQ(read("<p>ab</p><p>cd</p><p>ef</p>").text, "ab\nc");
    order.parts = extract_part::title;
    EXPECT_FALSE(read("abcde").truncated) << "nobody asked for it";
}

TEST_F(ReadHtmlBounds, LinksMetaAndValues) {
    order.bounds.links = 2;
    order.bounds.meta = 1;
    order.bounds.value_bytes = 3;
    const std::string two = "<a href=http://x.test/>1234</a><a href=http://y.test/></a>";
    EXPECT_EQ(read(two).links.size(), 2U);
    EXPECT_EQ(read(two).links[0].text, "123");
    EXPECT_EQ(read(two + "<a href=http://z.test/></a>").links.size(), 2U);
    EXPECT_TRUE(read(two + "<a href=http://z.test/></a>").truncated);
    EXPECT_EQ(read("<meta name=a content=b>").meta.size(), 1U);
    EXPECT_FALSE(read("<meta name=a content=123>").truncated);
    EXPECT_TRUE(read("<meta name=a content=1234>").truncated);
    EXPECT_EQ(read("<meta name=a content=b><meta name=c content=d>").meta.size(), 1U);
    EXPECT_EQ(read("<title>1234</title>").title, "123");
    EXPECT_TRUE(read("<title>1234</title>").truncated);
    order.bounds.links = 100;
    order.bounds.links_bytes = std::string_view{"http://x.test/"}.size();
    EXPECT_EQ(read(two).links.size(), 1U);
}

TEST_F(ReadHtmlBounds, DepthIsNoMatter) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) {
        deep += "<span>";  // a div looks at all it is in, which takes quadratic time
    }
    EXPECT_EQ(read(deep + "bottom").text, "bottom");
}

using ReadHtmlDeathTest = ReadHtmlBounds;

TEST_F(ReadHtmlDeathTest, ADocumentThatNeedsTooMuchMemoryAborts) {
    order.bounds.parser_bytes = std::size_t{1} << 20U;
    std::string large;
    for (int i = 0; i < 20'000; ++i) {
        large += "<p>x";
    }
    EXPECT_DEATH((void)read(large), "");
}

}  // namespace
}  // namespace fanfetch
