#include "api/submission.hpp"

#include "model/extract_part.hpp"
#include "model/item_extras.hpp"
#include "support/first_pointer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

Expected<Submission> parse(std::string_view body, SubmissionContext context = {}) {
    return parse_submission(body, context);
}

/// The options of a body that has one good URL and these options.
Expected<Submission> with_options(const std::string& options, SubmissionContext context = {}) {
    return parse(R"({"urls":["http://a.test/"],"options":)" + options + "}", std::move(context));
}

TEST(ParseSubmission, TakesUrlsInTheirOrder) {
    const auto submission = parse(R"({"urls":["http://a.test/1","HTTP://B.test:80/2"]})");

    ASSERT_TRUE(submission.has_value()) << submission.error().detail;
    ASSERT_EQ(submission->items.size(), 2U);
    EXPECT_EQ(submission->items[0].index, 0U);
    EXPECT_EQ(submission->items[0].url, "http://a.test/1");
    EXPECT_EQ(submission->items[1].index, 1U);
    EXPECT_EQ(submission->items[1].url, "http://b.test/2");
    EXPECT_TRUE(submission->items[0].extras.empty());
    EXPECT_EQ(submission->options, JobOptions{});
}

TEST(ParseSubmission, Cli09IdenticalUrlsAreTwoItems) {
    const auto submission = parse(R"({"urls":["http://a.test/","http://a.test/"]})");

    ASSERT_TRUE(submission.has_value());
    EXPECT_EQ(submission->items.size(), 2U);
}

TEST(ParseSubmission, BadUrlsAreFailedItemsAndNotAFailedJob) {
    const auto submission = parse(
        R"({"requests":["http://a.test/","ftp://a.test/","nonsense",{"url":"http://u:p@a.test/"}]})"
    );

    ASSERT_TRUE(submission.has_value()) << submission.error().detail;
    EXPECT_FALSE(submission->items[0].failure);
    ASSERT_TRUE(submission->items[1].failure);
    EXPECT_EQ(submission->items[1].failure->code, failure_code::url_scheme);
    EXPECT_EQ(submission->items[1].url, "ftp://a.test/");
    ASSERT_TRUE(submission->items[2].failure);
    EXPECT_EQ(submission->items[2].failure->code, failure_code::url_invalid);
    EXPECT_TRUE(submission->items[3].failure);
}

TEST(ParseSubmission, Inj04RawControlCharactersInUrlsAreRefusedAndEncodedOnesKept) {
    const auto submission = parse(
        R"({"urls":["http://a.test/\r\nX: y","http://a.test/%0d%0aX","http://a.test/\u0000"]})"
    );

    ASSERT_TRUE(submission.has_value()) << submission.error().detail;
    EXPECT_TRUE(submission->items[0].failure);
    EXPECT_FALSE(submission->items[1].failure);
    EXPECT_EQ(submission->items[1].url, "http://a.test/%0d%0aX");
    EXPECT_TRUE(submission->items[2].failure);
}

TEST(ParseSubmission, ReadsEveryOption) {
    const auto submission = with_options(R"({
        "concurrency": 7, "per_host": {"concurrency": 3, "rate": "30/m"}, "item_deadline": "5m", "method": "POST",
        "headers": {"X-One": "1", "X-Two": ["a", "b"]}, "body": {"base64": "AAE="},
        "timeouts": {"connect": "1s", "first_byte": 2, "idle": 0.5, "total": "1m"},
        "retry": {"max_attempts": 5, "statuses": [503], "on": ["tls", "reset"],
                  "backoff": {"base": "1s", "max": "2s"}, "unsafe_methods": true},
        "redirects": {"max": 0, "cross_origin": false}, "accept_status": "200-299,404",
        "max_body_bytes": 1000, "expect": {"size": 3, "content_type": "Text/HTML",
        "md5": "900150983cd24fb0d6963f7d28e17f72",
        "sha256": "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="},
        "store_body": "success", "tls": {"verify": "strict"}, "on_error": "stop_after:10%",
        "deadline": "1h", "ttl": "2d", "priority": -5, "lane": "interactive",
        "extract": ["title", "text", "title"], "tags": ["x", "y"], "metadata": {"k": [1, {}]},
        "conditional": {"etag": "W/\"x\"", "last_modified": "Sun, 06 Nov 1994 08:49:37 GMT"},
        "robots": "obey", "http_version": "2", "dedupe": true, "max_age": "90m"})");

    ASSERT_TRUE(submission.has_value()) << submission.error().detail;
    const auto& options = submission->options;
    EXPECT_EQ(options.concurrency, 7);
    EXPECT_EQ(options.per_host_concurrency, 3);
    EXPECT_EQ(options.fetch.method, "POST");
    EXPECT_EQ(options.fetch.http_version, http_version::two);
    EXPECT_EQ(
        options.fetch.headers,
        (std::vector<HeaderField>{{"X-One", "1"}, {"X-Two", "a"}, {"X-Two", "b"}})
    );
    EXPECT_EQ(options.fetch.body, std::string("\0\1", 2));
    EXPECT_EQ(options.fetch.timeouts, (Timeouts{1s, 2s, 500ms, 60s}));
    EXPECT_EQ(options.fetch.retry.max_attempts, 5);
    EXPECT_EQ(options.fetch.retry.statuses, (std::vector<std::uint16_t>{503}));
    EXPECT_EQ(options.fetch.retry.on, 2 | 8);
    EXPECT_EQ(options.fetch.retry.backoff_base, 1s);
    EXPECT_EQ(options.fetch.retry.backoff_max, 2s);
    EXPECT_TRUE(options.fetch.retry.unsafe_methods);
    EXPECT_EQ(options.fetch.redirects, (RedirectOptions{0, false}));
    EXPECT_EQ(options.fetch.accept_status, (std::vector<StatusRange>{{200, 299}, {404, 404}}));
    EXPECT_EQ(options.fetch.max_body_bytes, 1000U);
    EXPECT_EQ(options.fetch.expect.size, 3U);
    EXPECT_EQ(options.fetch.expect.content_type, "text/html");
    EXPECT_EQ(options.fetch.expect.md5.size(), 16U);
    EXPECT_EQ(options.fetch.expect.sha256.substr(0, 2), "\xBA\x78");
    EXPECT_EQ(options.fetch.conditional, (Conditional{"W/\"x\"", "Sun, 06 Nov 1994 08:49:37 GMT"}));
    EXPECT_EQ(options.robots, robots::obey);
    EXPECT_TRUE(options.dedupe);
    EXPECT_EQ(options.max_age, 90min);
    EXPECT_EQ(options.store_body, store_body::success);
    EXPECT_EQ(options.on_error, on_error::stop_after_percent);
    EXPECT_EQ(options.on_error_limit, 10U);
    EXPECT_EQ(options.deadline, 1h);
    EXPECT_EQ(options.ttl, 48h);
    EXPECT_EQ(options.priority, -5);
    EXPECT_EQ(options.lane, job_lane::interactive);
    EXPECT_EQ(options.extract, extract_part::title | extract_part::text);
    EXPECT_EQ(options.tags, (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(options.metadata, R"({"k":[1,{}]})");
}

TEST(ParseSubmission, ADeadlineMayBeATime) {
    SubmissionContext context;
    context.now = *parse_rfc3339("2026-01-01T00:00:00Z");

    const auto later = with_options(R"({"deadline":"2026-01-01T01:00:30+01:00"})", context);
    const auto past = with_options(R"({"deadline":"2025-12-31T23:59:59Z"})", context);

    ASSERT_TRUE(later.has_value()) << later.error().detail;
    EXPECT_EQ(later->options.deadline, 30s);
    ASSERT_FALSE(past.has_value());
    EXPECT_EQ(first_pointer(past.error()), "/options/deadline");
}

struct Refusal {
    std::string_view options;
    std::string_view pointer;
};

// One of each kind for each option: unknown, wrong type, negative, fraction, text for a number,
// null, too small, too large.
const Refusal refusals[] = {
    {R"([])", "/options"},
    {R"(null)", "/options"},
    {R"({"concurency":1})", "/options/concurency"},
    {R"({"Concurrency":1})", "/options/Concurrency"},
    {R"({"concurrency":0})", "/options/concurrency"},
    {R"({"concurrency":-1})", "/options/concurrency"},
    {R"({"concurrency":1.5})", "/options/concurrency"},
    {R"({"concurrency":"5"})", "/options/concurrency"},
    {R"({"concurrency":null})", "/options/concurrency"},
    {R"({"concurrency":1001})", "/options/concurrency"},
    {R"({"concurrency":9007199254740993})", "/options/concurrency"},
    {R"({"concurrency":18446744073709551615})", "/options/concurrency"},
    {R"({"per_host":{"concurrency":0}})", "/options/per_host/concurrency"},
    {R"({"per_host":{"x":1}})", "/options/per_host/x"},
    {R"({"per_host":{"rate":0}})", "/options/per_host/rate"},
    {R"({"per_host":{"rate":"1/y"}})", "/options/per_host/rate"},
    {R"({"item_deadline":"0s"})", "/options/item_deadline"},
    {R"({"method":"get"})", "/options/method"},
    {R"({"method":"CONNECT"})", "/options/method"},
    {R"({"method":"A B"})", "/options/method"},
    {R"({"method":""})", "/options/method"},
    {R"({"headers":[]})", "/options/headers"},
    {R"({"headers":{"A":1}})", "/options/headers/A"},
    {R"({"headers":{"A":["x",1]}})", "/options/headers/A/1"},
    {R"({"body":1})", "/options/body"},
    {R"({"body":{"base64":"A"}})", "/options/body/base64"},
    {R"({"body":{"base64":"AAE=","x":1}})", "/options/body"},
    {R"({"timeouts":{"connect":"0s"}})", "/options/timeouts/connect"},
    {R"({"timeouts":{"connect":-1}})", "/options/timeouts/connect"},
    {R"({"timeouts":{"total":"2h"}})", "/options/timeouts/total"},
    {R"({"timeouts":{"total":1e18}})", "/options/timeouts/total"},
    {R"({"timeouts":{"total":"9999999999999999d"}})", "/options/timeouts/total"},
    {R"({"timeouts":{"dns":"1s"}})", "/options/timeouts/dns"},
    {R"({"retry":{"max_attempts":0}})", "/options/retry/max_attempts"},
    {R"({"retry":{"max_attempts":101}})", "/options/retry/max_attempts"},
    {R"({"retry":{"statuses":[99]}})", "/options/retry/statuses/0"},
    {R"({"retry":{"statuses":[503,600]}})", "/options/retry/statuses/1"},
    {R"({"retry":{"on":["dns"]}})", "/options/retry/on/0"},
    {R"({"retry":{"backoff":{"max":"61m"}}})", "/options/retry/backoff/max"},
    {R"({"retry":{"unsafe_methods":1}})", "/options/retry/unsafe_methods"},
    {R"({"redirects":{"max":51}})", "/options/redirects/max"},
    {R"({"redirects":{"cross_origin":"no"}})", "/options/redirects/cross_origin"},
    {R"({"accept_status":"299-200"})", "/options/accept_status"},
    {R"({"accept_status":"200-"})", "/options/accept_status"},
    {R"({"accept_status":""})", "/options/accept_status"},
    {R"({"accept_status":99})", "/options/accept_status"},
    {R"({"accept_status":["200","2xx"]})", "/options/accept_status/1"},
    {R"({"max_body_bytes":0})", "/options/max_body_bytes"},
    {R"({"max_decoded_ratio":0})", "/options/max_decoded_ratio"},
    {R"({"max_decoded_ratio":1000001})", "/options/max_decoded_ratio"},
    {R"({"timeouts":{"low_speed":null}})", "/options/timeouts/low_speed"},
    {R"({"timeouts":{"low_speed":{"bytes_per_s":1}}})", "/options/timeouts/low_speed"},
    {R"({"timeouts":{"low_speed":{"for":"1s"}}})", "/options/timeouts/low_speed"},
    {R"({"timeouts":{"low_speed":{"bytes_per_s":0,"for":"1s"}}})",
     "/options/timeouts/low_speed/bytes_per_s"},
    {R"({"timeouts":{"low_speed":{"bytes_per_s":1,"for":0}}})", "/options/timeouts/low_speed/for"},
    {R"({"timeouts":{"low_speed":{"bytes_per_s":1,"over":"1s"}}})",
     "/options/timeouts/low_speed/over"},
    {R"({"max_body_bytes":1073741825})", "/options/max_body_bytes"},
    {R"({"expect":{"size":-1}})", "/options/expect/size"},
    {R"({"expect":{"sha256":"abc"}})", "/options/expect/sha256"},
    {R"({"expect":{"md5":"900150983cd24fb0d6963f7d28e17f7"}})", "/options/expect/md5"},
    {R"({"expect":{"content_type":"text"}})", "/options/expect/content_type"},
    {R"({"expect":{"content_type":"text/html; charset=x"}})", "/options/expect/content_type"},
    {R"({"conditional":"x"})", "/options/conditional"},
    {R"({"conditional":{"etag":"x"}})", "/options/conditional/etag"},
    {R"({"conditional":{"last_modified":"2026-01-01T00:00:00Z"}})",
     "/options/conditional/last_modified"},
    {R"({"conditional":{"since":"x"}})", "/options/conditional/since"},
    {R"({"robots":"ask"})", "/options/robots"},
    {R"({"robots":true})", "/options/robots"},
    {R"({"dedupe":"yes"})", "/options/dedupe"},
    {R"({"store_body":"sometimes"})", "/options/store_body"},
    {R"({"tls":{"verify":"maybe"}})", "/options/tls/verify"},
    {R"({"on_error":"stop_after:0"})", "/options/on_error"},
    {R"({"on_error":"stop_after:101%"})", "/options/on_error"},
    {R"({"on_error":"stop_after:"})", "/options/on_error"},
    {R"({"on_error":"stop_after:1x"})", "/options/on_error"},
    {R"({"deadline":"soon"})", "/options/deadline"},
    {R"({"ttl":"1ms"})", "/options/ttl"},
    {R"({"priority":101})", "/options/priority"},
    {R"({"lane":"fast"})", "/options/lane"},
    {R"({"http_version":"3"})", "/options/http_version"},
    {R"({"extract":"title"})", "/options/extract"},
    {R"({"extract":["title","images"]})", "/options/extract/1"},
    {R"({"extract":["title","title","title","title","title"]})", "/options/extract"},
    {R"({"tags":"a"})", "/options/tags"},
    {R"({"tags":["a",""]})", "/options/tags/1"},
    {R"({"metadata":"text"})", "/options/metadata"},
    {R"({"callbacks":{}})", "/options/callbacks"},
    {R"({"callbacks":[{"events":["job.failed"]}]})", "/options/callbacks/0"},
    {R"({"max_age":"0s"})", "/options/max_age"},
    {R"({"max_age":"366d"})", "/options/max_age"},
    {R"({"max_age":true})", "/options/max_age"},
};

TEST(ParseSubmission, Cli08PointsAtTheOptionAtFault) {
    for (const auto& [options, pointer] : refusals) {
        const auto submission = with_options(std::string{options});

        ASSERT_FALSE(submission.has_value()) << options;
        EXPECT_EQ(submission.error().code, failure_code::api_invalid) << options;
        EXPECT_EQ(first_pointer(submission.error()), pointer) << options;
    }
}

TEST(ParseSubmission, Cli08SaysWhatWouldDo) {
    const auto submission = with_options(R"({"concurrency":0})");

    EXPECT_EQ(
        submission.error().detail,
        "reading /options/concurrency: expected a whole number from 1 to 1000, found 0"
    );
}

TEST(ParseSubmission, Cli08PointsAtTheMemberAtFault) {
    const Refusal bodies[] = {
        {"[]", ""},
        {"{}", ""},
        {R"({"urls":"http://a.test/"})", "/urls"},
        {R"({"urls":[1]})", "/urls/0"},
        {R"({"urls":["http://a.test/",{"url":"http://a.test/"}]})", "/urls/1"},
        {R"({"urls":["http://a.test/"],"requests":[]})", "/requests"},
        {R"({"urls":["http://a.test/"],"option":{}})", "/option"},
        {R"({"requests":[null]})", "/requests/0"},
        {R"({"requests":[{}]})", "/requests/0"},
        {R"({"requests":[{"url":1}]})", "/requests/0/url"},
        {R"({"requests":[{"url":"http://a.test/","concurrency":1}]})", "/requests/0/concurrency"},
        {R"({"requests":[{"url":"http://a.test/","id":1}]})", "/requests/0/id"},
        {R"({"requests":["http://a.test/",{"url":"http://a.test/","timeouts":{"total":0}}]})",
         "/requests/1/timeouts/total"},
        {R"({"requests":[{"url":"x","a/b~c":1}]})", "/requests/0/a~1b~0c"},
    };
    for (const auto& [body, pointer] : bodies) {
        const auto submission = parse(body);

        ASSERT_FALSE(submission.has_value()) << body;
        EXPECT_EQ(submission.error().code, failure_code::api_invalid) << body;
        EXPECT_EQ(first_pointer(submission.error()), pointer) << body;
    }
}

TEST(ParseSubmission, Cli08PointsAtEveryMemberAtFault) {
    const auto submission = parse(R"({
        "option": {},
        "options": {"concurrency": 0, "ttl": "1h", "timeouts": {"connect": -1, "never": 1},
                    "tags": ["good", 1, ""], "headers": {"Host": "a.test", "X": "1"}},
        "requests": ["http://a.test/", 1, {"method": "GE T", "id": 7}]
    })");

    ASSERT_FALSE(submission.has_value());
    std::vector<std::string> pointers;
    for (const auto& member : submission.error().members) {
        pointers.push_back(member.pointer);
        EXPECT_TRUE(member.detail.starts_with("reading " + member.pointer + ": ")) << member.detail;
    }
    const std::vector<std::string> expected{
        "/option",
        "/options/concurrency",
        "/options/timeouts/connect",
        "/options/timeouts/never",
        "/options/tags/1",
        "/options/tags/2",
        "/options/headers/Host",
        "/requests/1",
        "/requests/2",
        "/requests/2/method",
        "/requests/2/id"};
    EXPECT_EQ(pointers, expected);
    EXPECT_EQ(submission.error().detail, submission.error().members.front().detail);
}

TEST(ParseSubmission, Cli08StopsPointingWhereNobodyReadsOn) {
    const auto refused = [](std::size_t wrong) {
        std::string body = R"({"urls":["http://a.test/")";
        for (std::size_t i = 0; i < wrong; ++i) {
            body += ",1";
        }
        return parse(body + "]}").error().members.size();
    };

    EXPECT_EQ(refused(Faults::most), Faults::most);
    EXPECT_EQ(refused(Faults::most + 1), Faults::most);
}

TEST(ParseSubmission, Cli08FaultOfTheWholeDocumentStandsBesideThoseOfMembers) {
    const auto submission = parse(R"({"options":{"ttl":0}})");

    ASSERT_FALSE(submission.has_value());
    const auto& members = submission.error().members;
    ASSERT_EQ(members.size(), 2U);
    EXPECT_EQ(members[0].pointer, "/options/ttl");
    EXPECT_EQ(
        members[1], (MemberFault{"", "reading the document: there are neither urls nor requests"})
    );
}

TEST(ParseSubmission, Cli08RepeatedMembersAreRefusedNotLastWins) {
    const auto submission = parse(R"({"urls":["http://a.test/"],"options":{"ttl":1,"ttl":2}})");

    ASSERT_FALSE(submission.has_value());
    EXPECT_EQ(api_status(submission.error().code), 422);
    EXPECT_EQ(first_pointer(submission.error()), "/options/ttl");
}

TEST(ParseSubmission, Inj02And03RefusesHeadersThatAreNotTheCallersToSet) {
    for (const auto* headers :
         {R"({"Host":"x"})",
          R"({"content-length":"1"})",
          R"({"Transfer_Encoding":"chunked"})",
          R"({"TE":"trailers"})",
          R"({"Trailer":"x"})",
          R"({"Connection":"close"})",
          R"({"Keep-Alive":"1"})",
          R"({"keep_alive":"1"})",
          R"({"Upgrade":"h2c"})",
          R"({"Expect":"100-continue"})",
          R"({"Proxy-Authorization":"x"})",
          R"({"PROXY_CONNECTION":"x"})",
          R"({"HTTP2-Settings":"x"})",
          R"({"A":"b\r\nC: d"})",
          R"({"A":"b\nc"})",
          R"({"A":"\u0000"})",
          R"({"A":"ä"})",
          R"({"A":"\u007f"})",
          R"({"A b":"c"})",
          R"({":path":"/"})",
          R"({"":"x"})",
          R"({"A\r\n":"x"})",
          R"({"Ä":"x"})",
          R"({"A":" x"})"}) {
        const auto submission = with_options(R"({"headers":)" + std::string{headers} + "}");

        ASSERT_FALSE(submission.has_value()) << headers;
        EXPECT_EQ(submission.error().code, failure_code::api_invalid) << headers;
        EXPECT_TRUE(first_pointer(submission.error()).starts_with("/options/headers/")) << headers;
    }
}

TEST(ParseSubmission, Inj02BoundsTheHeaderSection) {
    std::string many = "{";
    for (int i = 0; i < 500; ++i) {
        many.append(many.size() == 1 ? "" : ",")
            .append("\"H")
            .append(std::to_string(i))
            .append("\":\"v\"");
    }

    EXPECT_FALSE(with_options(R"({"headers":)" + many + "}}").has_value());
    EXPECT_FALSE(
        with_options(R"({"headers":{"A":")" + std::string(65'536, 'v') + R"("}})").has_value()
    );
    EXPECT_TRUE(with_options(R"({"headers":{"A":"!~ \tx"}})").has_value());
}

TEST(ParseSubmission, Tls19UnverifiedTlsNeedsTheOperatorsLeave) {
    SubmissionContext lenient;
    lenient.limits.options.allow_insecure_tls = true;

    const auto refused = with_options(R"({"tls":{"verify":"off"}})");
    const auto allowed = with_options(R"({"tls":{"verify":"off"}})", lenient);
    const auto labelled = with_options(R"({"tls":{"verify":"label"}})");

    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(first_pointer(refused.error()), "/options/tls/verify");
    ASSERT_TRUE(allowed.has_value());
    EXPECT_EQ(allowed->options.fetch.verify, tls_verify::off);
    ASSERT_TRUE(labelled.has_value()) << "no credentials go over such a connection";
    EXPECT_EQ(labelled->options.fetch.verify, tls_verify::label);
}

TEST(ParseSubmission, ItemsKeepTheirOwnMembersAsCanonicalJson) {
    const auto submission = parse(R"({"requests":[{
        "metadata": {"x": 1.50, "y": null}, "url": "http://a.test/", "id": "my id",
        "last_error": {"code": "dns.timeout"}, "timeouts": {"total": "5s"}}]})");

    ASSERT_TRUE(submission.has_value()) << submission.error().detail;
    EXPECT_EQ(
        submission->items[0].extras,
        R"({"metadata":{"x":1.5,"y":null},"id":"my id","timeouts":{"total":"5s"}})"
    );
    const auto options = item_options(submission->options.fetch, submission->items[0].extras);
    EXPECT_EQ(options.timeouts, (Timeouts{10s, 30s, 30s, 5s}));
}

TEST(ParseSubmission, Cli09CountsItems) {
    SubmissionContext context;
    context.limits.max_items = 2;

    const auto none = parse(R"({"urls":[]})");
    const auto most = parse(R"({"urls":["http://a.test/","http://b.test/"]})", context);
    const auto more = parse(R"({"urls":["a","b","c"]})", context);
    context.first_index = 1;
    const auto appended = parse_more_items(R"({"urls":["http://a.test/"]})", context);
    const auto too_many = parse_more_items(R"({"urls":["http://a.test/","b"]})", context);

    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().code, failure_code::job_empty);
    EXPECT_TRUE(most.has_value());
    ASSERT_FALSE(more.has_value());
    EXPECT_EQ(more.error().code, failure_code::job_too_many_items);
    ASSERT_TRUE(appended.has_value());
    EXPECT_EQ(appended->front().index, 1U);
    ASSERT_FALSE(too_many.has_value());
    EXPECT_EQ(too_many.error().code, failure_code::job_too_many_items);
}

TEST(ParseSubmission, AnUnsealedJobMayBeginEmpty) {
    SubmissionContext context;
    context.may_be_empty = true;

    EXPECT_TRUE(parse(R"({"urls":[]})", context).has_value());
    EXPECT_TRUE(parse(R"({"options":{"tags":["x"]}})", context).has_value());
}

TEST(ParseMoreItems, TakesNoOptions) {
    const auto items = parse_more_items(R"({"urls":["http://a.test/"],"options":{}})", {});

    ASSERT_FALSE(items.has_value());
    EXPECT_EQ(first_pointer(items.error()), "/options");
}

}  // namespace
}  // namespace fanfetch
