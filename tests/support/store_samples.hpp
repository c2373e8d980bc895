#pragma once

#include "base/time.hpp"
#include "store/job_store.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace fanfetch::testing {

/// A directory of its own for one test, gone with it.
class StoreDirectory {
public:
    StoreDirectory();
    ~StoreDirectory();
    StoreDirectory(const StoreDirectory&) = delete;
    StoreDirectory& operator=(const StoreDirectory&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

inline constexpr WallTime sample_time{std::chrono::milliseconds{1'795'298'379'123}};

[[nodiscard]] JobRecord sample_job(const std::string& id);

/// `count` plain items from `first` on: "http://origin.test/<index>".
[[nodiscard]] std::vector<Item> sample_items(std::uint64_t first, std::size_t count);

/// A success with a stored body "body of <index>".
[[nodiscard]] ResultToRecord sample_success(std::uint64_t index);
/// A failure without a response.
[[nodiscard]] ResultToRecord sample_failure(std::uint64_t index);
[[nodiscard]] std::string sample_body(std::uint64_t index);

/// Every result of a job, page by page in order of seq.
[[nodiscard]] std::vector<ItemResult> all_results(JobStore& store, const std::string& job_id);

/// What is wrong with a job as the store shows it: an item with two results, a seq twice or with a
/// gap, a tally that a recount does not confirm, a body that is not the item's. Empty: nothing.
[[nodiscard]] std::string fault_of(JobStore& store, const std::string& job_id);

}  // namespace fanfetch::testing
