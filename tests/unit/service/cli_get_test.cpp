#include "cli/get.hpp"
#include "cli/get_ending.hpp"
#include "cli/get_files.hpp"
#include "cli/get_input.hpp"
#include "cli/get_lineup.hpp"
#include "cli/get_plan.hpp"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace fanfetch {
namespace {

namespace fs = std::filesystem;
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
        {"-i", "urls.txt", "-o", "out", "--concurrency", "8", "--per-host", "2", "--timeout", "5s",
         "--retries", "0", "--header", "X-A: 1", "http://a.test/", "--header", "X-B:2", "--json",
         "--quiet", "--public-only", "--ca-file", "ca.pem"}
    ));

    EXPECT_THAT(errors, IsEmpty());
    EXPECT_EQ(plan.input, "urls.txt");
    EXPECT_EQ(plan.directory, "out");
    EXPECT_EQ(plan.concurrency, 8U);
    EXPECT_EQ(plan.per_host, 2U);
    EXPECT_EQ(plan.fetch.timeouts.total, 5s);
    EXPECT_EQ(plan.fetch.retry.max_attempts, 1);
    EXPECT_THAT(
        plan.fetch.headers, ElementsAre(HeaderField{"X-A", "1"}, HeaderField{"X-B", "2"})
    );
    EXPECT_THAT(plan.urls, ElementsAre("http://a.test/")) << "a header takes one argument";
    EXPECT_TRUE(plan.json && plan.quiet && plan.public_only);
    EXPECT_EQ(plan.ca_file, "ca.pem");
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
    for (const auto* url : {"http://a.test/1", "http://a.test/2", "http://a.test/3",
                            "http://b.test/1"}) {
        lineup.add(item_of(url));
    }

    EXPECT_THAT(take_all(lineup), ElementsAre("http://a.test/1", "http://b.test/1",
                                              "http://a.test/2"));

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

// ---- Ends

FetchOutcome answer(std::uint16_t status, std::string head) {
    FetchOutcome outcome;
    outcome.code = failure_code::http_status;
    outcome.status = status;
    outcome.head = std::move(head);
    return outcome;
}

TEST(GetEnding, Bat03FourOhFourIsNotFoundAndTheRestAreErrors) {
    EXPECT_EQ(end_of(failure_code::none, 200), item_end::ok);
    EXPECT_EQ(end_of(failure_code::http_status, 404), item_end::not_found);
    EXPECT_EQ(end_of(failure_code::http_status, 410), item_end::error);
    EXPECT_EQ(end_of(failure_code::http_truncated, 404), item_end::error);
    EXPECT_EQ(end_of(failure_code::connect_refused, 0), item_end::error);
}

TEST(GetEnding, Bat03ReasonIsTheStatusLine) {
    GetEnding ending;
    ending.url = "http://a.test/x";
    ending.attempts = 1;

    describe(ending, answer(503, "HTTP/1.1 503 Service Unavailable\r\nA: b\r\n"));

    EXPECT_EQ(ending.reason, "HTTP 503 Service Unavailable");
    EXPECT_EQ(ending.code, "http.status_503");
    EXPECT_EQ(failure_line(ending), "error: http://a.test/x: HTTP 503 Service Unavailable\n");
}

TEST(GetEnding, AStatusLineWithoutAReasonWillDo) {
    GetEnding ending;

    describe(ending, answer(404, "HTTP/1.1 404 \r\n"));

    EXPECT_EQ(ending.reason, "HTTP 404");
    EXPECT_EQ(ending.end, item_end::not_found);
}

TEST(GetEnding, ABadLineIsToldWithItsNumberAndCannotMoveTheCursor) {
    GetEnding ending;
    ending.line = 12;
    ending.url = "ht\x1b[2Jtp://";
    fail(ending, failed(failure_code::url_invalid, "reading the URL: no\nhost"));

    const auto line = failure_line(ending);

    EXPECT_THAT(line, HasSubstr("line 12: "));
    EXPECT_THAT(line, HasSubstr("(url.invalid)"));
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(GetEnding, JsonHasOneObjectOnOneLine) {
    GetEnding ending;
    ending.index = 3;
    ending.line = 4;
    ending.url = "http://a.test/x";
    ending.attempts = 2;
    ending.elapsed = 15ms;
    describe(ending, answer(404, "HTTP/1.1 404 Not Found\r\n"));

    EXPECT_EQ(
        json_line(ending),
        R"({"index":3,"line":4,"url":"http://a.test/x","outcome":"not_found","status":404,)"
        R"("attempts":2,"elapsed_ms":15,"error":{"code":"http.status_404",)"
        R"("detail":"HTTP 404 Not Found"}})"
        "\n"
    );
}

TEST(GetEnding, JsonTellsWhereTheFileIs) {
    GetEnding ending;
    ending.url = "http://a.test/x.svg";
    ending.end = item_end::ok;
    ending.status = 200;
    ending.file = "out/x.svg";
    ending.size = 7;
    ending.sha256 = Sha256{};
    ending.attempts = 1;

    const auto line = json_line(ending);

    EXPECT_THAT(line, HasSubstr(R"("file":"out/x.svg","size":7,"sha256":"0000)"));
    EXPECT_EQ(line.find("error"), std::string::npos);
}

TEST(GetEnding, ExitCodeSaysWhetherEverythingCame) {
    EXPECT_EQ(exit_code_of({.ok = 3}, false), exit_ok);
    EXPECT_EQ(exit_code_of({}, false), exit_ok) << "an empty list is fetched completely";
    EXPECT_EQ(exit_code_of({.ok = 3, .not_found = 1}, false), exit_some_failed);
    EXPECT_EQ(exit_code_of({.error = 1}, false), exit_some_failed);
    EXPECT_EQ(exit_code_of({.ok = 3, .cancelled = 1}, true), exit_interrupted);
    EXPECT_EQ(exit_code_of({.ok = 3}, true), exit_interrupted);
}

// ---- Files

class GetFiles : public ::testing::Test {
protected:
    GetFiles() : path_{::testing::TempDir() + "get_files_" + std::to_string(::getpid())} {}
    ~GetFiles() override { fs::remove_all(path_); }

    [[nodiscard]] std::unique_ptr<OutputDirectory> open() {
        return std::move(OutputDirectory::open(path_.string(), written_).value());
    }
    [[nodiscard]] std::string content(std::string_view name) const {
        std::ifstream file{path_ / name};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator{path_}) {
            names.push_back(entry.path().filename().string());
        }
        return names;
    }

    fs::path path_;
    ProgressCounter written_;
};

TEST_F(GetFiles, AFileHasItsNameOnlyWhenItIsKept) {
    const auto directory = open();
    auto file = std::move(directory->create().value());
    ASSERT_TRUE(file->append("half "));
    EXPECT_FALSE(fs::exists(path_ / "a.txt"));
    ASSERT_TRUE(file->append("whole"));

    ASSERT_TRUE(file->keep_as("a.txt"));
    file.reset();

    EXPECT_EQ(content("a.txt"), "half whole");
    EXPECT_THAT(names(), ElementsAre("a.txt"));
    EXPECT_EQ(written_.counts().bytes, 10U);
}

TEST_F(GetFiles, AFileThatIsNotKeptLeavesNothingBehind) {
    const auto directory = open();
    auto file = std::move(directory->create().value());
    ASSERT_TRUE(file->append("half"));

    file.reset();

    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(GetFiles, ASymbolicLinkIsReplacedNotFollowed) {
    const auto directory = open();
    std::ofstream{path_ / "victim"} << "untouched";
    fs::create_symlink("victim", path_ / "a.txt");
    auto file = std::move(directory->create().value());
    ASSERT_TRUE(file->append("new"));

    ASSERT_TRUE(file->keep_as("a.txt"));

    EXPECT_EQ(content("victim"), "untouched");
    EXPECT_EQ(content("a.txt"), "new");
    EXPECT_FALSE(fs::is_symlink(path_ / "a.txt"));
}

TEST_F(GetFiles, ADirectoryInTheWayIsAFailure) {
    const auto directory = open();
    fs::create_directory(path_ / "a.txt");
    auto file = std::move(directory->create().value());

    EXPECT_FALSE(file->keep_as("a.txt"));
    file.reset();
    EXPECT_THAT(names(), ElementsAre("a.txt"));
}

TEST_F(GetFiles, WhatIsReadBackIsWhatWasLeftAfterACut) {
    const auto directory = open();
    auto file = std::move(directory->create().value());
    ASSERT_TRUE(file->append("kept, cut"));
    ASSERT_TRUE(file->cut_to(5));
    ASSERT_TRUE(file->append(" off"));
    std::string back;

    ASSERT_TRUE(file->read_back([&back](std::string_view piece) -> Expected<void> {
        back += piece;
        return {};
    }));

    EXPECT_EQ(back, "kept, off");
}

// ---- Input files

TEST_F(GetFiles, AListIsCountedBeforeItIsRead) {
    fs::create_directory(path_);
    std::ofstream{path_ / "urls"} << "# three\nhttp://a.test/\n\nhttp://b.test/\nhttp://c.test/";
    auto input = std::move(UrlInput::open((path_ / "urls").string()).value());

    EXPECT_EQ(input.count(), 3U);

    std::size_t read = 0;
    while (true) {
        const auto entries = input.read();
        ASSERT_TRUE(entries);
        if (!*entries) {
            break;
        }
        read += (*entries)->size();
    }
    EXPECT_EQ(read, 3U) << "counting has not moved the reading";
}

TEST_F(GetFiles, AnInterruptedInputHasEnded) {
    fs::create_directory(path_);
    std::ofstream{path_ / "urls"} << "http://a.test/\n";
    auto input = std::move(UrlInput::open((path_ / "urls").string()).value());

    input.interrupt();

    const auto entries = input.read();
    ASSERT_TRUE(entries);
    EXPECT_FALSE(*entries);
}

TEST_F(GetFiles, WhatCannotBeReadIsRefusedAtOnce) {
    fs::create_directory(path_);

    EXPECT_FALSE(UrlInput::open((path_ / "missing").string()));
    EXPECT_FALSE(UrlInput::open(path_.string())) << "a directory";
}

}  // namespace
}  // namespace fanfetch
