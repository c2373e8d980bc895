#pragma once

#include "api/context.hpp"
#include "api/result_json.hpp"
#include "base/expected.hpp"
#include "coro/loop.hpp"

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// Where the unfinished items of a job are that shards have, by index; null: not asked for.
using ItemPositions = std::shared_ptr<const std::vector<ItemPosition>>;

enum class result_order : std::uint8_t { submitted, completed };

/// Which results of a job a list wants, and how they are shown.
struct ResultFilter {
    result_order order = result_order::submitted;
    std::uint64_t after = 0;               ///< a seq (completed), or the first index (submitted)
    std::optional<std::bitset<8>> states;  ///< by the number of item_state
    std::vector<std::string> codes;        ///< globs: "http.*"
    std::string host;                      ///< "name" or "name:port"
    ResultFields fields = ResultFields::of_list();
    ItemPositions positions{};  ///< of items without a result; what is not in it is queued

    [[nodiscard]] bool matches(const ItemRow& row) const;
    [[nodiscard]] bool filters() const noexcept {
        return states || !codes.empty() || !host.empty();
    }
};

/// Asks the shards where the job's items are, unless it is done.
awaitable<ItemPositions> positions_of(JobService& jobs, const JobSnapshot& job);

/// Reads state, code, host, fields and include of a query.
///
/// Errors  api_bad_parameter
[[nodiscard]] Expected<ResultFilter> read_result_filter(const QueryParameters& query);

/// Results of one job as JSON texts, one after the other.
struct ResultBatch {
    std::vector<std::string> texts;
    std::uint64_t next = 0;  ///< `after` of what follows
    std::uint64_t bytes = 0;
    bool exhausted = false;  ///< nothing was left to read
};

/// How much one batch may hold.
struct BatchLimits {
    std::size_t results = 100;
    std::uint64_t bytes = 10U << 20U;
};

/// Reads the next results that match, with their headers and bodies where they are shown. At least
/// one of those that were read is returned, however large; a filter that passes over very many rows
/// ends the batch early.
///
/// Blocks on the store: call it in the blocking pool.
[[nodiscard]] ResultBatch read_results(
    JobStore& store, const JobRecord& job, const ResultFilter& filter, BatchLimits limits
);

/// As above, awaited.
awaitable<ResultBatch> next_results(
    JobService& jobs, JobSnapshotPtr job, ResultFilter filter, BatchLimits limits
);

/// One result with everything `fields` asks for.
[[nodiscard]] std::string result_text(
    JobStore& store, const JobRecord& job, const ItemRow& row, const ResultFields& fields,
    const ItemPositions& positions = {}
);

/// Streams results as lines until the job is done and all were sent, or until `limit` has passed
/// or the client is gone. With `follow` it waits for what is still to come; in submission order it
/// holds back what is ahead of an unfinished item.
struct FollowOrder {
    std::string job_id;
    std::string tenant;
    ResultFilter filter;
    bool follow = false;
    std::optional<std::chrono::milliseconds> limit;
};
[[nodiscard]] StreamProducer line_stream(ApiContext& context, FollowOrder order);

}  // namespace fanfetch
