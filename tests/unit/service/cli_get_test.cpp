#include "cli/get.hpp"
#include "cli/get_input.hpp"
#include "cli/get_lineup.hpp"
#include "cli/get_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

// ---- Arguments

GetOptions parsed(std::vector<std::string> arguments) {
    CLI::App verb{"", "get"};
    GetOptions options;
    add_get_options(verb, options);
    std::vector<std::string> backwards{arguments.rbegin(), arguments.rend()};
    verb.parse(backwards);
    return options;
}

TEST(GetPlan, DefaultsAreThirtyRequestsIntoTheCurrentDirectory) {
    const auto [plan, errors] = plan_get(parsed({"http://a.test/"}));

    EXPECT_THAT(errors, IsEmpty());
    EXPECT_THAT(plan.urls, ElementsAre("http://a.test/"));
    EXPECT_EQ(plan.directory, ".");
    EXPECT_EQ(plan.concurrency, 30U);
    EXPECT_EQ(plan.per_host, 30U);
    EXPECT_EQ(plan.fetch.retry.max_attempts, 3);
}

TEST(GetPlan, ReadsWhatTheCommandLineSays) {
    const auto [plan, errors] = plan_get(parsed(
        {"-i",
         "urls.txt",
         "-o",
         "out",
         "--concurrency",
         "8",
         "--per-host",
         "2",
         "--timeout",
         "5s",
         "--retries",
         "0",
         "--header",
         "X-A: 1",
         "http://a.test/",
         "--header",
         "X-B:2",
         "--json",
         "--quiet",
         "--public-only",
         "--ca-file",
         "ca.pem",
         "--resolver",
         "system",
         "--proxy",
         "http://proxy.test:3128",
         "--proxy-resolve",
         "proxy"}
    ));

    EXPECT_THAT(errors, IsEmpty());
    EXPECT_EQ(plan.input, "urls.txt");
    EXPECT_EQ(plan.directory, "out");
    EXPECT_EQ(plan.concurrency, 8U);
    EXPECT_EQ(plan.per_host, 2U);
    EXPECT_EQ(plan.fetch.timeouts.total, 5s);
    EXPECT_EQ(plan.fetch.retry.max_attempts, 1);
    EXPECT_THAT(plan.fetch.headers, ElementsAre(HeaderField{"X-A", "1"}, HeaderField{"X-B", "2"}));
    EXPECT_THAT(plan.urls, ElementsAre("http://a.test/")) << "a header takes one argument";
    EXPECT_TRUE(plan.json && plan.quiet && plan.public_only);
    EXPECT_EQ(plan.ca_file, "ca.pem");
    EXPECT_TRUE(plan.system_resolver);
    ASSERT_TRUE(plan.proxy);
    EXPECT_EQ(plan.proxy->host, "proxy.test");
    EXPECT_EQ(plan.proxy->port, 3128);
    EXPECT_EQ(plan.proxy->resolve, proxy_resolve::proxy);
}

TEST(GetPlan, WithoutBeingToldItTakesNoProxyAndAsksTheNameServers) {
    const auto [plan, errors] = plan_get(parsed({"http://a.test/"}));

    EXPECT_FALSE(plan.proxy);
    EXPECT_FALSE(plan.system_resolver);
    EXPECT_EQ(
        plan_get(parsed({"http://a.test/", "--proxy", "http://p.test"})).plan.proxy->resolve,
        proxy_resolve::local
    );
}

TEST(GetPlan, AFaultyProxyIsReportedWithoutItsPassword) {
    const auto errors =
        plan_get(parsed({"http://a.test/", "--proxy", "socks5://me:secret@p.test"})).errors;
    const auto alone = plan_get(parsed({"http://a.test/", "--proxy-resolve", "proxy"})).errors;

    ASSERT_EQ(errors.size(), 1U);
    EXPECT_THAT(errors.front(), HasSubstr("--proxy: "));
    EXPECT_EQ(errors.front().find("secret"), std::string::npos);
    EXPECT_THAT(alone, ElementsAre(HasSubstr("--proxy-resolve: ")));
    EXPECT_THROW(parsed({"http://a.test/", "--resolver", "dig"}), CLI::ValidationError);
}

TEST(GetPlan, AnArchiveAloneMeansNoFiles) {
    EXPECT_FALSE(plan_get(parsed({"http://a.test/", "--warc", "a.warc"})).plan.directory);
    EXPECT_TRUE(plan_get(parsed({"http://a.test/", "--warc", "a.warc", "-o", "d"})).plan.directory);
}

TEST(GetPlan, Bat02ConcurrencyHasABound) {
    const auto [plan, errors] = plan_get(parsed({"http://a.test/", "--concurrency", "100000"}));

    EXPECT_THAT(errors, IsEmpty());
    EXPECT_EQ(plan.concurrency, 1000U);
}

TEST(GetPlan, EveryFaultIsReportedAtOnce) {
    GetOptions options;
    options.concurrency = 0;
    options.per_host = 0;
    options.retries = -1;
    options.timeout = "soon";
    options.headers = {"no colon", "Host: other.test"};

    const auto errors = plan_get(options).errors;

    EXPECT_EQ(errors.size(), 7U);
    EXPECT_THAT(errors.front(), HasSubstr("nothing to fetch"));
}

TEST(GetPlan, AFaultyHeaderIsReportedWithoutItsValue) {
    GetOptions options;
    options.urls = {"http://a.test/"};
    options.headers = {"Author ization: Bearer secret"};

    const auto errors = plan_get(options).errors;

    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors.front().find("secret"), std::string::npos);
}

// ---- The list

std::vector<ListedUrl> read_in_pieces(std::string_view text, std::size_t piece) {
    UrlLines lines;
    std::vector<ListedUrl> urls;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
        lines.feed(text.substr(0, piece), urls);
    }
    lines.finish(urls);
    return urls;
}

TEST(UrlLines, PassesOverBlanksAndCommentsWhereverThePiecesAreCut) {
    constexpr std::string_view text =
        "\xEF\xBB\xBFhttp://a.test/\r\n\n# comment\n  http://b.test/#x \t\r\nhttp://c.test/";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        const auto urls = read_in_pieces(text, piece);

        ASSERT_EQ(urls.size(), 3U) << piece;
        EXPECT_EQ(urls[0].text, "http://a.test/");
        EXPECT_EQ(urls[0].line, 1U);
        EXPECT_EQ(urls[1].text, "http://b.test/#x");
        EXPECT_EQ(urls[1].line, 4U);
        EXPECT_EQ(urls[2].text, "http://c.test/");
        EXPECT_EQ(urls[2].line, 5U);
    }
}

TEST(UrlLines, ALineThatIsTooLongIsOneFailedEntry) {
    const std::string longest(UrlLines::longest_line, 'x');
    const auto text = longest + "\r\n" + longest + "y\n" + std::string(100'000, 'z') + "\nlast\n";
    for (const std::size_t piece : {std::size_t{1}, std::size_t{4096}, text.size()}) {
        const auto urls = read_in_pieces(text, piece);

        ASSERT_EQ(urls.size(), 4U) << piece;
        EXPECT_FALSE(urls[0].failure);
        EXPECT_TRUE(urls[1].failure);
        EXPECT_TRUE(urls[2].failure);
        EXPECT_EQ(urls[2].line, 3U);
        EXPECT_EQ(urls[3].text, "last");
    }
}

// ---- Whose turn it is

GetItem item_of(std::string_view url) {
    return {.index = 0, .line = 0, .url = *Url::parse(url), .name = {}};
}

std::vector<std::string> take_all(HostLineup& lineup) {
    std::vector<std::string> urls;
    while (auto item = lineup.take()) {
        urls.push_back(item->url.href());
    }
    return urls;
}

TEST(HostLineup, AHostThatHasItsFillHoldsUpNobodyElse) {
    HostLineup lineup{2};
    for (const auto* url :
         {"http://a.test/1", "http://a.test/2", "http://a.test/3", "http://b.test/1"}) {
        lineup.add(item_of(url));
    }

    EXPECT_THAT(
        take_all(lineup), ElementsAre("http://a.test/1", "http://b.test/1", "http://a.test/2")
    );

    lineup.ended(*Url::parse("http://a.test/1"));
    EXPECT_THAT(take_all(lineup), ElementsAre("http://a.test/3"));
}

TEST(HostLineup, PortsAreHostsOfTheirOwn) {
    HostLineup lineup{1};
    lineup.add(item_of("http://a.test/"));
    lineup.add(item_of("http://a.test:8080/"));
    lineup.add(item_of("https://a.test/"));

    EXPECT_EQ(take_all(lineup).size(), 3U);
}

TEST(HostLineup, EveryItemComesOutOnceWhateverTheOrderOfEnds) {
    HostLineup lineup{3};
    std::multiset<std::string> in_flight;
    std::size_t taken = 0;
    for (int i = 0; i < 1'000; ++i) {
        lineup.add(item_of("http://h" + std::to_string(i % 7) + ".test/" + std::to_string(i)));
        if (i % 3 == 0) {
            for (auto& url : take_all(lineup)) {
                in_flight.insert(url);
            }
        }
        if (i % 2 == 0 && !in_flight.empty()) {
            lineup.ended(*Url::parse(*in_flight.begin()));
            in_flight.erase(in_flight.begin());
            ++taken;
        }
    }
    while (true) {
        for (auto& url : take_all(lineup)) {
            in_flight.insert(url);
        }
        if (in_flight.empty()) {
            break;
        }
        lineup.ended(*Url::parse(*in_flight.begin()));
        in_flight.erase(in_flight.begin());
        ++taken;
    }

    EXPECT_EQ(taken, 1'000U);
}

}  // namespace
}  // namespace fanfetch
