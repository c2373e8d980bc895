#include "client/api_answer.hpp"
#include "client/client_session.hpp"
#include "client/event_reader.hpp"
#include "client/job_view.hpp"
#include "client/line_splitter.hpp"
#include "client/result_lines.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> events_in_pieces(const std::string& text, std::size_t piece) {
    EventReader reader;
    std::vector<std::string> events;
    for (std::size_t at = 0; at < text.size(); at += piece) {
        reader.feed(std::string_view{text}.substr(at, piece));
        ReceivedEvent event;
        while (reader.next(event).value()) {
            events.push_back(event.name + '|' + event.id + '|' + event.data);
        }
    }
    return events;
}

TEST(EventReader, ReadsTheSameHoweverTheBytesAreCut) {
    const std::string text =
        ": heartbeat\n\nretry: 1000\n\nevent: item\nid: 1\ndata: {\"a\":1}\n\n"
        "event:progress\r\ndata:x\r\ndata: y\r\n\r\nid: 2.end\n\ndata\n\nevent: job\ndata: "
        "unfinished\n";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        EXPECT_THAT(
            events_in_pieces(text, piece),
            ElementsAre("item|1|{\"a\":1}", "progress|1|x\ny", "|2.end|")
        );
    }
}

TEST(EventReader, AnEventHasAnEnd) {
    EventReader reader;
    ReceivedEvent event;
    const std::string line = "data: " + std::string(1U << 20U, 'x') + '\n';

    Expected<bool> found = false;
    for (int lines = 0; found && lines < 20; ++lines) {
        reader.feed(line);
        found = reader.next(event);
    }

    EXPECT_FALSE(found);
}

TEST(LineSplitter, ALineHasAnEnd) {
    LineSplitter lines;
    std::string_view line;
    lines.feed(std::string(LineSplitter::longest, 'x'));
    EXPECT_FALSE(lines.next(line).value());
    lines.feed("y");
    EXPECT_FALSE(lines.next(line));
}

TEST(ApiAnswer, ARefusalShowsDetailAndPointer) {
    ApiAnswer answer;
    answer.status = 422;
    answer.content_type = "application/problem+json";
    answer.body =
        R"({"detail":"too \u001b[2J many","code":"a.b","errors":[{"pointer":"/x","detail":"why"}]})";

    const auto text = refusal_text("submitting", answer);

    EXPECT_EQ(text, "error: submitting: too \\u001b[2J many (422 a.b)\n  /x: why\n");
    answer.body = "{";
    EXPECT_EQ(refusal_text("submitting", answer), "error: submitting: the server answered 422\n");
    EXPECT_THAT(refusal_json(answer), HasSubstr("422"));
}

JobView job_of(
    bool done, std::uint64_t succeeded, std::uint64_t failed, std::string state = "running"
) {
    JobView job;
    job.id = "job_1";
    job.done = done;
    job.state = std::move(state);
    job.total = 10;
    job.succeeded = succeeded;
    job.failed = failed;
    return job;
}

TEST(WaitRule, IsOneOfFour) {
    EXPECT_EQ(WaitRule::parse("all_completed")->what, WaitRule::kind::all_completed);
    EXPECT_EQ(WaitRule::parse("count:12")->count, 12U);
    for (const auto* const text : {"", "count:", "count:0", "count:-1", "count:1x", "first"}) {
        EXPECT_FALSE(WaitRule::parse(text)) << text;
    }
}

TEST(WaitRule, CountsItemsOfOneJobAndJobsOfSeveral) {
    const auto first = *WaitRule::parse("first_completed");
    const auto exception = *WaitRule::parse("first_exception");
    const auto two = *WaitRule::parse("count:2");
    const std::vector one{job_of(false, 1, 0)};
    const std::vector several{job_of(false, 9, 0), job_of(true, 10, 0), job_of(false, 0, 1)};
    const std::vector all{job_of(true, 10, 0)};

    EXPECT_TRUE(waited_enough(first, one));
    EXPECT_FALSE(waited_enough(two, one));
    EXPECT_FALSE(waited_enough(exception, one));
    EXPECT_TRUE(waited_enough(first, several));
    EXPECT_FALSE(waited_enough(two, several));
    EXPECT_TRUE(waited_enough(exception, several));
    EXPECT_FALSE(waited_enough({}, several));
    EXPECT_TRUE(waited_enough(exception, all)) << "what can no longer come is not waited for";
}

TEST(JobView, ReadsADocument) {
    const auto job =
        read_job(
            R"({"id":"job_1","state":"completed","state_reason":null,"done":true,"sealed":true,)"
            R"("counts":{"total":3,"succeeded":1,"failed":2,"queued":0},"bytes_received":9,)"
            R"("failures_by_code":{"http.status_404":2}})"
        )
            .value();

    EXPECT_EQ(
        job_line(job), "job_1 completed: 3 items: 1 succeeded, 2 failed (http.status_404: 2)"
    );
    EXPECT_FALSE(job.fine());
    EXPECT_EQ(job.ended(), 3U);
    for (const auto* const text :
         {"", "[]", "{}", R"({"id":"x"})", R"({"id":"x","counts":1})", "null"}) {
        EXPECT_FALSE(read_job(text)) << text;
    }
}

TEST(JobView, TheTotalIsUnknownWhileAJobIsOpen) {
    auto open = job_of(false, 3, 0);
    open.sealed = false;
    EXPECT_EQ(progress_of(std::vector{open}).total, std::nullopt);
    EXPECT_EQ(progress_of(std::vector{job_of(false, 3, 1), job_of(true, 10, 0)}).total, 20U);
    EXPECT_EQ(progress_of(std::vector{job_of(false, 3, 1), job_of(true, 10, 0)}).done, 14U);
}

TEST(ResultLine, MovesThePositionOn) {
    StreamPosition position;
    const std::string line =
        R"({"index":4,"seq":9,"state":"failed","status":404,"url":"http://a/","error":{"code":"x"}})";

    const auto first = read_result_line(line, position).value();
    EXPECT_THAT(first.text, HasSubstr("404"));
    EXPECT_FALSE(first.seen);
    EXPECT_EQ(position.seq, 9U);

    position.by_index = true;
    EXPECT_FALSE(read_result_line(line, position)->seen);
    EXPECT_TRUE(read_result_line(line, position)->seen);
    EXPECT_TRUE(read_result_line(R"({"end":true,"state":"completed"})", position)->job_done);
    EXPECT_FALSE(read_result_line(R"({"end":true,"state":"running"})", position)->job_done);
    EXPECT_FALSE(read_result_line("[]", position));
}

TEST(EventText, IsOneLineAndHarmless) {
    EXPECT_THAT(
        event_text({"item", "1", R"({"index":0,"url":"http://a/\u001b[2J"})"}),
        Not(HasSubstr("\x1b"))
    );
    EXPECT_EQ(
        event_json({"item", "1", "{ \"a\": 1 }"}),
        "{\"event\":\"item\",\"id\":\"1\",\"data\":{\"a\":1}}\n"
    );
    EXPECT_EQ(event_json({"x\n", "", "no"}), "{\"event\":\"x\\n\",\"id\":\"\",\"data\":null}\n");
    EXPECT_TRUE(is_last({"job", "5.end", ""}));
    EXPECT_FALSE(is_last({"interrupted", "5", ""}));
}

TEST(Persistence, GivesUpAfterHalfAMinute) {
    Persistence persistence;
    auto now = Steady::now();
    std::chrono::milliseconds waited{0};
    int tries = 0;
    while (const auto pause = persistence.pause(now, 0ms)) {
        now += *pause;
        waited += *pause;
        ++tries;
    }
    EXPECT_GE(waited, Persistence::longest_trouble);
    EXPECT_LE(waited, Persistence::longest_trouble + 5s);
    EXPECT_LE(tries, 12);
    persistence.succeeded();
    EXPECT_EQ(persistence.pause(now, 0ms), 200ms);
    EXPECT_EQ(persistence.pause(now, 7s), 7s) << "what the server asks for is waited out";
}

}  // namespace
}  // namespace fanfetch
