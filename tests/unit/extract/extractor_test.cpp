#include "extract/extractor.hpp"
#include "extract/document_json.hpp"
#include "support/patience.hpp"

#include <gmock/gmock.h>
#include <boost/json.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::patience;

ExtractOrder order_of(std::string html, std::string content_type = "text/html") {
    return {extract_part::all, "http://origin.test/page", std::move(content_type), std::move(html)};
}

/// The processes this one has started and not yet collected.
std::vector<int> children() {
    const auto self = std::to_string(::getpid());
    std::vector<int> pids;
    for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
        std::ifstream list{task.path() / "children"};
        for (int pid = 0; list >> pid;) {
            pids.push_back(pid);
        }
    }
    return pids;
}

/// Elements that are reopened in every paragraph: each costs as much as all before it.
std::string endless_document() {
    std::string html;
    for (int i = 0; i < 200'000; ++i) {
        html += "<p><b id=" + std::to_string(i) + ">";
    }
    return html;
}

TEST(ProcessExtractor, TakesADocumentApart) {
    const auto extractor = make_process_extractor({});

    const auto document =
        extractor
            ->extract(order_of(
                "<title>gr\xFC\xDF</title><a href=x>y</a>", "text/html; charset=iso-8859-1"
            ))
            .take(patience);

    ASSERT_TRUE(document.has_value()) << document.error().detail;
    EXPECT_EQ(document->encoding, "windows-1252");
    EXPECT_EQ(document->title, "gr\u00FC\u00DF");
    ASSERT_EQ(document->links.size(), 1U);
    EXPECT_EQ(document->links[0].url, "http://origin.test/x");
    EXPECT_EQ(extractor->broken(), std::nullopt);
}

TEST(ProcessExtractor, EncodingsAreThereInTheSandbox) {
    const auto extractor = make_process_extractor({});
    for (const auto& [charset, bytes, text] :
         std::vector<std::tuple<std::string, std::string, std::string>>{
             {"shift_jis", "\x82\xA0", "\u3042"},
             {"gb18030", "\xD6\xD0", "\u4E2D"},
             {"euc-kr", "\xB0\xA1", "\uAC00"},
             {"koi8-r", "\xF0", "\u041F"},
             {"iso-2022-jp", "\x1B$B$\"\x1B(B", "\u3042"}}) {
        const auto document =
            extractor->extract(order_of(bytes, "text/html; charset=" + charset)).take(patience);
        ASSERT_TRUE(document.has_value()) << charset << ": " << document.error().detail;
        EXPECT_EQ(document->text, text) << charset;
    }
}

TEST(ProcessExtractor, AnEndlessDocumentCostsItselfOnly) {
    ExtractorOptions options;
    options.time_limit = 300ms;
    const auto extractor = make_process_extractor(options);

    auto endless = extractor->extract(order_of(endless_document()));
    auto other = extractor->extract(order_of("<title>t</title>"));

    EXPECT_EQ(std::move(endless).take(patience).error().code, failure_code::extract_failed);
    EXPECT_EQ(std::move(other).take(patience)->title, "t");
}

TEST(ProcessExtractor, AMemoryBombCostsItselfOnly) {
    ExtractorOptions options;
    options.memory = ByteSize{std::uint64_t{256} << 20U};
    options.time_limit = 4 * patience;
    const auto extractor = make_process_extractor(options);
    std::string bomb;  // a few hundred bytes of tree for each four of text
    while (bomb.size() < (std::size_t{16} << 20U)) {
        bomb += "<p>x";
    }

    auto large = extractor->extract(order_of(bomb));
    auto other = extractor->extract(order_of("<title>t</title>"));

    const auto failed = std::move(large).take(4 * patience);
    EXPECT_EQ(failed.error().code, failure_code::extract_crashed) << failed.error().detail;
    EXPECT_EQ(std::move(other).take(patience)->title, "t");
    EXPECT_EQ(extractor->broken(), std::nullopt);
}

TEST(ProcessExtractor, AWorkerThatIsKilledIsReplacedAndTheDocumentTriedAgain) {
    ExtractorOptions options;
    options.time_limit = 60s;
    const auto extractor = make_process_extractor(options);
    EXPECT_EQ(extractor->extract(order_of("<title>t</title>")).take(patience)->title, "t");
    const auto workers = children();
    ASSERT_EQ(workers.size(), 1U);

    ::kill(workers[0], SIGKILL);

    EXPECT_EQ(extractor->extract(order_of("<title>u</title>")).take(patience)->title, "u");
    EXPECT_EQ(extractor->broken(), std::nullopt);
}

TEST(ProcessExtractor, ADocumentOfTheLongestSizeIsTakenAndNoLonger) {
    ExtractorOptions options;
    options.time_limit = 60s;
    const auto extractor = make_process_extractor(options);
    std::string html(longest_document, ' ');

    EXPECT_TRUE(extractor->extract(order_of(html)).take(4 * patience).has_value());
    const auto refused = extractor->extract(order_of(html + " ")).take(patience);

    EXPECT_EQ(refused.error().code, failure_code::extract_failed);
}

TEST(ProcessExtractor, ManyAtOnce) {
    ExtractorOptions options;
    options.workers = 2;
    const auto extractor = make_process_extractor(options);
    std::vector<Future<Expected<ExtractedDocument>>> pending;
    for (int i = 0; i < 500; ++i) {
        pending.push_back(extractor->extract(order_of("<title>" + std::to_string(i) + "</title>")));
    }
    for (int i = 0; i < 500; ++i) {
        EXPECT_EQ(
            std::move(pending[static_cast<std::size_t>(i)]).take(patience)->title, std::to_string(i)
        );
    }
}

TEST(IsHtml, ByItsContentType) {
    EXPECT_TRUE(is_html("text/html"));
    EXPECT_TRUE(is_html("Text/HTML ; charset=x"));
    EXPECT_TRUE(is_html("application/xhtml+xml"));
    EXPECT_FALSE(is_html(""));
    EXPECT_FALSE(is_html("text/plain"));
    EXPECT_FALSE(is_html("text/html5"));
}

TEST(DocumentJson, HoldsWhatWasAskedFor) {
    ExtractedDocument document;
    document.encoding = "UTF-8";
    document.links = {{"a", "http://x.test/", "", "x", "next"}, {"img", "", "data:\"", "", ""}};
    document.text = "a \xFF b";
    document.meta = {{"n", "c"}};
    EXPECT_EQ(
        document_json(document, extract_part::all),
        R"({"encoding":"UTF-8","title":null,"links":[{"tag":"a","url":"http://x.test/","text":"x",)"
        R"("rel":"next"},{"tag":"img","url":null,"href":"data:\""}],"text":"a )"
        "\uFFFD"
        R"( b","meta":[{"name":"n","content":"c"}]})"
    );
    document.title = "t";
    document.truncated = true;
    EXPECT_EQ(
        document_json(document, extract_part::title),
        R"({"encoding":"UTF-8","title":"t","truncated":true})"
    );
    EXPECT_NO_THROW((void)boost::json::parse(document_json(document, extract_part::all)));
}

}  // namespace
}  // namespace fanfetch
