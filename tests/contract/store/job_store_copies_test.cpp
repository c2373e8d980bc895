#include "job_store_contract.hpp"

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

// Results that other jobs may use in place of a request.

namespace fanfetch::testing {
namespace {

constexpr std::chrono::minutes copy_life{10};

/// A result that other jobs may use, fetched `late` after sample_time.
ResultToRecord kept(std::uint64_t index, std::uint8_t request, std::chrono::seconds late) {
    auto done = sample_success(index);
    CopyTerms terms;
    terms.digest.fill(request);
    terms.fetched_at = terms.born_at = sample_time + late;
    terms.fresh_until = terms.born_at + copy_life;
    done.copy = terms;
    return done;
}

CopyQuery wanted_copy(std::uint8_t request, WallTime born_after = {}) {
    CopyQuery query;
    query.digest.fill(request);
    query.born_after = born_after;
    return query;
}

TYPED_TEST(JobStoreContract, FindsTheCopiesOfATenant) {
    using std::chrono::seconds;
    this->create("job_1", 100);
    std::vector<ResultToRecord> results;
    for (std::uint64_t index = 0; index < 90; ++index) {
        results.push_back(sample_success(index));
    }
    results.push_back(kept(95, 1, seconds{0}));
    results.push_back(kept(96, 2, seconds{0}));
    this->record("job_1", std::move(results));
    const auto now = sample_time + seconds{60};

    const auto found = this->store.find_copies(
        "acme", {wanted_copy(1), wanted_copy(9), wanted_copy(2), wanted_copy(2)}, now
    );

    ASSERT_EQ(found.size(), 4U);
    ASSERT_TRUE(found[0] && found[2] && found[3]);
    EXPECT_FALSE(found[1]);
    EXPECT_EQ(found[0]->result.index, 95U);
    EXPECT_EQ(found[0]->result.status, 200);
    EXPECT_TRUE(found[0]->result.attempts.empty());
    EXPECT_EQ(found[0]->terms, *kept(95, 1, seconds{0}).copy);
    EXPECT_EQ(this->store.read_payload(found[2]->result.body, 0, 100).value(), sample_body(96));
    EXPECT_FALSE(this->store.find_copies("other", {wanted_copy(1)}, now).at(0));
}

TYPED_TEST(JobStoreContract, ACopyServesWhileItIsFreshAndNotTooOld) {
    using std::chrono::milliseconds;
    this->create("job_1", 2);
    std::vector<ResultToRecord> results;
    results.push_back(kept(0, 1, std::chrono::seconds{0}));
    this->record("job_1", std::move(results));
    const auto there = [this](WallTime born_after, WallTime now) {
        return this->store.find_copies("acme", {wanted_copy(1, born_after)}, now).at(0).has_value();
    };
    const milliseconds tick{1};

    EXPECT_TRUE(there(sample_time, sample_time));
    EXPECT_FALSE(there(sample_time + tick, sample_time + tick)) << "too old";
    EXPECT_TRUE(there({}, sample_time + copy_life - tick));
    EXPECT_FALSE(there({}, sample_time + copy_life)) << "stale";
    EXPECT_FALSE(there({}, sample_time - tick)) << "from the future";
}

TYPED_TEST(JobStoreContract, TheCopyThatWasFetchedLastIsKnownAndGoesWithItsJob) {
    using std::chrono::seconds;
    this->create("job_1", 2);
    this->create("job_2", 2);
    std::vector<ResultToRecord> newer;
    newer.push_back(kept(1, 1, seconds{5}));
    newer.push_back(kept(0, 2, seconds{5}));
    std::vector<ResultToRecord> others;
    others.push_back(kept(0, 1, seconds{4}));
    others.push_back(kept(1, 2, seconds{5}));  // the same response, once more
    this->record("job_1", std::move(newer));
    this->record("job_2", std::move(others));
    const auto find = [this](std::uint8_t request) {
        const auto now = sample_time + seconds{60};
        auto found = this->store.find_copies("acme", {wanted_copy(request)}, now);
        return std::move(found.at(0));
    };

    EXPECT_EQ(find(1)->result.index, 1U) << "of the first job, which was fetched later";
    EXPECT_EQ(find(2)->result.index, 1U) << "of the second, which stays longer";
    ASSERT_TRUE(this->store.erase_job("job_1").take().has_value());
    EXPECT_FALSE(find(1));
    ASSERT_TRUE(find(2));
    EXPECT_EQ(this->store.read_payload(find(2)->result.body, 0, 100).value(), sample_body(1));
}

TYPED_TEST(JobStoreContract, AResultThatIsDroppedIsNoCopy) {
    this->create("job_1", 1);
    std::vector<ResultToRecord> first;
    first.push_back(sample_success(0));
    this->record("job_1", std::move(first));
    std::vector<ResultToRecord> second;
    second.push_back(kept(0, 1, std::chrono::seconds{0}));

    this->record("job_1", std::move(second));

    EXPECT_FALSE(this->store.find_copies("acme", {wanted_copy(1)}, sample_time).at(0));
}

}  // namespace
}  // namespace fanfetch::testing
