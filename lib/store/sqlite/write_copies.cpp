#include "store/result_copy.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/write_session.hpp"

#include <string_view>

// The part of WriteSession that gives an item the result of an earlier one with the same request,
// and remembers which results other jobs may use.

namespace fanfetch::sqlite {
namespace {

Blob blob_of(const RequestDigest& digest) {
    const void* bytes = digest.data();
    return {std::string_view{static_cast<const char*>(bytes), digest.size()}};
}

}  // namespace

/// The earlier item with this item's digest; none: this is the first, which is kept in mind.
std::optional<std::uint64_t> WriteSession::first_with(
    OpenJob& job, const Item& item, std::uint64_t index
) {
    const auto digest = blob_of(*item.digest);
    insert_request_.bind(job.key, digest, index).run();
    if (connection_.changes() > 0) {
        return std::nullopt;
    }
    const Rows rows{find_request_};
    if (!find_request_.bind(job.key, digest).step()) {
        throw_damaged("a request is there and cannot be found");
    }
    return static_cast<std::uint64_t>(find_request_.number(0));
}

void WriteSession::record_copy(OpenJob& job, const ResultToRecord& done) {
    const auto earlier = result_at(job, *done.copy_of);
    const auto copy = copy_for(earlier ? &*earlier : nullptr, done.result);
    if (record_one(job, copy)) {
        refer_to(job, copy.body, referring::copy);
        refer_to(job, copy.extract, referring::copy);
    }
}

/// The newest result of the job is a copy from now on, in place of one that was fetched before it.
void WriteSession::keep_copy(const OpenJob& job, const CopyTerms& terms) {
    put_copy_
        .bind(
            job.tenant, blob_of(terms.digest), job.key, job.last_seq,
            terms.fetched_at.time_since_epoch().count(), terms.born_at.time_since_epoch().count(),
            terms.fresh_until.time_since_epoch().count()
        )
        .run();
}

/// The result of an item, read back; one of the running group is written to its row for that.
std::optional<ItemResult> WriteSession::result_at(OpenJob& job, std::uint64_t index) {
    if (index >= job.total) {
        return std::nullopt;
    }
    const auto seq = outcomes_of(job, index).block.seqs[index % SeqBlock::slots];
    return SeqBlock::has_result(seq) ? std::optional{result_of_seq(job, seq)} : std::nullopt;
}

ItemResult WriteSession::result_of_seq(OpenJob& job, std::uint32_t seq, result_detail wanted) {
    if (job.results.count() > 0 && seq >= job.first_seq) {
        write_results(job);
    }
    const Rows rows{find_results_};
    if (!find_results_.bind(row_key(job.key, 0), row_key(job.key, seq)).step()) {
        throw_damaged("a block of results is missing");
    }
    auto skip = seq - low_half(find_results_.number(0));
    BlockReader block{find_results_.blob(1), result_block_version};
    auto record = block.next();
    for (; record && skip > 0; --skip) {
        record = block.next();
    }
    auto result = record ? decode_result(*record, wanted) : std::nullopt;
    if (!result) {
        throw_damaged("a result cannot be read");
    }
    return *std::move(result);
}

}  // namespace fanfetch::sqlite
