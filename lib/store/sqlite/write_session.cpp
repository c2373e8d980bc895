#include "store/sqlite/write_session.hpp"

#include "model/options_json.hpp"
#include "store/sqlite/schema.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace fanfetch::sqlite {
namespace {

// A block long enough to make a row's fixed cost small, short enough to find one record in.
constexpr std::size_t records_per_block = 64;
constexpr std::size_t bytes_per_block = 16U << 10U;

// A step of a long operation takes a few milliseconds, so that other writes are not held up.
constexpr std::size_t cancels_per_step = 4096;
constexpr std::uint64_t looks_per_step = 262'144;
constexpr std::size_t open_jobs_kept = 512;
constexpr std::size_t blocks_kept = 1024;  // of one job

[[noreturn]] void damaged(const char* what) { throw DatabaseError{SQLITE_CORRUPT, what}; }

Failure no_such_job(const std::string& id) {
    return failed(failure_code::job_not_found, "finding job " + id + ": there is none");
}

std::optional<std::int64_t> milliseconds(const std::optional<WallTime>& time) {
    return time ? std::optional{std::int64_t{time->time_since_epoch().count()}} : std::nullopt;
}

/// An enumerator or a bool as it is stored.
template <class Value>
std::optional<int> number(const std::optional<Value>& value) {
    std::optional<int> stored;
    if (value) {
        stored = static_cast<int>(*value);
    }
    return stored;
}

ItemResult result_of(const Item& item, WallTime now) {
    ItemResult result;
    result.index = item.index;
    result.state = item_state::failed;
    result.code = item.failure->code;
    result.status = item.failure->http_status;
    result.detail = item.failure->detail;
    result.started_at = result.finished_at = now;
    return result;
}

}  // namespace

WriteSession::WriteSession(Connection& connection, SegmentFiles& files, SegmentWriter& segments)
    : connection_{connection},
      files_{files},
      segments_{segments},
      begin_{connection, "BEGIN IMMEDIATE"},
      commit_{connection, "COMMIT"},
      rollback_{connection, "ROLLBACK"},
      count_commit_{connection, "UPDATE meta SET commits = commits + 1 WHERE id = 1"},
      find_job_{
          connection,
          "SELECT key, state, sealed, total, last_seq, low_water, tally FROM jobs"
          " WHERE id = ? AND erased = 0"
      },
      insert_job_{
          connection,
          "INSERT INTO jobs(id, tenant, state, reason, sealed, erased, total, last_seq, low_water,"
          " created_at, started_at, finished_at, expires_at, tally)"
          " VALUES(?, ?, ?, ?, ?, 0, 0, 0, 0, ?, ?, ?, ?, ?) RETURNING key"
      },
      insert_options_{connection, "INSERT INTO options(job, json) VALUES(?, ?)"},
      update_options_{connection, "UPDATE options SET json = ?2 WHERE job = ?1"},
      update_job_{
          connection,
          "UPDATE jobs SET total = ?2, last_seq = ?3, low_water = ?4, tally = ?5 WHERE key = ?1"
      },
      update_state_{
          connection,
          "UPDATE jobs SET state = coalesce(?2, state), reason = coalesce(?3, reason),"
          " sealed = coalesce(?4, sealed), started_at = coalesce(?5, started_at),"
          " finished_at = coalesce(?6, finished_at), expires_at = coalesce(?7, expires_at)"
          " WHERE key = ?1"
      },
      insert_items_{connection, "INSERT INTO items(pos, block) VALUES(?, ?)"},
      insert_results_{connection, "INSERT INTO results(pos, block) VALUES(?, ?)"},
      find_outcomes_{connection, "SELECT seqs FROM outcomes WHERE pos = ?"},
      put_outcomes_{connection, "INSERT OR REPLACE INTO outcomes(pos, seqs) VALUES(?, ?)"},
      put_segment_{
          connection,
          "INSERT INTO segments(number, shared, bytes, refs) VALUES(?1, ?2, ?3, ?4)"
          " ON CONFLICT(number) DO UPDATE SET bytes = max(bytes, ?3), refs = refs + ?4"
      },
      has_segment_{connection, "SELECT 1 FROM segments WHERE number = ?"} {}

void WriteSession::begin() { begin_.run(); }

void WriteSession::commit() {
    for (auto* job : changed_) {
        write_job(*job);
    }
    write_segments();
    claim_segments();
    count_commit_.run();
    commit_.run();
    for (const auto segment : dead_) {
        files_.remove(segment);
    }
    if (open_.size() > open_jobs_kept) {
        open_.clear();
    }
    forget_group();
}

void WriteSession::roll_back() noexcept {
    open_.clear();
    erasing_known_ = false;
    forget_group();
    if (connection_.in_transaction()) {
        try {
            rollback_.run();
        } catch (const DatabaseError&) {
            rollback_.reset();  // SQLite rolls back by itself where this fails
        }
    }
}

void WriteSession::forget_group() noexcept {
    changed_.clear();
    references_.clear();
    unclaimed_.clear();
    dead_.clear();
}

OpenJob* WriteSession::find(const std::string& job_id) {
    if (const auto known = open_.find(job_id); known != open_.end()) {
        return &known->second;
    }
    const Rows rows{find_job_};
    if (!find_job_.bind(job_id).step()) {
        return nullptr;
    }
    auto tally = decode_tally(find_job_.blob(6));
    if (!tally) {
        damaged("a job's counters cannot be read");
    }
    OpenJob& job = open_[job_id];
    job.key = find_job_.number(0);
    job.state = static_cast<job_state>(find_job_.number(1));
    job.sealed = find_job_.number(2) != 0;
    job.total = static_cast<std::uint64_t>(find_job_.number(3));
    job.last_seq = static_cast<std::uint64_t>(find_job_.number(4));
    job.low_water = static_cast<std::uint64_t>(find_job_.number(5));
    job.tally = *std::move(tally);
    return &job;
}

void WriteSession::touch(OpenJob& job) {
    if (!job.changed) {
        job.changed = true;
        changed_.push_back(&job);
    }
}

Commit WriteSession::commit_of(const OpenJob& job) { return {job.tally, job.total, job.last_seq}; }

Expected<void> WriteSession::create_job(const JobRecord& job) {
    if (find(job.id) != nullptr) {
        return failed(failure_code::internal, "creating job " + job.id + ": there is one already");
    }
    scratch_.clear();
    encode(scratch_, JobTally{});
    const auto options = to_json(job.options);
    const Rows rows{insert_job_};
    insert_job_.bind(
        job.id, job.tenant, static_cast<int>(job.state), static_cast<int>(job.reason), job.sealed,
        job.created_at.time_since_epoch().count(), milliseconds(job.started_at),
        milliseconds(job.finished_at), milliseconds(job.expires_at), Blob{scratch_}
    );
    const auto key = insert_job_.step() ? insert_job_.number(0) : 0;
    if (key <= 0 || key > largest_job) {
        damaged("a job's key is out of range");
    }
    insert_options_.bind(key, options).run();
    OpenJob& open = open_[job.id];
    open.key = key;
    open.state = job.state;
    open.sealed = job.sealed;
    return {};
}

Expected<Commit> WriteSession::append_items(
    const std::string& job_id, const std::vector<Item>& items, WallTime now
) {
    OpenJob* job = find(job_id);
    if (job == nullptr) {
        return no_such_job(job_id);
    }
    if (job->sealed || is_done(job->state)) {
        return failed(
            job->sealed ? failure_code::job_sealed : failure_code::job_done,
            "appending to job " + job_id + ": it takes no more items"
        );
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (items[i].index != job->total + i || items[i].index > largest_low) {
            return failed(failure_code::internal, "appending to job " + job_id + ": a wrong index");
        }
    }
    touch(*job);
    BlockWriter block{item_block_version};
    const auto write_block = [&] {
        const auto first = row_key(job->key, job->total - block.count());
        insert_items_.bind(first, Blob{block.finish()}).run();
        block.clear();
    };
    for (const auto& item : items) {
        scratch_.clear();
        encode(scratch_, item);
        block.add(scratch_);
        ++job->total;
        if (block.count() == records_per_block || block.size() >= bytes_per_block) {
            write_block();
        }
    }
    if (block.count() > 0) {
        write_block();
    }
    for (const auto& item : items) {
        if (item.failure) {
            record_one(*job, result_of(item, now));
        }
    }
    return commit_of(*job);
}

OpenJob::Outcomes& WriteSession::outcomes_of(OpenJob& job, std::uint64_t index) {
    const auto number = index / SeqBlock::slots;
    const auto [entry, fresh] = job.outcomes.try_emplace(number);
    if (fresh) {
        const Rows rows{find_outcomes_};
        if (find_outcomes_.bind(row_key(job.key, number)).step()) {
            const auto block = decode_seq_block(find_outcomes_.blob(0));
            if (!block) {
                damaged("a block of outcomes cannot be read");
            }
            entry->second.block = *block;
        }
    }
    return entry->second;
}

bool WriteSession::record_one(OpenJob& job, const ItemResult& result) {
    if (result.index >= job.total || job.last_seq >= largest_low) {
        return false;
    }
    auto& outcomes = outcomes_of(job, result.index);
    auto& seq = outcomes.block.seqs[result.index % SeqBlock::slots];
    if (seq != 0) {
        return false;
    }
    touch(job);
    ++job.last_seq;
    seq = static_cast<std::uint32_t>(job.last_seq);
    outcomes.changed = true;
    count(job.tally, result);

    if (job.results.count() == 0) {
        job.first_seq = job.last_seq;
    }
    scratch_.clear();
    encode(scratch_, result);
    job.results.add(scratch_);
    if (job.results.count() == records_per_block || job.results.size() >= bytes_per_block) {
        write_results(job);
    }
    return true;
}

Commit WriteSession::record(const ResultGroup& group) {
    OpenJob* job = find(group.job_id);
    if (job == nullptr) {
        for (const auto& done : group.results) {
            note_body(done, false);
        }
        return {};
    }
    for (const auto& done : group.results) {
        note_body(done, record_one(*job, done.result));
    }
    return commit_of(*job);
}

void WriteSession::note_body(const ResultToRecord& done, bool recorded) {
    const BodyRef& body = done.result.body;
    if (body.segment == 0) {
        return;
    }
    if (recorded) {
        auto& rows = references_[body.segment];
        ++rows.references;
        rows.end =
            std::max(rows.end, body.offset + body.record_length + warc_record_end.size());
        return;
    }
    if (!done.response) {
        unclaimed_.push_back(body.segment);
    }
}

void WriteSession::write_results(OpenJob& job) {
    if (job.results.count() > 0) {
        const auto first = row_key(job.key, job.first_seq);
        insert_results_.bind(first, Blob{job.results.finish()}).run();
        job.results.clear();
    }
}

void WriteSession::write_job(OpenJob& job) {
    write_results(job);
    advance_low_water(job);
    for (auto& [number, outcomes] : job.outcomes) {
        if (outcomes.changed) {
            scratch_.clear();
            encode(scratch_, outcomes.block);
            put_outcomes_.bind(row_key(job.key, number), Blob{scratch_}).run();
            outcomes.changed = false;
        }
    }
    drop_finished_blocks(job);
    scratch_.clear();
    encode(scratch_, job.tally);
    update_job_.bind(job.key, job.total, job.last_seq, job.low_water, Blob{scratch_}).run();
    job.changed = false;
}

void WriteSession::advance_low_water(OpenJob& job) {
    while (job.low_water < job.total) {
        const auto& seqs = outcomes_of(job, job.low_water).block.seqs;
        const auto first = job.low_water - job.low_water % SeqBlock::slots;
        const auto end = std::min<std::uint64_t>(first + SeqBlock::slots, job.total);
        while (job.low_water < end && seqs[job.low_water - first] != 0) {
            ++job.low_water;
        }
        if (job.low_water < end) {
            return;
        }
    }
}

void WriteSession::drop_finished_blocks(OpenJob& job) {
    const auto low_block = job.low_water / SeqBlock::slots;
    std::erase_if(job.outcomes, [low_block](const auto& entry) { return entry.first < low_block; });
    if (job.outcomes.size() > blocks_kept) {
        job.outcomes.clear();
    }
}

void WriteSession::write_segments() {
    for (const auto& [number, bytes] : segments_.touched()) {
        put_segment_.bind(number, 1, bytes, references_[number].references).run();
        references_.erase(number);
    }
    for (const auto& [number, rows] : references_) {
        put_segment_.bind(number, 0, rows.end, rows.references).run();
    }
}

/// A long body whose result came too late has a file that nobody will ever refer to, unless the
/// very same result was recorded before.
void WriteSession::claim_segments() {
    for (const auto number : unclaimed_) {
        const Rows rows{has_segment_};
        if (!has_segment_.bind(number).step()) {
            dead_.push_back(number);
        }
    }
}

Expected<void> WriteSession::change_job(const std::string& job_id, const JobChange& change) {
    OpenJob* job = find(job_id);
    if (job == nullptr) {
        return no_such_job(job_id);
    }
    update_state_
        .bind(
            job->key, number(change.state), number(change.reason), number(change.sealed),
            milliseconds(change.started_at), milliseconds(change.finished_at),
            milliseconds(change.expires_at)
        )
        .run();
    if (change.options) {
        const auto json = to_json(*change.options);
        update_options_.bind(job->key, json).run();
    }
    job->state = change.state.value_or(job->state);
    job->sealed = change.sealed.value_or(job->sealed);
    return {};
}

Expected<Commit> WriteSession::cancel_some(
    const std::string& job_id, failure_code code, WallTime now, std::uint64_t& cursor
) {
    OpenJob* job = find(job_id);
    if (job == nullptr) {
        return no_such_job(job_id);
    }
    ItemResult result;
    result.state = item_state::cancelled;
    result.code = code;
    result.started_at = result.finished_at = now;
    cursor = std::max(cursor, job->low_water);
    const auto last_look = std::min(job->total, cursor + looks_per_step);
    for (std::size_t cancelled = 0; cursor < last_look && cancelled < cancels_per_step; ++cursor) {
        result.index = cursor;
        cancelled += record_one(*job, result) ? 1 : 0;
    }
    return commit_of(*job);
}

Expected<void> WriteSession::begin_erase(const std::string& job_id) {
    OpenJob* job = find(job_id);
    if (job == nullptr) {
        return no_such_job(job_id);
    }
    if (job->changed) {
        write_job(*job);
        std::erase(changed_, job);
    }
    Statement mark{
        connection_, "UPDATE jobs SET erased = 1, state = 7, expires_at = NULL WHERE key = ?"
    };
    mark.bind(job->key).run();
    open_.erase(job_id);
    erasing_known_ = false;
    return {};
}

}  // namespace fanfetch::sqlite
