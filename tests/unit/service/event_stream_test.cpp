#include "api/event_stream.hpp"

#include "api/json.hpp"

#include <gtest/gtest.h>
#include <boost/json/object.hpp>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

TEST(EventStream, IdSaysWhereToGoOn) {
    EXPECT_EQ(event_id({17, false}), "17");
    EXPECT_EQ(event_id({17, true}), "17.end");
    EXPECT_EQ(parse_event_id("17"), (EventPosition{17, false}));
    EXPECT_EQ(parse_event_id("0.end"), (EventPosition{0, true}));
}

TEST(EventStream, ForeignIdsAreNone) {
    for (const auto* text :
         {"", ".end", "x", "-1", "+1", " 1", "1.", "1.0", "1.end.end", "1.END",
          "99999999999999999999"}) {
        EXPECT_EQ(parse_event_id(text), std::nullopt) << text;
    }
}

TEST(EventStream, ProgressCountsTimeUntilTheJobEnds) {
    JobSnapshot job;
    job.counts.total = 3;
    job.eta = 7ms;
    const auto elapsed = [&job] {
        std::string text;
        append_progress(text, job, WallTime{10s});
        return parse_json(text)->as_object().at("elapsed_ms").as_int64();
    };

    EXPECT_EQ(elapsed(), 0) << "nothing has started";
    job.record.started_at = WallTime{4s};
    EXPECT_EQ(elapsed(), 6000);
    job.record.finished_at = WallTime{5s};
    EXPECT_EQ(elapsed(), 1000);
    job.record.started_at = WallTime{6s};
    EXPECT_EQ(elapsed(), 0) << "the clock was set back";
}

}  // namespace
}  // namespace fanfetch
