#include "model/result.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace fanfetch {
namespace {

ItemResult ended(
    item_state state, failure_code code = failure_code::none, std::uint16_t status = 0
) {
    ItemResult result;
    result.state = state;
    result.code = code;
    result.status = status;
    result.wire_size = 10;
    return result;
}

TEST(Count, AddsUpStatesFailuresAndStatuses) {
    JobTally tally;
    count(tally, ended(item_state::succeeded, failure_code::none, 200));
    count(tally, ended(item_state::failed, failure_code::http_status, 404));
    count(tally, ended(item_state::failed, failure_code::http_status, 404));
    count(tally, ended(item_state::failed, failure_code::dns_timeout));
    count(tally, ended(item_state::skipped, failure_code::http_not_modified, 304));
    count(tally, ended(item_state::cancelled, failure_code::cancelled_by_user));

    EXPECT_EQ(tally.terminal(), 6U);
    EXPECT_EQ(tally.succeeded, 1U);
    EXPECT_EQ(tally.failed, 3U);
    EXPECT_EQ(tally.bytes_received, 60U);
    EXPECT_EQ(
        tally.statuses, (std::map<std::uint16_t, std::uint64_t>{{200, 1}, {304, 1}, {404, 2}})
    );
    const auto http_404 = static_cast<std::uint32_t>(failure_code::http_status) << 16U | 404U;
    EXPECT_EQ(tally.failures.at(http_404), 2U);
    EXPECT_EQ(tally.failures.at(static_cast<std::uint32_t>(failure_code::dns_timeout)), 1U);
    EXPECT_EQ(tally.failures.size(), 2U) << "what was skipped or cancelled did not fail";
}

TEST(Count, AResultThatIsNotTerminalIsABug) {
    JobTally tally;
    EXPECT_THROW(count(tally, ended(item_state::running)), std::logic_error);
    EXPECT_EQ(tally, JobTally{});
}

TEST(State, EveryStateHasAWordOfItsOwn) {
    std::set<std::string_view> jobs;
    std::set<std::string_view> items;
    std::set<std::string_view> reasons;
    for (std::uint8_t i = 0; i < 8; ++i) {
        jobs.insert(to_string(static_cast<job_state>(i)));
        reasons.insert(to_string(static_cast<state_reason>(i)));
    }
    for (std::uint8_t i = 0; i < 7; ++i) {
        items.insert(to_string(static_cast<item_state>(i)));
    }
    EXPECT_EQ(jobs.size(), 8U);
    EXPECT_EQ(items.size(), 7U);
    EXPECT_EQ(reasons.size(), 8U);
}

TEST(State, TheCodeOfACancellationIsItsReason) {
    for (std::uint8_t i = 1; i < 8; ++i) {
        const auto reason = static_cast<state_reason>(i);
        EXPECT_EQ(dotted(cancellation_code(reason)), "cancelled." + std::string{to_string(reason)});
    }
}

}  // namespace
}  // namespace fanfetch
