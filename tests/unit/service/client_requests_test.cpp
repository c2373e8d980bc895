#include "client/client_options.hpp"
#include "client/read_plan.hpp"
#include "client/server_address.hpp"
#include "client/submit_plan.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string field(const ApiRequest& request, std::string_view name) {
    for (const auto& [known, value] : request.fields) {
        if (known == name) {
            return value;
        }
    }
    return "none";
}

TEST(ServerAddress, IsAnAbsoluteUrlPerhapsWithAPath) {
    const auto server = read_server_address("https://Fetch.example.com:8443/in/front/").value();

    EXPECT_TRUE(server.https);
    EXPECT_EQ(server.host, "fetch.example.com");
    EXPECT_EQ(server.port, 8443);
    EXPECT_EQ(server.host_header, "fetch.example.com:8443");
    EXPECT_EQ(server.prefix, "/in/front");
    EXPECT_EQ(read_server_address("http://[::1]").value().host, "[::1]");
    EXPECT_EQ(read_server_address("http://a.test/").value().prefix, "");
}

TEST(ServerAddress, RefusesWhatIsNone) {
    for (const auto* const text :
         {"", "a.test:80", "ftp://a.test", "http://a.test/?q", "http://a.test/#f",
          "http://u:p@a.test", "http://a b.test"}) {
        EXPECT_FALSE(read_server_address(text)) << text;
    }
    EXPECT_THAT(read_server_address("a.test").error().detail, HasSubstr("http://"));
}

TEST(RequestHead, SaysWhoAndWhat) {
    const auto server = read_server_address("http://a.test:81/p").value();
    ApiRequest request;
    request.target = "/v1/jobs";
    request.fields.emplace_back("Accept", "text/plain");

    const auto head = request_head(server, "secret", request, {});

    EXPECT_THAT(head, StartsWith("GET /p/v1/jobs HTTP/1.1\r\nHost: a.test:81\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nAuthorization: Bearer secret\r\nAccept: text/plain\r\n\r\n"));
    EXPECT_THAT(request_head(server, "", request, {}), Not(HasSubstr("Authorization")));
}

TEST(RequestHead, FramesTheBody) {
    const auto server = read_server_address("http://a.test").value();
    ApiRequest request;
    request.method = "POST";

    EXPECT_THAT(request_head(server, "", request, {}), HasSubstr("Content-Length: 0\r\n"));
    EXPECT_THAT(
        request_head(server, "", request, {.present = true, .size = 12}),
        HasSubstr("Content-Length: 12\r\n")
    );
    EXPECT_THAT(
        request_head(server, "", request, {.present = true, .asks_first = true}),
        HasSubstr("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n")
    );
}

TEST(RequestHead, LetsNoFieldBreakOutOfItsLine) {
    const auto server = read_server_address("http://a.test").value();
    ApiRequest request;

    EXPECT_THROW((void)request_head(server, "a\r\nX: 1", request, {}), std::logic_error);
    request.fields.emplace_back("X", "a\nb");
    EXPECT_THROW((void)request_head(server, "", request, {}), std::logic_error);
}

TEST(TargetBuilder, EncodesWhatIsNotUnreserved) {
    EXPECT_EQ(
        TargetBuilder{"/v1/jobs"}.segment("../a b?").parameter("code", "http.*&x=\xC3\xA9").take(),
        "/v1/jobs/..%2Fa%20b%3F?code=http.%2A%26x%3D%C3%A9"
    );
}

TEST(Access, TheKeyIsTheFilesOrTheEnvironments) {
    ClientOptions options;

    EXPECT_EQ(access_of(options, {.key = "k1"}).value().key, "k1");
    EXPECT_EQ(access_of(options, {.server = "http://a.test"}).value().server.host, "a.test");
    EXPECT_EQ(access_of(options, {}).value().server.port, 8080);
    EXPECT_FALSE(access_of(options, {.key = "a\nb"}));
    options.key_file = "/dev/null";
    EXPECT_FALSE(access_of(options, {.key = "k1"}))
        << "a file without a key is no reason to use another";
}

TEST(SubmitPlan, GoesByTheNameOfTheFile) {
    for (const auto& [name, type, coding] :
         {std::tuple{"a.txt", "text/plain", "none"}, std::tuple{"a", "text/plain", "none"},
          std::tuple{"-", "text/plain", "none"},
          std::tuple{"a.jsonl", "application/x-ndjson", "none"},
          std::tuple{"a.json", "application/json", "none"},
          std::tuple{"b/a.csv.gz", "text/csv", "gzip"},
          std::tuple{"a.tsv.zst", "text/tab-separated-values", "zstd"}}) {
        SubmitOptions options;
        options.input = name;
        const auto plan = plan_submit(options).value();
        EXPECT_EQ(field(plan.request, "Content-Type"), type) << name;
        EXPECT_EQ(field(plan.request, "Content-Encoding"), coding) << name;
        EXPECT_EQ(plan.form, submit_form::as_it_is);
    }
}

TEST(SubmitPlan, PutsUrlsAndOptionsIntoOneDocument) {
    SubmitOptions options;
    options.urls = {"http://a.test/\"", "b"};
    options.options = "{ \"concurrency\": 1 }";
    options.open = true;
    options.idempotency_key = "k";

    const auto plan = plan_submit(options).value();

    EXPECT_EQ(
        plan.request.body, R"({"urls":["http://a.test/\"","b"],"options":{"concurrency":1}})"
    );
    EXPECT_EQ(plan.request.target, "/v1/jobs?sealed=false");
    EXPECT_EQ(field(plan.request, "Idempotency-Key"), "k");
    EXPECT_FALSE(plan.request.repeatable);
}

TEST(SubmitPlan, OptionsGoBeforeLines) {
    SubmitOptions options;
    options.input = "a.txt";
    options.options = "{}";
    EXPECT_EQ(plan_submit(options).value().form, submit_form::list_to_ndjson);
    EXPECT_EQ(field(plan_submit(options).value().request, "Content-Type"), "application/x-ndjson");
    options.input = "a.ndjson";
    EXPECT_EQ(plan_submit(options).value().form, submit_form::options_before);
    EXPECT_EQ(plan_submit(options).value().options_line, R"({"options":{}})");
    for (const auto* const name : {"a.csv", "a.json", "a.txt.gz"}) {
        options.input = name;
        EXPECT_FALSE(plan_submit(options)) << name;
    }
}

TEST(ResultsRequest, GoesOnBySeqOrFromTheBeginning) {
    ResultsOptions options;
    options.job = "job_1";
    options.follow = true;
    options.fields = "url";
    StreamPosition position;
    position.seq = 7;

    const auto followed = results_request(options, position).target;
    options.order = "submitted";
    const auto in_order = results_request(options, position).target;

    EXPECT_THAT(
        followed, StartsWith("/v1/jobs/job_1/results?order=completed&fields=url%2Cseq&after=7")
    );
    EXPECT_THAT(followed, HasSubstr("&follow=true&timeout=20s"));
    EXPECT_EQ(in_order, "/v1/jobs/job_1/results?order=submitted&fields=url&follow=true");
}

TEST(OtherRequests, AreWhatTheApiWants) {
    EXPECT_EQ(
        job_wait_request("j", "count:2", 250ms).target,
        "/v1/jobs/j?wait=250ms&return_when=count%3A2"
    );
    EXPECT_EQ(
        jobs_wait_request({"a", "b"}, "all_completed", 1s).body,
        R"({"jobs":["a","b"],"timeout":"1s","return_when":"all_completed"})"
    );
    EXPECT_EQ(cancel_request("j", true).body, R"({"mode":"drain"})");
    EXPECT_EQ(retry_request("j", {}).body, "{}");
    EXPECT_EQ(
        retry_request("j", {{"failed"}, {"http.*"}, {1, 2}}).body,
        R"({"state":["failed"],"code":["http.*"],"index":[1,2]})"
    );
    EXPECT_EQ(export_request({"j", {}, "", "x.tar.gz"}).target, "/v1/jobs/j/export?format=tar.gz");
    EXPECT_EQ(export_file({"j", {}, "csv", ""}), "j.csv");
    EXPECT_EQ(field(events_request({.job = "j"}, "5"), "Last-Event-ID"), "5");
    EXPECT_EQ(field(events_request({.job = "j"}, "5\n"), "Last-Event-ID"), "none");
}

}  // namespace
}  // namespace fanfetch
