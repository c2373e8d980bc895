#include "store/sqlite/write_session.hpp"

#include "model/host_record_json.hpp"
#include "model/options_json.hpp"
#include "store/job_end.hpp"
#include "store/sqlite/schema.hpp"

#include <vector>

namespace fanfetch::sqlite {
namespace {

constexpr std::size_t open_jobs_kept = 512;

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

}  // namespace

WriteSession::WriteSession(Connection& connection, SegmentFiles& files, SegmentWriter& segments)
    : connection_{connection},
      files_{files},
      segments_{segments},
      stored_{connection},
      begin_{connection, "BEGIN IMMEDIATE"},
      commit_{connection, "COMMIT"},
      rollback_{connection, "ROLLBACK"},
      count_commit_{connection, "UPDATE meta SET commits = commits + 1 WHERE id = 1"},
      find_job_{
          connection,
          "SELECT key, state, sealed, total, last_seq, low_water, tally, finished_at, run,"
          " rerun IS NOT NULL, tenant, stored FROM jobs"
          " WHERE id = ? AND erased = 0"},
      insert_job_{
          connection,
          "INSERT INTO jobs(id, tenant, state, reason, sealed, erased, total, last_seq, low_water,"
          " created_at, started_at, finished_at, expires_at, tally, open)"
          " VALUES(?, ?, ?, ?, ?, 0, 0, 0, 0, ?, ?, ?, ?, ?, ?) RETURNING key"},
      insert_options_{connection, "INSERT INTO options(job, json) VALUES(?, ?)"},
      update_options_{connection, "UPDATE options SET json = ?2 WHERE job = ?1"},
      update_job_{
          connection,
          "UPDATE jobs SET total = ?2, last_seq = ?3, low_water = ?4, tally = ?5,"
          " stored = ?6 WHERE key = ?1"},
      update_state_{
          connection,
          "UPDATE jobs SET state = coalesce(?2, state), reason = coalesce(?3, reason),"
          " sealed = coalesce(?4, sealed), started_at = coalesce(?5, started_at),"
          " finished_at = coalesce(?6, finished_at), expires_at = coalesce(?7, expires_at),"
          " open = coalesce(?8, open)"
          " WHERE key = ?1"},
      insert_items_{connection, "INSERT INTO items(pos, block) VALUES(?, ?)"},
      insert_results_{connection, "INSERT INTO results(pos, block) VALUES(?, ?)"},
      find_outcomes_{connection, "SELECT seqs FROM outcomes WHERE pos = ?"},
      put_outcomes_{connection, "INSERT OR REPLACE INTO outcomes(pos, seqs) VALUES(?, ?)"},
      put_segment_{
          connection,
          "INSERT INTO segments(number, shared, bytes, refs) VALUES(?1, ?2, ?3, ?4)"
          " ON CONFLICT(number) DO UPDATE SET bytes = max(bytes, ?3), refs = refs + ?4"},
      put_holding_{
          connection,
          "INSERT INTO holdings(job, segment, first, last, refs, bytes) VALUES(?1, ?2, ?3, ?4, ?5, "
          "?6)"
          " ON CONFLICT(job, segment) DO UPDATE SET last = ?4, refs = refs + ?5, bytes = bytes + "
          "?6"},
      has_segment_{connection, "SELECT 1 FROM segments WHERE number = ?"},
      put_host_{connection, "INSERT OR REPLACE INTO hosts(host, json) VALUES(?, ?)"},
      forget_host_{connection, "DELETE FROM hosts WHERE host = ?"},
      insert_request_{
          connection,
          "INSERT INTO requests(job, digest, item) VALUES(?, ?, ?) ON CONFLICT DO NOTHING"},
      find_request_{connection, "SELECT item FROM requests WHERE job = ? AND digest = ?"},
      put_copy_{
          connection,
          "INSERT INTO copies(tenant, digest, job, seq, fetched_at, born_at, fresh_until)"
          " VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT(tenant, digest) DO UPDATE SET"
          " job = excluded.job, seq = excluded.seq, fetched_at = excluded.fetched_at,"
          " born_at = excluded.born_at, fresh_until = excluded.fresh_until"
          " WHERE excluded.fetched_at >= fetched_at"},
      find_results_{
          connection,
          "SELECT pos, block FROM results WHERE pos BETWEEN ? AND ? ORDER BY pos DESC LIMIT 1"},
      find_events_{connection, "SELECT events FROM callbacks WHERE job = ?"},
      insert_delivery_{
          connection,
          "INSERT INTO deliveries(id, callback, callback_id, job_id, tenant, endpoint, event, run,"
          " state, attempts, created_at, due_at, last_status, last_size, last_code, payload)"
          " SELECT ?2, key, id, job_id, tenant, endpoint, ?3, ?4, 0, 0, ?5, ?5, 0, 0, 0, ?6"
          " FROM callbacks WHERE key = ?1"},
      put_key_{
          connection,
          "INSERT OR REPLACE INTO keys(tenant, key, digest, job_id, answer, created_at)"
          " VALUES(?, ?, ?, ?, ?, ?)"},
      forget_keys_{
          connection,
          "DELETE FROM keys WHERE (tenant, key) IN"
          " (SELECT tenant, key FROM keys WHERE created_at < ? ORDER BY created_at LIMIT 1000)"} {}

void WriteSession::save_key(const RequestKey& key) {
    const void* digest = key.digest.data();
    put_key_
        .bind(
            key.tenant, key.key, Blob{{static_cast<const char*>(digest), key.digest.size()}},
            key.job_id, Blob{key.answer}, key.created_at.time_since_epoch().count()
        )
        .run();
}

std::uint64_t WriteSession::forget_some_keys(WallTime before) {
    forget_keys_.bind(before.time_since_epoch().count()).run();
    return static_cast<std::uint64_t>(connection_.changes());
}

void WriteSession::save_hosts(const std::vector<HostRecord>& hosts) {
    for (const auto& host : hosts) {
        if (host.blank()) {
            forget_host_.bind(host.key).run();
        } else {
            const auto json = to_json(host);
            put_host_.bind(host.key, json).run();
        }
    }
}

void WriteSession::begin() {
    begin_.run();
}

void WriteSession::commit() {
    for (auto* job : changed_) {
        write_job(*job);
    }
    write_segments();
    claim_segments();
    count_commit_.run();
    commit_.run();
    stored_.keep();
    for (const auto segment : dead_) {
        files_.remove(segment);
    }
    if (open_.size() > open_jobs_kept) {
        open_.clear();
    }
    news_ = news_ || outbox_grew_;
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
    outbox_grew_ = false;
    erasure_began_ = false;
    stored_.forget();
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
        throw_damaged("a job's counters cannot be read");
    }
    OpenJob& job = open_[job_id];
    job.key = find_job_.number(0);
    job.id = job_id;
    job.state = static_cast<job_state>(find_job_.number(1));
    job.sealed = find_job_.number(2) != 0;
    job.total = static_cast<std::uint64_t>(find_job_.number(3));
    job.last_seq = static_cast<std::uint64_t>(find_job_.number(4));
    job.low_water = static_cast<std::uint64_t>(find_job_.number(5));
    job.tally = *std::move(tally);
    job.run = find_job_.number(8);
    job.rerunning = find_job_.number(9) != 0;
    job.tenant = find_job_.text(10);
    job.stored = static_cast<std::uint64_t>(find_job_.number(11));
    if (job.state == job_state::completed) {
        job.completed_at = WallTime{std::chrono::milliseconds{find_job_.number(7)}};
    }
    find_callbacks(job);
    return &job;
}

void WriteSession::touch(OpenJob& job) {
    if (!job.changed) {
        job.changed = true;
        changed_.push_back(&job);
    }
}

Failure WriteSession::no_such_job(const std::string& id) {
    return failed(failure_code::job_not_found, "finding job " + id + ": there is none");
}

Commit WriteSession::commit_of(const OpenJob& job) {
    return {job.tally, job.total, job.last_seq, job.completed_at};
}

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
        milliseconds(job.finished_at), milliseconds(job.expires_at), Blob{scratch_}, job.open
    );
    const auto key = insert_job_.step() ? insert_job_.number(0) : 0;
    if (key <= 0 || key > largest_job) {
        throw_damaged("a job's key is out of range");
    }
    insert_options_.bind(key, options).run();
    OpenJob& open = open_[job.id];
    open.key = key;
    open.id = job.id;
    open.tenant = job.tenant;
    open.state = job.state;
    open.sealed = job.sealed;
    if (!job.callbacks.empty()) {
        for (const auto& callback : job.callbacks) {
            insert_callback(open, callback);
        }
        find_callbacks(open);
    }
    return {};
}

Expected<void> WriteSession::change_job(const std::string& job_id, const JobChange& change) {
    OpenJob* job = find(job_id);
    if (job == nullptr) {
        return no_such_job(job_id);
    }
    write_state(*job, is_done(job->state) ? without_end(change) : change);
    if (change.options) {
        const auto json = to_json(*change.options);
        update_options_.bind(job->key, json).run();
    }
    if (change.key) {
        save_key(*change.key);
    }
    return {};
}

void WriteSession::write_state(OpenJob& job, const JobChange& change) {
    update_state_
        .bind(
            job.key, number(change.state), number(change.reason), number(change.sealed),
            milliseconds(change.started_at), milliseconds(change.finished_at),
            milliseconds(change.expires_at), number(change.open)
        )
        .run();
    const bool ends = change.state && is_done(*change.state) && !is_done(job.state);
    job.state = change.state.value_or(job.state);
    if (ends && !job.events.empty()) {
        tell_of_end(job, change);
    }
    job.sealed = change.sealed.value_or(job.sealed);
    if (change.state == job_state::completed) {
        job.completed_at = change.finished_at;
    }
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
    orphan_callbacks(*job);
    // The id is free from now on: no job's id is a mere number.
    Statement mark{
        connection_,
        "UPDATE jobs SET erased = 1, state = 7, expires_at = NULL, id = '' || key WHERE key = ?"};
    mark.bind(job->key).run();
    stored_.take_away(job->tenant, job->stored);
    open_.erase(job_id);
    erasing_known_ = false;
    erasure_began_ = true;
    return {};
}

}  // namespace fanfetch::sqlite
