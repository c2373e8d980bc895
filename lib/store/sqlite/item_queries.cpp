#include "store/result_copy.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/schema.hpp"

#include <algorithm>

// The part of Queries that deals with items and results.

namespace fanfetch::sqlite {
namespace {

std::uint64_t bytes_of(const Item& item) {
    return item.url.size() + item.extras.size() + 16;
}

std::uint64_t bytes_of(const ItemRow& row) {
    constexpr std::uint64_t numbers = 256;
    std::uint64_t bytes = bytes_of(row.item);
    if (row.result) {
        bytes += numbers + row.result->detail.size() + row.result->final_url.size() +
                 row.result->attempts.size() * numbers;
    }
    return bytes;
}

/// Whether a page that holds `rows` rows of `bytes` bytes takes another.
bool takes_more(std::size_t rows, std::size_t limit, std::uint64_t bytes, std::uint64_t most) {
    return rows < limit && (rows == 0 || bytes < most);
}

}  // namespace

const Item& Queries::item_at(std::int64_t job, std::uint64_t index) {
    if (items_.job != job || index < items_.first ||
        index - items_.first >= items_.records.size()) {
        Rows rows{find_items_.bind(row_key(job, 0), row_key(job, index))};
        if (!rows.next()) {
            throw_damaged("a block of items is missing");
        }
        items_ = {job, low_half(find_items_.number(0)), {}};
        BlockReader block{find_items_.blob(1), item_block_version};
        while (const auto record = block.next()) {
            auto item = decode_item(*record);
            if (!item) {
                throw_damaged("an item cannot be read");
            }
            item->index = items_.first + items_.records.size();
            items_.records.push_back(*std::move(item));
        }
        if (!block.ok() || index - items_.first >= items_.records.size()) {
            throw_damaged("a block of items cannot be read");
        }
    }
    return items_.records[static_cast<std::size_t>(index - items_.first)];
}

const std::string& Queries::record_at(std::int64_t job, std::uint64_t seq) {
    if (results_.job != job || seq < results_.first ||
        seq - results_.first >= results_.records.size()) {
        Rows rows{find_results_.bind(row_key(job, 0), row_key(job, seq))};
        if (!rows.next()) {
            throw_damaged("a block of results is missing");
        }
        results_ = {job, low_half(find_results_.number(0)), {}};
        BlockReader block{find_results_.blob(1), result_block_version};
        while (const auto record = block.next()) {
            results_.records.emplace_back(*record);
        }
        if (!block.ok() || seq - results_.first >= results_.records.size()) {
            throw_damaged("a block of results cannot be read");
        }
    }
    return results_.records[static_cast<std::size_t>(seq - results_.first)];
}

ItemResult Queries::result_at(std::int64_t job, std::uint64_t seq, result_detail wanted) {
    auto result = decode_result(record_at(job, seq), wanted);
    if (!result) {
        throw_damaged("a result cannot be read");
    }
    result->seq = seq;
    return *std::move(result);
}

std::uint32_t Queries::seq_of(std::int64_t job, std::uint64_t index) {
    const auto key = row_key(job, index / SeqBlock::slots);
    if (seqs_key_ != key) {
        Rows rows{find_outcomes_.bind(key)};
        seqs_ = {};
        if (rows.next()) {
            const auto block = decode_seq_block(find_outcomes_.blob(0));
            if (!block) {
                throw_damaged("a block of outcomes cannot be read");
            }
            seqs_ = *block;
        }
        seqs_key_ = key;
    }
    return SeqBlock::seq_of(seqs_.seqs[index % SeqBlock::slots]);
}

/// Whether the item of this result has been run again since.
bool Queries::replaced(const JobKey& job, std::uint64_t seq) {
    if (!job.run_again) {
        return false;
    }
    const auto index = decode_result_index(record_at(job.key, seq));
    if (!index) {
        throw_damaged("a result cannot be read");
    }
    return seq_of(job.key, *index) != seq;
}

const Item* Queries::unfinished_at(std::int64_t job, std::uint64_t index) {
    return seq_of(job, index) == 0 ? &item_at(job, index) : nullptr;
}

ItemsFound Queries::scan_unfinished(const ItemScan& scan) {
    return in_one_moment([&] {
        ItemsFound found;
        const auto job = key_of(scan.job_id);
        const auto end = job ? std::min(scan.end, job->total) : 0;
        found.next = job ? std::max(scan.from, job->low_water) : scan.from;
        std::uint64_t bytes = 0;
        for (std::size_t looked_at = 0;
             found.next < end && looked_at < scan.most_looked_at &&
             takes_more(found.items.size(), scan.limit, bytes, scan.max_bytes);
             ++found.next, ++looked_at) {
            const Item* item = nullptr;
            try {
                item = unfinished_at(job->key, found.next);
            } catch (const DatabaseError& error) {
                if (looked_at == 0 || !error.damaged()) {
                    throw;
                }
                break;  // what comes before the damage is as good as ever
            }
            if (item == nullptr) {
                continue;
            }
            const auto choice = scan.choose ? scan.choose(*item) : item_choice::take;
            if (choice == item_choice::stop) {
                break;
            }
            if (choice == item_choice::take) {
                found.items.push_back(*item);
                bytes += bytes_of(*item);
            }
        }
        return found;
    });
}

std::vector<ItemRow> Queries::results_by_seq(const ResultQuery& query) {
    const auto wanted =
        query.with_attempts ? result_detail::with_attempts : result_detail::without_attempts;
    return in_one_moment([&] {
        std::vector<ItemRow> rows;
        const auto job = key_of(query.job_id);
        std::uint64_t bytes = 0;
        for (auto seq = query.after;
             job && seq < job->last_seq &&
             takes_more(rows.size(), query.limit, bytes, query.max_bytes);) {
            if (replaced(*job, ++seq)) {
                continue;
            }
            auto result = result_at(job->key, seq, wanted);
            auto item = item_at(job->key, result.index);
            rows.push_back({std::move(item), std::move(result)});
            bytes += bytes_of(rows.back());
        }
        return rows;
    });
}

std::vector<ItemRow> Queries::items_by_index(const ResultQuery& query) {
    const auto wanted =
        query.with_attempts ? result_detail::with_attempts : result_detail::without_attempts;
    return in_one_moment([&] {
        std::vector<ItemRow> rows;
        const auto job = key_of(query.job_id);
        std::uint64_t bytes = 0;
        for (auto index = query.after; job && index < job->total &&
                                       takes_more(rows.size(), query.limit, bytes, query.max_bytes);
             ++index) {
            ItemRow row{item_at(job->key, index), std::nullopt};
            if (const auto seq = seq_of(job->key, index)) {
                row.result = result_at(job->key, seq, wanted);
            }
            rows.push_back(std::move(row));
            bytes += bytes_of(rows.back());
        }
        return rows;
    });
}

std::vector<std::optional<StoredCopy>> Queries::find_copies(
    const std::string& tenant, const std::vector<CopyQuery>& wanted, WallTime now
) {
    return in_one_moment([&] {
        std::vector<std::optional<StoredCopy>> found;
        found.reserve(wanted.size());
        for (const auto& query : wanted) {
            found.push_back(find_copy(tenant, query, now));
        }
        return found;
    });
}

std::optional<StoredCopy> Queries::find_copy(
    const std::string& tenant, const CopyQuery& wanted, WallTime now
) {
    const void* bytes = wanted.digest.data();
    const Blob digest{{static_cast<const char*>(bytes), wanted.digest.size()}};
    const auto time = [this](int column) {
        return WallTime{std::chrono::milliseconds{find_copy_.number(column)}};
    };
    Rows rows{find_copy_.bind(tenant, digest)};
    if (!rows.next()) {
        return std::nullopt;
    }
    StoredCopy copy;
    copy.terms = {wanted.digest, time(2), time(3), time(4)};
    if (!answers(copy.terms, wanted, now)) {
        return std::nullopt;
    }
    const auto seq = static_cast<std::uint64_t>(find_copy_.number(1));
    copy.result = result_at(find_copy_.number(0), seq, result_detail::without_attempts);
    return copy;
}

std::optional<ItemRow> Queries::find_item(const std::string& job_id, std::uint64_t index) {
    return in_one_moment([&]() -> std::optional<ItemRow> {
        const auto job = key_of(job_id);
        if (!job || index >= job->total) {
            return std::nullopt;
        }
        ItemRow row{item_at(job->key, index), std::nullopt};
        if (const auto seq = seq_of(job->key, index)) {
            row.result = result_at(job->key, seq, result_detail::with_attempts);
        }
        return row;
    });
}

}  // namespace fanfetch::sqlite
