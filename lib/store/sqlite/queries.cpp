#include "store/sqlite/queries.hpp"

#include "model/host_record_json.hpp"
#include "model/options_json.hpp"
#include "store/sqlite/schema.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace fanfetch::sqlite {
namespace {

constexpr std::string_view job_columns =
    "SELECT j.id, j.tenant, o.json, j.state, j.reason, j.sealed, j.total, j.last_seq, j.tally,"
    " j.created_at, j.started_at, j.finished_at, j.expires_at, j.open, j.run,"
    " j.rerun IS NOT NULL"
    " FROM jobs j JOIN options o ON o.job = j.key WHERE j.erased = 0 AND ";

std::string jobs_where(std::string_view condition) {
    return std::string{job_columns}.append(condition);
}

WallTime wall_time(std::int64_t milliseconds) {
    return WallTime{std::chrono::milliseconds{milliseconds}};
}

std::optional<WallTime> optional_time(const Statement& row, int column) {
    return row.is_null(column) ? std::nullopt : std::optional{wall_time(row.number(column))};
}

}  // namespace

Queries::Queries(const std::string& path)
    : connection_{path, access::read},
      begin_{connection_, "BEGIN"},
      end_{connection_, "COMMIT"},
      find_job_{connection_, jobs_where("j.id = ?")},
      find_key_{
          connection_,
          "SELECT key, total, last_seq, low_water, run FROM jobs WHERE id = ? AND erased = 0"},
      list_jobs_{
          connection_, jobs_where("j.tenant = ?1 AND (?2 = '' OR j.id < ?2)"
                                  " AND (?3 IS NULL OR j.state = ?3)"
                                  " AND (?4 IS NULL OR j.created_at > ?4) ORDER BY j.id DESC")},
      unfinished_{connection_, jobs_where("j.state < 4 ORDER BY j.id")},
      expired_{
          connection_,
          "SELECT id FROM jobs WHERE expires_at IS NOT NULL AND expires_at <= ? AND state >= 4"
          " AND erased = 0 ORDER BY expires_at LIMIT ?"},
      find_items_{
          connection_,
          "SELECT pos, block FROM items WHERE pos BETWEEN ? AND ? ORDER BY pos DESC LIMIT 1"},
      find_results_{
          connection_,
          "SELECT pos, block FROM results WHERE pos BETWEEN ? AND ? ORDER BY pos DESC LIMIT 1"},
      find_outcomes_{connection_, "SELECT seqs FROM outcomes WHERE pos = ?"},
      hosts_{connection_, "SELECT host, json FROM hosts ORDER BY host"},
      find_request_key_{
          connection_,
          "SELECT digest, job_id, answer, created_at FROM keys WHERE tenant = ? AND key = ?"},
      find_copy_{
          connection_,
          "SELECT c.job, c.seq, c.fetched_at, c.born_at, c.fresh_until FROM copies c"
          " JOIN jobs j ON j.key = c.job AND j.erased = 0 WHERE c.tenant = ? AND c.digest = ?"} {
    constexpr int busy_ms = 1000;
    sqlite3_busy_timeout(connection_.handle(), busy_ms);
}

std::vector<HostRecord> Queries::hosts() {
    return in_one_moment([this] {
        std::vector<HostRecord> list;
        const Rows rows{hosts_};
        while (hosts_.step()) {
            auto host = host_record_from_json(std::string{hosts_.text(0)}, hosts_.text(1));
            if (!host) {
                throw_damaged("a host cannot be read");
            }
            list.push_back(*std::move(host));
        }
        return list;
    });
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
        static_cast<std::uint64_t>(find_key_.number(3)), find_key_.number(4) > 1};
}

std::optional<RequestKey> Queries::find_key(const std::string& tenant, const std::string& key) {
    return in_one_moment([&]() -> std::optional<RequestKey> {
        Rows rows{find_request_key_.bind(tenant, key)};
        if (!rows.next()) {
            return std::nullopt;
        }
        RequestKey found;
        const auto digest = find_request_key_.blob(0);
        if (digest.size() != found.digest.size()) {
            throw_damaged("a request's key cannot be read");
        }
        found.tenant = tenant;
        found.key = key;
        std::ranges::copy(digest, found.digest.begin());
        found.job_id = find_request_key_.text(1);
        found.answer = find_request_key_.blob(2);
        found.created_at = wall_time(find_request_key_.number(3));
        return found;
    });
}

JobRecord Queries::job_record(Statement& row) const {
    auto options = job_options_from_json(row.text(2));
    auto tally = decode_tally(row.blob(8));
    if (!options || !tally) {
        throw_damaged("a job's row cannot be read");
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
    job.open = row.number(13) != 0;
    job.run = static_cast<std::uint32_t>(row.number(14));
    job.rerunning = row.number(15) != 0;
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

}  // namespace fanfetch::sqlite
