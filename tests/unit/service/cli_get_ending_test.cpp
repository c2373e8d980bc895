#include "cli/get_ending.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace fanfetch {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

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

TEST(GetEnding, QuotationMarksAreShownAsTheyAre) {
    GetEnding ending;
    fail(ending, failed(failure_code::url_scheme, R"(not "ftp" or c:\x)"));

    EXPECT_EQ(failure_line(ending), "error: not \"ftp\" or c:\\x (url.scheme)\n");
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

}  // namespace
}  // namespace fanfetch
