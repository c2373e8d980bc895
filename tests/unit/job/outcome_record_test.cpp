#include "job/outcome_record.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace fanfetch {
namespace {

FetchOutcome response(std::string payload) {
    FetchOutcome outcome;
    outcome.status = 200;
    outcome.head = "HTTP/1.1 200 OK\r\n";
    outcome.payload = std::move(payload);
    return outcome;
}

TEST(OutcomeRecord, ABodyKeepsItsShareOfTheBudgetUntilItIsWritten) {
    MemoryBudget budget{std::uint64_t{1} << 20U};
    ResultToRecord record;
    {
        auto outcome = response(std::string(100'000, 'x'));
        outcome.memory = MemoryShare{budget};
        ASSERT_TRUE(outcome.memory.try_grow(100'000));
        record = record_of(PendingItem{}, std::move(outcome), WallTime{});
    }

    EXPECT_EQ(budget.used(), 100'000U);
    record = {};
    EXPECT_EQ(budget.used(), 0U);
}

TEST(OutcomeRecord, AShortBodyIsNotCounted) {
    EXPECT_EQ(record_of(PendingItem{}, response("short"), WallTime{}).held, nullptr);
}

TEST(OutcomeRecord, SkippedIsNeitherSuccessNorFailure) {
    const auto state = [](failure_code code) {
        auto outcome = response("");
        outcome.code = code;
        return record_of(PendingItem{}, std::move(outcome), WallTime{}).result.state;
    };
    EXPECT_EQ(state(failure_code::none), item_state::succeeded);
    EXPECT_EQ(state(failure_code::http_status), item_state::failed);
    EXPECT_EQ(state(failure_code::extract_failed), item_state::failed);
    EXPECT_EQ(state(failure_code::http_not_modified), item_state::skipped);
    EXPECT_EQ(state(failure_code::policy_robots), item_state::skipped);
}

}  // namespace
}  // namespace fanfetch
