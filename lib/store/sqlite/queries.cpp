#include "store/sqlite/queries.hpp"

#include "model/options_json.hpp"
#include "store/sqlite/schema.hpp"
#include "store/store_error.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace fanfetch::sqlite {
namespace {

constexpr std::string_view job_columns =
    "SELECT j.id, j.tenant, o.json, j.state, j.reason, j.sealed, j.total, j.last_seq, j.tally,"
    " j.created_at, j.started_at, j.finished_at, j.expires_at"
    " FROM jobs j JOIN options o ON o.job = j.key WHERE j.erased = 0 AND ";

std::string jobs_where(std::string_view condition) {
    return std::string{job_columns}.append(condition);
}

[[noreturn]] void damaged(const char* what) { throw DatabaseError{SQLITE_CORRUPT, what}; }

WallTime wall_time(std::int64_t milliseconds) {
    return WallTime{std::chrono::milliseconds{milliseconds}};
}

std::optional<WallTime> optional_time(const Statement& row, int column) {
    return row.is_null(column) ? std::nullopt : std::optional{wall_time(row.number(column))};
}

std::uint64_t bytes_of(const Item& item) { return item.url.size() + item.extras.size() + 16; }

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

Queries::Queries(const std::string& path)
    : connection_{path, access::read},
      begin_{connection_, "BEGIN"},
      end_{connection_, "COMMIT"},
      find_job_{connection_, jobs_where("j.id = ?")},
      find_key_{
          connection_,
          "SELECT key, total, last_seq, low_water FROM jobs WHERE id = ? AND erased = 0"
      },
      list_jobs_{
          connection_, jobs_where("j.tenant = ?1 AND (?2 = '' OR j.id < ?2)"
                                  " AND (?3 IS NULL OR j.state = ?3)"
                                  " AND (?4 IS NULL OR j.created_at > ?4) ORDER BY j.id DESC")
      },
      unfinished_{connection_, jobs_where("j.state < 4 ORDER BY j.id")},
      expired_{
          connection_,
          "SELECT id FROM jobs WHERE expires_at IS NOT NULL AND expires_at <= ? AND state >= 4"
          " AND erased = 0 ORDER BY expires_at LIMIT ?"
      },
      find_items_{
          connection_,
          "SELECT pos, block FROM items WHERE pos BETWEEN ? AND ? ORDER BY pos DESC LIMIT 1"
      },
      find_results_{
          connection_,
          "SELECT pos, block FROM results WHERE pos BETWEEN ? AND ? ORDER BY pos DESC LIMIT 1"
      },
      find_outcomes_{connection_, "SELECT seqs FROM outcomes WHERE pos = ?"} {
    constexpr int busy_ms = 1000;
    sqlite3_busy_timeout(connection_.handle(), busy_ms);
}

template <class Answer>
auto Queries::in_one_moment(Answer answer) -> decltype(answer()) {
    struct Moment {
        Queries& queries;
        ~Moment() {
            queries.forget_blocks();
            try {
                queries.end_.run();
            } catch (const DatabaseError&) {
                queries.end_.reset();  // a read has nothing to lose
            }
        }
    };
    try {
        begin_.run();
        const Moment moment{*this};
        return answer();
    } catch (const DatabaseError& error) {
        throw StoreError{error.failure()};
    }
}

void Queries::forget_blocks() {
    items_ = {};
    results_ = {};
    seqs_key_ = -1;
}

std::optional<Queries::JobKey> Queries::key_of(const std::string& job_id) {
    const Rows rows{find_key_};
    if (!find_key_.bind(job_id).step()) {
        return std::nullopt;
    }
    return JobKey{
        find_key_.number(0), static_cast<std::uint64_t>(find_key_.number(1)),
        static_cast<std::uint64_t>(find_key_.number(2)),
        static_cast<std::uint64_t>(find_key_.number(3))
    };
}

JobRecord Queries::job_record(Statement& row) const {
    auto options = job_options_from_json(row.text(2));
    auto tally = decode_tally(row.blob(8));
    if (!options || !tally) {
        damaged("a job's row cannot be read");
    }
    JobRecord job;
    job.id = row.text(0);
    job.tenant = row.text(1);
    job.options = *std::move(options);
    job.state = static_cast<job_state>(row.number(3));
    job.reason = static_cast<state_reason>(row.number(4));
    job.sealed = row.number(5) != 0;
    job.total = static_cast<std::uint64_t>(row.number(6));
    job.last_seq = static_cast<std::uint64_t>(row.number(7));
    job.tally = *std::move(tally);
    job.created_at = wall_time(row.number(9));
    job.started_at = optional_time(row, 10);
    job.finished_at = optional_time(row, 11);
    job.expires_at = optional_time(row, 12);
    return job;
}

std::optional<JobRecord> Queries::find_job(const std::string& job_id) {
    return in_one_moment([&]() -> std::optional<JobRecord> {
        Rows rows{find_job_.bind(job_id)};
        return rows.next() ? std::optional{job_record(find_job_)} : std::nullopt;
    });
}

std::vector<JobRecord> Queries::list_jobs(const JobQuery& query) {
    return in_one_moment([&] {
        std::optional<int> state;
        std::optional<std::int64_t> after;
        if (query.state) {
            state = static_cast<int>(*query.state);
        }
        if (query.created_after) {
            after = query.created_after->time_since_epoch().count();
        }
        Rows rows{list_jobs_.bind(query.tenant, query.before_id, state, after)};
        std::vector<JobRecord> jobs;
        while (jobs.size() < query.limit && rows.next()) {
            auto job = job_record(list_jobs_);
            if (query.tag.empty() || std::ranges::count(job.options.tags, query.tag) > 0) {
                jobs.push_back(std::move(job));
            }
        }
        return jobs;
    });
}

std::vector<JobRecord> Queries::unfinished_jobs() {
    return in_one_moment([&] {
        Rows rows{unfinished_};
        std::vector<JobRecord> jobs;
        while (rows.next()) {
            jobs.push_back(job_record(unfinished_));
        }
        return jobs;
    });
}

std::vector<std::string> Queries::expired_jobs(WallTime now, std::size_t limit) {
    return in_one_moment([&] {
        Rows rows{expired_.bind(now.time_since_epoch().count(), limit)};
        std::vector<std::string> ids;
        while (rows.next()) {
            ids.emplace_back(expired_.text(0));
        }
        return ids;
    });
}

const Item& Queries::item_at(std::int64_t job, std::uint64_t index) {
    if (items_.job != job || index < items_.first || index - items_.first >= items_.records.size()) {
        Rows rows{find_items_.bind(row_key(job, 0), row_key(job, index))};
        if (!rows.next()) {
            damaged("a block of items is missing");
        }
        items_ = {job, low_half(find_items_.number(0)), {}};
        BlockReader block{find_items_.blob(1), item_block_version};
        while (const auto record = block.next()) {
            auto item = decode_item(*record);
            if (!item) {
                damaged("an item cannot be read");
            }
            item->index = items_.first + items_.records.size();
            items_.records.push_back(*std::move(item));
        }
        if (!block.ok() || index - items_.first >= items_.records.size()) {
            damaged("a block of items cannot be read");
        }
    }
    return items_.records[static_cast<std::size_t>(index - items_.first)];
}

ItemResult Queries::result_at(std::int64_t job, std::uint64_t seq, result_detail wanted) {
    if (results_.job != job || seq < results_.first ||
        seq - results_.first >= results_.records.size()) {
        Rows rows{find_results_.bind(row_key(job, 0), row_key(job, seq))};
        if (!rows.next()) {
            damaged("a block of results is missing");
        }
        results_ = {job, low_half(find_results_.number(0)), {}};
        BlockReader block{find_results_.blob(1), result_block_version};
        while (const auto record = block.next()) {
            results_.records.emplace_back(*record);
        }
        if (!block.ok() || seq - results_.first >= results_.records.size()) {
            damaged("a block of results cannot be read");
        }
    }
    const auto place = static_cast<std::size_t>(seq - results_.first);
    auto result = decode_result(results_.records[place], wanted);
    if (!result) {
        damaged("a result cannot be read");
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
                damaged("a block of outcomes cannot be read");
            }
            seqs_ = *block;
        }
        seqs_key_ = key;
    }
    return seqs_.seqs[index % SeqBlock::slots];
}

std::vector<Item> Queries::unfinished_items(
    const std::string& job_id, std::uint64_t from, std::size_t limit, std::uint64_t max_bytes
) {
    return in_one_moment([&] {
        std::vector<Item> items;
        const auto job = key_of(job_id);
        std::uint64_t bytes = 0;
        for (auto index = job ? std::max(from, job->low_water) : 0;
             job && index < job->total && takes_more(items.size(), limit, bytes, max_bytes);
             ++index) {
            if (seq_of(job->key, index) == 0) {
                items.push_back(item_at(job->key, index));
                bytes += bytes_of(items.back());
            }
        }
        return items;
    });
}

std::vector<ItemRow> Queries::results_by_seq(const ResultQuery& query) {
    const auto wanted =
        query.with_attempts ? result_detail::with_attempts : result_detail::without_attempts;
    return in_one_moment([&] {
        std::vector<ItemRow> rows;
        const auto job = key_of(query.job_id);
        std::uint64_t bytes = 0;
        for (auto seq = query.after; job && seq < job->last_seq &&
                                     takes_more(rows.size(), query.limit, bytes, query.max_bytes);) {
            auto result = result_at(job->key, ++seq, wanted);
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
        for (auto index = query.after;
             job && index < job->total &&
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
