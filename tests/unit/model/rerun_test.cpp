#include "model/rerun.hpp"

#include "model/code_pattern.hpp"
#include "support/first_pointer.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

ItemResult ended(
    std::uint64_t index, item_state state, failure_code code = failure_code::none,
    std::uint16_t status = 0
) {
    ItemResult result;
    result.index = index;
    result.state = state;
    result.code = code;
    result.status = status;
    result.attempts_made = 1;
    return result;
}

Expected<RerunSelection> read(const char* text) {
    const auto document = boost::json::parse(text);
    RerunSelection selection;
    if (auto fault = read_rerun(JsonMember{document, ""}, selection)) {
        return *std::move(fault);
    }
    return selection;
}

TEST(MatchesPattern, AStarStandsForAnything) {
    EXPECT_TRUE(matches_pattern("http.*", "http.status_404"));
    EXPECT_TRUE(matches_pattern("*", ""));
    EXPECT_TRUE(matches_pattern("*.timeout", "dns.timeout"));
    EXPECT_TRUE(matches_pattern("h*_4*4", "http.status_404"));
    EXPECT_TRUE(matches_pattern("a*b*b", "abbb"));
    EXPECT_TRUE(matches_pattern("**a**", "xay"));
    EXPECT_TRUE(matches_pattern("", ""));
    EXPECT_FALSE(matches_pattern("a*b*c", "acb"));
    EXPECT_FALSE(matches_pattern("http", "http.status_404"));
    EXPECT_FALSE(matches_pattern("*.status_5*", "http.status_404"));
    EXPECT_FALSE(matches_pattern("", "x"));
}

TEST(MatchesPattern, Inj11ManyStarsAreNoTrap) {
    std::string pattern;
    for (int i = 0; i < 2'000; ++i) {
        pattern += "a*";
    }
    EXPECT_FALSE(matches_pattern(pattern + "b", std::string(3'000, 'a')));
}

TEST(RerunSelection, FitsEveryListThatHasEntries) {
    const auto selection = read(R"({"state":["failed"],"code":["http.*"],"index":[1,2]})").value();
    const auto refused = failure_code::connect_refused;

    EXPECT_TRUE(selects(selection, ended(1, item_state::failed, failure_code::http_status, 500)));
    EXPECT_FALSE(selects(selection, ended(1, item_state::failed, refused)));
    EXPECT_FALSE(selects(selection, ended(3, item_state::failed, failure_code::http_status, 500)));
    EXPECT_FALSE(selects(selection, ended(2, item_state::succeeded)));
}

TEST(RerunSelection, IsWhatFailedUnlessSomethingIsAskedFor) {
    EXPECT_EQ(read("{}").value().states, std::vector{item_state::failed});
    EXPECT_TRUE(read(R"({"index":[3]})").value().states.empty());
}

TEST(RerunSelection, LeavesOutWhatCanNeverBeFetched) {
    auto bad = ended(0, item_state::failed, failure_code::url_invalid);
    bad.attempts_made = 0;

    EXPECT_FALSE(selects(RerunSelection{}, bad));
}

TEST(RerunSelection, IsRefusedWithAPointer) {
    for (const auto& [text, pointer] : std::initializer_list<std::pair<const char*, const char*>>{
             {R"([])", ""},
             {R"({"state":["running"]})", "/state/0"},
             {R"({"state":[]})", "/state"},
             {R"({"code":[""]})", "/code/0"},
             {R"({"code":["http.*","http.sttaus_404"]})", "/code/1"},
             {R"({"code":["http.status_4004"]})", "/code/0"},
             {R"({"code":["http.status_4x4"]})", "/code/0"},
             {R"({"code":["DNS.*"]})", "/code/0"},
             {R"({"index":[1.5]})", "/index/0"},
             {R"({"what":1})", "/what"}}) {
        const auto selection = read(text);
        ASSERT_TRUE(selection.has_error()) << text;
        EXPECT_EQ(first_pointer(selection.error()), pointer) << text;
    }
}

TEST(RerunSelection, ComesBackAsItWasStored) {
    const auto selection =
        read(R"({"state":["failed","cancelled"],"code":["dns.*"],"index":[9,2,9,0]})").value();

    EXPECT_EQ(selection.indexes, (std::vector<std::uint64_t>{0, 2, 9}));
    EXPECT_EQ(rerun_from_json(to_json(selection)).value(), selection);
    EXPECT_TRUE(rerun_from_json("{}").has_error());
}

TEST(Uncount, TakesBackWhatCountAdded) {
    JobTally tally;
    const auto kept = ended(0, item_state::succeeded, failure_code::none, 200);
    count(tally, kept);
    const auto before = tally;
    const auto gone = ended(1, item_state::failed, failure_code::http_status, 404);
    count(tally, gone);

    uncount(tally, gone);

    EXPECT_EQ(tally, before);
}

TEST(KeepAttempts, PutsTheEarlierOnesFirst) {
    auto earlier = ended(0, item_state::failed);
    earlier.attempts_made = 3;
    earlier.attempts.resize(3);
    earlier.attempts[0].status = 1;
    auto result = ended(0, item_state::succeeded);
    result.attempts.resize(1);
    result.attempts[0].status = 2;

    keep_attempts(earlier, result);

    EXPECT_EQ(result.attempts_made, 4U);
    ASSERT_EQ(result.attempts.size(), 4U);
    EXPECT_EQ(result.attempts.front().status, 1U);
    EXPECT_EQ(result.attempts.back().status, 2U);
}

TEST(KeepAttempts, AreBounded) {
    auto earlier = ended(0, item_state::failed);
    earlier.attempts_made = 65'535;
    earlier.attempts.resize(1000);
    auto result = ended(0, item_state::succeeded);
    result.attempts.resize(1);
    result.attempts[0].status = 2;

    keep_attempts(earlier, result);

    EXPECT_EQ(result.attempts_made, 65'535U);
    EXPECT_EQ(result.attempts.size(), 1000U);
    EXPECT_EQ(result.attempts.back().status, 2U);
}

}  // namespace
}  // namespace fanfetch
