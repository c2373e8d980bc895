#include "job_store_contract.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

// Items: appended, numbered, scanned.

namespace fanfetch::testing {
namespace {

TYPED_TEST(JobStoreContract, AppendsWithoutAGap) {
    this->create("job_1", 300);

    const auto more = this->store.append_items("job_1", sample_items(300, 200)).take();
    const auto wrong = this->store.append_items("job_1", sample_items(501, 1)).take();

    EXPECT_EQ(more.value().total, 500U);
    EXPECT_TRUE(wrong.has_error());
    const auto items = this->store.unfinished_items("job_1", 0, 1000, 1U << 20U);
    ASSERT_EQ(items.size(), 500U);
    for (std::size_t i = 0; i < items.size(); ++i) {
        EXPECT_EQ(items[i].index, i);
        EXPECT_EQ(items[i].url, "http://origin.test/" + std::to_string(i));
    }
}

/// Items of which each stands for the request of that number.
std::vector<Item> alike_items(std::uint64_t first, const std::vector<std::uint8_t>& requests) {
    auto items = sample_items(first, requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
        items[i].digest = RequestDigest{requests[i]};
    }
    return items;
}

TYPED_TEST(JobStoreContract, FindsTheFirstItemWithARequest) {
    this->create("job_1");
    this->create("job_2");

    ASSERT_TRUE(this->store.append_items("job_1", alike_items(0, {1, 2, 1})).take().has_value());
    ASSERT_TRUE(this->store.append_items("job_1", alike_items(3, {3, 2, 1})).take().has_value());
    ASSERT_TRUE(this->store.append_items("job_2", alike_items(0, {1, 1})).take().has_value());
    ASSERT_TRUE(this->store.append_items("job_2", sample_items(2, 1)).take().has_value());

    std::vector<std::optional<std::uint64_t>> same;
    for (const auto& item : this->store.unfinished_items("job_1", 0, 10, 1U << 20U)) {
        same.push_back(item.same_as);
    }
    using Same = std::vector<std::optional<std::uint64_t>>;
    EXPECT_EQ(same, (Same{std::nullopt, std::nullopt, 0, std::nullopt, 1, 0}));
    EXPECT_EQ(this->store.find_item("job_2", 1)->item.same_as, 0U);
    EXPECT_EQ(this->store.find_item("job_2", 2)->item.same_as, std::nullopt);
}

TYPED_TEST(JobStoreContract, CopiesTheResultOfAnEarlierItem) {
    this->create("job_1", 200);
    std::vector<ResultToRecord> first;
    for (std::uint64_t index = 0; index < 100; ++index) {
        first.push_back(index == 7 ? sample_failure(index) : sample_success(index));
    }
    this->record("job_1", std::move(first));

    std::vector<ResultToRecord> second;
    second.push_back(copy_of(103, 3));
    second.push_back(copy_of(107, 7));
    second.push_back(sample_success(108));
    second.push_back(copy_of(109, 108));
    second.push_back(copy_of(103, 4));
    const auto commit = this->record("job_1", std::move(second));

    EXPECT_EQ(commit.last_seq, 104U);
    EXPECT_EQ(commit.tally.succeeded, 102U);
    EXPECT_EQ(commit.tally.failed, 2U);
    const auto earlier = *this->store.find_item("job_1", 3)->result;
    const auto copy = *this->store.find_item("job_1", 103)->result;
    EXPECT_TRUE(copy.reused);
    EXPECT_EQ(copy.index, 103U);
    EXPECT_EQ(copy.body, earlier.body);
    EXPECT_EQ(copy.status, 200);
    EXPECT_EQ(copy.wire_size, 0U);
    EXPECT_EQ(copy.attempts_made, 0);
    EXPECT_TRUE(copy.attempts.empty());
    EXPECT_EQ(copy.finished_at, sample_time + std::chrono::seconds{1});
    EXPECT_EQ(this->store.read_payload(copy.body, 0, 100).value(), sample_body(3));
    EXPECT_EQ(this->store.find_item("job_1", 107)->result->code, failure_code::connect_refused);
    const auto last = *this->store.find_item("job_1", 109)->result;
    EXPECT_EQ(this->store.read_payload(last.body, 0, 100).value(), sample_body(108));
}

TYPED_TEST(JobStoreContract, ACopyOfNothingFailsItsItem) {
    this->create("job_1", 3);

    std::vector<ResultToRecord> results;
    results.push_back(copy_of(1, 0));
    results.push_back(copy_of(2, 9));
    const auto commit = this->record("job_1", std::move(results));

    EXPECT_EQ(commit.tally.failed, 2U);
    EXPECT_EQ(this->store.find_item("job_1", 1)->result->code, failure_code::internal);
}

TYPED_TEST(JobStoreContract, KeepsExtrasOfItems) {
    this->create("job_1");
    auto items = sample_items(0, 2);
    items[1].extras = R"({"id":"x","method":"POST"})";

    ASSERT_TRUE(this->store.append_items("job_1", items).result().has_value());

    EXPECT_EQ(this->store.find_item("job_1", 0)->item.extras, "");
    EXPECT_EQ(this->store.find_item("job_1", 1)->item.extras, items[1].extras);
}

TYPED_TEST(JobStoreContract, ASealedOrDoneJobTakesNoItems) {
    this->create("job_1");
    this->create("job_2");
    ASSERT_TRUE(this->store.change_job("job_1", {.sealed = true}).result().has_value());
    ASSERT_TRUE(
        this->store.change_job("job_2", {.state = job_state::cancelled}).result().has_value()
    );

    const auto sealed = this->store.append_items("job_1", sample_items(0, 1)).take();
    const auto done = this->store.append_items("job_2", sample_items(0, 1)).take();

    EXPECT_EQ(sealed.error().code, failure_code::job_sealed);
    EXPECT_EQ(done.error().code, failure_code::job_done);
}

TYPED_TEST(JobStoreContract, AnItemThatCannotBeFetchedHasItsResultAtOnce) {
    this->create("job_1");
    auto items = sample_items(0, 3);
    items[1].url = "not a url";
    items[1].failure = failed(failure_code::url_invalid, "reading the URL: no scheme");

    const auto commit = this->store.append_items("job_1", items).take().value();

    EXPECT_EQ(commit.total, 3U);
    EXPECT_EQ(commit.last_seq, 1U);
    EXPECT_EQ(commit.tally.failed, 1U);
    const auto row = this->store.find_item("job_1", 1);
    ASSERT_TRUE(row && row->result);
    EXPECT_EQ(row->result->code, failure_code::url_invalid);
    EXPECT_EQ(row->result->detail, "reading the URL: no scheme");
    EXPECT_EQ(this->store.unfinished_items("job_1", 0, 10, 1U << 20U).size(), 2U);
    EXPECT_EQ(fault_of(this->store, "job_1"), "");
}

TYPED_TEST(JobStoreContract, UnfinishedItemsComeInWindows) {
    this->create("job_1", 1000);
    std::vector<ResultToRecord> results;
    for (std::uint64_t index = 0; index < 1000; ++index) {
        if (index % 3 != 0) {
            results.push_back(sample_failure(index));
        }
    }
    this->record("job_1", std::move(results));

    std::vector<std::uint64_t> seen;
    std::uint64_t from = 0;
    while (true) {
        const auto window = this->store.unfinished_items("job_1", from, 37, 1U << 20U);
        if (window.empty()) {
            break;
        }
        EXPECT_LE(window.size(), 37U);
        for (const auto& item : window) {
            seen.push_back(item.index);
        }
        from = seen.back() + 1;
    }

    ASSERT_EQ(seen.size(), 334U);
    for (std::size_t i = 0; i < seen.size(); ++i) {
        EXPECT_EQ(seen[i], 3 * i);
    }
    EXPECT_EQ(this->store.unfinished_items("job_1", 0, 100, 1).size(), 1U) << "bytes bound it too";
}

TYPED_TEST(JobStoreContract, ScansForTheItemsThatAreWanted) {
    this->create("job_1", 300);
    this->record("job_1", {sample_success(7)});
    ItemScan scan;
    scan.job_id = "job_1";
    scan.choose = [](const Item& item) {
        const bool wanted = item.index % 7 == 0;
        return wanted ? item_choice::take : item_choice::pass;
    };
    scan.limit = 3;
    const auto first = this->store.scan_unfinished(scan);
    ASSERT_EQ(first.items.size(), 3U);
    EXPECT_EQ(first.items[0].index, 0U);
    EXPECT_EQ(first.items[1].index, 14U) << "the seventh has a result";
    EXPECT_EQ(first.next, 22U) << "it goes on behind the last one found";

    scan.from = first.next;
    scan.most_looked_at = 10;
    const auto bounded = this->store.scan_unfinished(scan);
    EXPECT_EQ(bounded.items.size(), 1U);
    EXPECT_EQ(bounded.next, 32U);

    scan.from = 290;
    scan.end = 295;
    scan.limit = 100;
    const auto last = this->store.scan_unfinished(scan);
    EXPECT_EQ(last.items.size(), 1U);
    EXPECT_EQ(last.next, 295U);
    scan.end = 1000;
    EXPECT_EQ(this->store.scan_unfinished(scan).next, 300U) << "there are no more";

    scan.choose = [](const Item& item) {
        return item.index < 293 ? item_choice::take : item_choice::stop;
    };
    const auto stopped = this->store.scan_unfinished(scan);
    EXPECT_EQ(stopped.items.size(), 3U);
    EXPECT_EQ(stopped.next, 293U) << "where it was stopped it goes on";
}

TYPED_TEST(JobStoreContract, NumbersItemsThatAreAppendedWithoutANumber) {
    this->create("job_1", 70);
    auto items = sample_items(0, 3);
    for (auto& item : items) {
        item.index = Item::unnumbered;
    }
    items[2].failure = failed(failure_code::url_invalid, "reading the URL: no scheme");

    const auto commit = this->store.append_items("job_1", items).take().value();

    EXPECT_EQ(commit.total, 73U);
    EXPECT_EQ(this->store.find_item("job_1", 70)->item.url, "http://origin.test/0");
    EXPECT_EQ(this->store.find_item("job_1", 72)->result->code, failure_code::url_invalid);
    EXPECT_EQ(fault_of(this->store, "job_1"), "");
}

}  // namespace
}  // namespace fanfetch::testing
