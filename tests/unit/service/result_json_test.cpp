#include "api/result_json.hpp"

#include "api/json.hpp"

#include <gtest/gtest.h>
#include <boost/json/object.hpp>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

const FetchOptions plain_options;

WallTime at(std::int64_t milliseconds) {
    return WallTime{std::chrono::milliseconds{milliseconds}};
}

ItemRow finished_row() {
    ItemResult result;
    result.index = 3;
    result.seq = 9;
    result.state = item_state::succeeded;
    result.status = 200;
    result.attempts_made = 1;
    result.content_type = "text/html";
    result.http_version = "1.1";
    result.size = 2048;
    result.wire_size = 900;
    result.sha256 = Sha256{0xAB, 0x01};
    result.started_at = at(1'000);
    result.finished_at = at(2'500);
    result.timing = {1us, 2us, 3us, 4us, 5us, 6us, 21us};
    result.body = {1, 2, 3, 4, true};
    return {{3, "http://a.test/", {}, std::nullopt}, result};
}

std::string written(const ItemRow& row, ResultFields fields, const ResultParts& parts = {}) {
    std::string out;
    append_result(out, row, {"job_1", plain_options, fields}, parts);
    return out;
}

boost::json::object object(const std::string& text) {
    const auto value = parse_json(text);
    EXPECT_TRUE(value.has_value()) << text;
    return value->as_object();
}

TEST(ResultJson, WritesAFinishedItem) {
    EXPECT_EQ(
        written(finished_row(), ResultFields::of_list()),
        R"({"index":3,"seq":9,"id":null,"url":"http://a.test/","metadata":null,)"
        R"("state":"succeeded","final_url":"http://a.test/","status":200,)"
        R"("content_type":"text/html","size":2048,"wire_size":900,)"
        R"("sha256":"ab01000000000000000000000000000000000000000000000000000000000000",)"
        R"("http_version":"1.1","error":null,"attempts_made":1,)"
        R"("started_at":"1970-01-01T00:00:01.000Z","finished_at":"1970-01-01T00:00:02.500Z",)"
        R"("timing":{"queued_us":1,"dns_us":2,"connect_us":3,"tls_us":4,"first_byte_us":5,)"
        R"("download_us":6,"total_us":21},"links":{"body":"/v1/jobs/job_1/results/3/body"}})"
    );
}

TEST(ResultJson, WritesAnItemThatWaits) {
    const ItemRow row{{0, "http://a.test/", R"({"id":"x"})", std::nullopt}, std::nullopt};

    const auto shown = object(written(
        row, ResultFields::of_list(),
        {.state = item_state::waiting,
         .waiting_for = "retry",
         .not_before = at(5),
         .head = {},
         .payload = {}}
    ));

    EXPECT_EQ(shown.at("state"), "waiting");
    EXPECT_EQ(shown.at("waiting_for"), "retry");
    EXPECT_EQ(shown.at("not_before"), "1970-01-01T00:00:00.005Z");
    EXPECT_EQ(shown.at("id"), "x");
    for (const auto* member :
         {"seq", "final_url", "status", "size", "sha256", "error", "started_at"}) {
        EXPECT_TRUE(shown.at(member).is_null()) << member;
    }
    EXPECT_FALSE(shown.contains("wire_size"));
}

TEST(ResultJson, WritesAFailureAsAProblemWithoutInstance) {
    auto row = finished_row();
    row.result->state = item_state::failed;
    row.result->code = failure_code::http_status;
    row.result->status = 503;
    row.result->detail = "the origin said 503";

    const auto error = object(written(row, ResultFields::of_list())).at("error").as_object();

    EXPECT_EQ(error.at("code"), "http.status_503");
    EXPECT_EQ(error.at("detail"), "the origin said 503");
    EXPECT_EQ(error.at("retryable"), true);
    EXPECT_TRUE(error.contains("title"));
    EXPECT_TRUE(error.contains("type"));
    EXPECT_FALSE(error.contains("instance"));
}

TEST(ResultJson, RetryableFollowsTheItemsOwnOptions) {
    auto row = finished_row();
    row.item.extras = R"({"retry":{"statuses":[]}})";
    row.result->state = item_state::failed;
    row.result->code = failure_code::http_status;
    row.result->status = 503;

    const auto shown = object(written(row, ResultFields::of_list()));

    EXPECT_EQ(shown.at("error").at("retryable"), false);
}

TEST(ResultJson, EchoesIdAndMetadataWhateverTheyHold) {
    auto row = finished_row();
    row.item.extras =
        R"({"headers":{"id":"no"},"metadata":{"id":"}],\"","a":[1,{"b":"\\"}]},"id":"me\\","body":"x"})";

    const auto shown = object(written(row, ResultFields::of_list()));

    EXPECT_EQ(shown.at("id"), "me\\");
    EXPECT_EQ(shown.at("metadata").at("id"), "}],\"");
    EXPECT_EQ(shown.at("metadata").at("a").at(1).at("b"), "\\");
}

TEST(ResultJson, ShowsAttemptsHeadersAndBodyWhenAsked) {
    auto row = finished_row();
    Attempt attempt;
    attempt.started_at = at(1);
    attempt.remote_address = "192.0.2.1:443";
    attempt.redirects = {{301, "http://b.test/"}, {302, "http://c.test/"}};
    attempt.tls = {"TLSv1.3", "TLS_AES_128_GCM_SHA256", true, "ok"};
    attempt.status = 200;
    row.result->attempts = {Attempt{}, attempt};
    auto fields = ResultFields::of_list();
    ASSERT_TRUE(fields.include("headers,attempts,body").has_value());

    const auto shown = object(written(
        row, fields,
        {.state = {},
         .waiting_for = {},
         .not_before = {},
         .head = "HTTP/1.1 200 OK\r\nServer:  x \r\nSet-Cookie: a\r\nset-cookie: b\r\n",
         .payload = "grüße"}
    ));

    EXPECT_EQ(
        shown.at("headers"), (boost::json::object{{"server", "x"}, {"set-cookie", {"a", "b"}}})
    );
    EXPECT_EQ(shown.at("attempts").as_array().size(), 2U);
    EXPECT_TRUE(shown.at("attempts").at(0).at("tls").is_null());
    EXPECT_EQ(shown.at("attempts").at(1).at("tls").at("version"), "TLSv1.3");
    EXPECT_EQ(shown.at("attempts").at(1).at("redirects").at(1).at("location"), "http://c.test/");
    EXPECT_EQ(shown.at("body").at("text"), "grüße");
}

TEST(ResultJson, BodiesThatAreNoTextAreBase64) {
    auto row = finished_row();
    auto fields = ResultFields::of_list();
    ASSERT_TRUE(fields.keep("body,url").has_value());
    const auto shown = [&](std::string type, std::string_view payload) {
        row.result->content_type = std::move(type);
        return written(
            row, fields,
            {.state = {}, .waiting_for = {}, .not_before = {}, .head = {}, .payload = payload}
        );
    };

    EXPECT_EQ(
        shown("image/png", "ab"), R"({"index":3,"url":"http://a.test/","body":{"base64":"YWI="}})"
    );
    EXPECT_EQ(
        shown("text/plain", "\xFF"),
        R"({"index":3,"url":"http://a.test/","body":{"base64":"/w=="}})"
    );
    EXPECT_EQ(
        shown("application/ld+json; x=y", "{}"),
        R"({"index":3,"url":"http://a.test/","body":{"text":"{}"}})"
    );
}

TEST(ResultJson, Inj05NoByteOfTheOriginBreaksALine) {
    auto row = finished_row();
    std::string hostile = "data: x\r\n\r\nid: 7\n\u2028\u2029\x1B]0;x\x07\xFF";
    hostile += '\0';
    row.item.url = hostile;
    row.result->final_url = hostile;
    row.result->content_type = hostile;
    row.result->code = failure_code::http_malformed;
    row.result->detail = hostile;
    auto fields = ResultFields::of_single();

    const auto line = written(
        row, fields,
        {.state = {},
         .waiting_for = {},
         .not_before = {},
         .head = "HTTP/1.1 200 \r\nX: " + hostile,
         .payload = {}}
    );

    EXPECT_TRUE(parse_json(line).has_value());
    EXPECT_TRUE(std::ranges::all_of(line, [](char c) {
        return static_cast<unsigned char>(c) >= 0x20;
    }));
    EXPECT_EQ(line.find("\u2028"), std::string::npos);
}

TEST(ResultFields, KeepsIndexAndNothingUnknown) {
    auto fields = ResultFields::of_list();

    ASSERT_TRUE(fields.keep("status,error").has_value());

    EXPECT_EQ(written(finished_row(), fields), R"({"index":3,"status":200,"error":null})");
    EXPECT_EQ(fields.keep("status,stats").error().code, failure_code::api_bad_parameter);
    EXPECT_FALSE(fields.keep("").has_value());
    EXPECT_FALSE(fields.include("url").has_value());
}

TEST(JobJson, WritesStateCountsAndTallies) {
    JobRecord record;
    record.id = "job_1";
    record.state = job_state::completed;
    record.sealed = true;
    record.last_seq = 3;
    record.created_at = at(0);
    record.finished_at = at(10);
    record.tally.bytes_received = 77;
    record.tally.failures = {
        {static_cast<std::uint32_t>(failure_code::dns_timeout), 1},
        {static_cast<std::uint32_t>(failure_code::http_status) << 16U | 404U, 1}};
    record.tally.statuses = {{200, 1}, {404, 1}};
    record.options.tags = {"a", "b"};
    record.options.metadata = R"({"k":1})";
    std::string out;

    append_job(out, record, {3, 0, 0, 0, 1, 2, 0, 0}, {1.5, 250ms});

    const auto job = object(out);
    EXPECT_EQ(job.at("state"), "completed");
    EXPECT_EQ(job.at("done"), true);
    EXPECT_TRUE(job.at("state_reason").is_null());
    EXPECT_EQ(job.at("counts").at("total"), 3);
    EXPECT_EQ(job.at("counts").at("failed"), 2);
    EXPECT_EQ(
        job.at("failures_by_code"),
        (boost::json::object{{"dns.timeout", 1}, {"http.status_404", 1}})
    );
    EXPECT_EQ(job.at("statuses"), (boost::json::object{{"200", 1}, {"404", 1}}));
    EXPECT_EQ(job.at("bytes_received"), 77);
    EXPECT_EQ(job.at("rate_per_s"), 1.5);
    EXPECT_EQ(job.at("eta_ms"), 250);
    EXPECT_EQ(job.at("finished_at"), "1970-01-01T00:00:00.010Z");
    EXPECT_TRUE(job.at("started_at").is_null());
    EXPECT_EQ(job.at("tags"), (boost::json::array{"a", "b"}));
    EXPECT_EQ(job.at("metadata").at("k"), 1);
    EXPECT_EQ(job.at("links").at("results"), "/v1/jobs/job_1/results");
}

TEST(JobJson, EndsAStream) {
    std::string out;

    append_stream_end(out, job_state::cancelled, {2, 0, 0, 0, 1, 0, 0, 1});

    EXPECT_EQ(
        out,
        R"({"end":true,"state":"cancelled","counts":{"total":2,"queued":0,"waiting":0,"running":0,)"
        R"("succeeded":1,"failed":0,"skipped":0,"cancelled":1}})"
    );
}

}  // namespace
}  // namespace fanfetch
