#include "model/job_patch.hpp"

#include "base/expected.hpp"
#include "support/first_pointer.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

Expected<JobPatch> read(const char* text) {
    const auto document = boost::json::parse(text);
    OptionContext context;
    context.now = WallTime{1'000'000s};
    JobPatch patch;
    if (auto fault = read_job_patch(JsonMember{document, ""}, context, patch)) {
        return *std::move(fault);
    }
    return patch;
}

TEST(JobPatch, ChangesWhatItNamesAndNothingElse) {
    JobOptions before;
    before.concurrency = 7;
    before.per_host_rate = 3;
    before.metadata = "{}";

    const auto after =
        patched(before, read(R"({"priority":5,"per_host":{"concurrency":2}})").value());

    EXPECT_EQ(after.priority, 5);
    EXPECT_EQ(after.per_host_concurrency, 2);
    EXPECT_EQ(after.concurrency, 7);
    EXPECT_EQ(after.per_host_rate, 3);
    EXPECT_EQ(after.metadata, "{}");
}

TEST(JobPatch, NullTakesAway) {
    JobOptions before;
    before.deadline = 1h;
    before.per_host_rate = 3;
    before.metadata = "{}";

    const auto after = patched(
        before, read(R"({"deadline":null,"metadata":null,"per_host":{"rate":null}})").value()
    );

    EXPECT_FALSE(after.deadline);
    EXPECT_EQ(after.per_host_rate, 0);
    EXPECT_EQ(after.metadata, "");
}

TEST(JobPatch, ADeadlineCountsFromTheJobsCreation) {
    // 1,000,000 s after the epoch is 1970-01-12T13:46:40Z.
    const auto patch = read(R"({"deadline":"1970-01-12T13:46:45Z"})").value();

    EXPECT_EQ(patched({}, patch).deadline, std::chrono::milliseconds{5s});
}

TEST(JobPatch, TellsWhatADoneJobHasNoUseFor) {
    EXPECT_FALSE(read(R"({"ttl":"1h","metadata":{}})").value().needs_a_running_job());
    EXPECT_TRUE(read(R"({"ttl":"1h","priority":0})").value().needs_a_running_job());
    EXPECT_TRUE(read(R"({"deadline":null})").value().needs_a_running_job());
}

TEST(JobPatch, IsRefusedWithAPointer) {
    for (const auto& [text, pointer] : std::initializer_list<std::pair<const char*, const char*>>{
             {R"(1)", ""},
             {R"({"concurrency":null})", "/concurrency"},
             {R"({"per_host":3})", "/per_host"},
             {R"({"per_host":{"rate":-1}})", "/per_host/rate"},
             {R"({"per_host":{"x":1}})", "/per_host/x"},
             {R"({"lane":"batch"})", "/lane"},
             {R"({"metadata":"x"})", "/metadata"}}) {
        const auto patch = read(text);
        ASSERT_TRUE(patch.has_error()) << text;
        EXPECT_EQ(first_pointer(patch.error()), pointer) << text;
    }
}

}  // namespace
}  // namespace fanfetch
