#include "store/memory/memory_job_store.hpp"

#include "store/result_copy.hpp"

#include <algorithm>
#include <utility>

// The reading part of MemoryJobStore.

namespace fanfetch {
namespace {

std::uint64_t bytes_of(const Item& item) {
    return item.url.size() + item.extras.size() + 16;
}

bool takes_more(std::size_t rows, std::size_t limit, std::uint64_t bytes, std::uint64_t most) {
    return rows < limit && (rows == 0 || bytes < most);
}

}  // namespace

std::vector<std::optional<StoredCopy>> MemoryJobStore::find_copies(
    const std::string& tenant, const std::vector<CopyQuery>& wanted, WallTime now
) {
    const std::lock_guard lock{mutex_};
    std::vector<std::optional<StoredCopy>> found;
    for (const auto& query : wanted) {
        const auto copy = copies_.find({tenant, query.digest});
        auto& answer = found.emplace_back();
        if (copy != copies_.end() && answers(copy->second.terms, query, now)) {
            const auto& known = copy->second;
            answer = StoredCopy{jobs_.at(known.job_id).results[known.seq - 1], known.terms};
            answer->result.attempts.clear();
        }
    }
    return found;
}

std::optional<JobRecord> MemoryJobStore::find_job(const std::string& job_id) {
    const std::lock_guard lock{mutex_};
    const Job* job = find(job_id);
    if (job == nullptr) {
        return std::nullopt;
    }
    JobRecord record = job->record;
    record.total = job->items.size();
    record.last_seq = job->results.size();
    return record;
}

std::vector<JobRecord> MemoryJobStore::list_jobs(const JobQuery& query) {
    const std::lock_guard lock{mutex_};
    std::vector<JobRecord> found;
    for (auto entry = jobs_.rbegin(); entry != jobs_.rend() && found.size() < query.limit;
         ++entry) {
        const Job& job = entry->second;
        const JobRecord& record = job.record;
        const bool wanted =
            record.tenant == query.tenant && (!query.state || record.state == *query.state) &&
            (query.tag.empty() || std::ranges::count(record.options.tags, query.tag) > 0) &&
            (!query.created_after || record.created_at > *query.created_after) &&
            (query.before_id.empty() || record.id < query.before_id);
        if (wanted) {
            found.push_back(record);
            found.back().total = job.items.size();
            found.back().last_seq = job.results.size();
        }
    }
    return found;
}

std::vector<JobRecord> MemoryJobStore::unfinished_jobs() {
    const std::lock_guard lock{mutex_};
    std::vector<JobRecord> found;
    for (const auto& [id, job] : jobs_) {
        if (!is_done(job.record.state)) {
            found.push_back(job.record);
            found.back().total = job.items.size();
            found.back().last_seq = job.results.size();
        }
    }
    return found;
}

std::vector<std::string> MemoryJobStore::expired_jobs(WallTime now, std::size_t limit) {
    const std::lock_guard lock{mutex_};
    std::vector<std::pair<WallTime, std::string>> due;
    for (const auto& [id, job] : jobs_) {
        const auto& expires = job.record.expires_at;
        if (is_done(job.record.state) && expires && *expires <= now) {
            due.emplace_back(*expires, id);
        }
    }
    std::ranges::sort(due);
    std::vector<std::string> ids;
    for (auto& [expires, id] : due) {
        if (ids.size() < limit) {
            ids.push_back(std::move(id));
        }
    }
    return ids;
}

ItemsFound MemoryJobStore::scan_unfinished(const ItemScan& scan) {
    const std::lock_guard lock{mutex_};
    ItemsFound found;
    found.next = scan.from;
    const Job* job = find(scan.job_id);
    const auto end = job == nullptr ? 0 : std::min<std::uint64_t>(scan.end, job->items.size());
    std::uint64_t bytes = 0;
    for (std::size_t looked_at = 0;
         found.next < end && looked_at < scan.most_looked_at &&
         takes_more(found.items.size(), scan.limit, bytes, scan.max_bytes);
         ++found.next, ++looked_at) {
        const auto& item = job->items[found.next];
        if (job->seq_of[found.next] != 0) {
            continue;
        }
        const auto choice = scan.choose ? scan.choose(item) : item_choice::take;
        if (choice == item_choice::stop) {
            break;
        }
        if (choice == item_choice::take) {
            found.items.push_back(item);
            bytes += bytes_of(item);
        }
    }
    return found;
}

ItemRow MemoryJobStore::row(const Job& job, std::uint64_t index, bool with_attempts) {
    ItemRow row{job.items[index], std::nullopt};
    if (const auto seq = job.seq_of[index]) {
        row.result = job.results[seq - 1];
        if (!with_attempts) {
            row.result->attempts.clear();
        }
    }
    return row;
}

std::vector<ItemRow> MemoryJobStore::results_by_seq(const ResultQuery& query) {
    const std::lock_guard lock{mutex_};
    std::vector<ItemRow> rows;
    const Job* job = find(query.job_id);
    std::uint64_t bytes = 0;
    for (auto seq = query.after; job != nullptr && seq < job->results.size() &&
                                 takes_more(rows.size(), query.limit, bytes, query.max_bytes);
         ++seq) {
        if (job->seq_of[job->results[seq].index] != seq + 1) {
            continue;  // its item was run again
        }
        rows.push_back(row(*job, job->results[seq].index, query.with_attempts));
        bytes += bytes_of(rows.back().item) + rows.back().result->detail.size();
    }
    return rows;
}

std::vector<ItemRow> MemoryJobStore::items_by_index(const ResultQuery& query) {
    const std::lock_guard lock{mutex_};
    std::vector<ItemRow> rows;
    const Job* job = find(query.job_id);
    std::uint64_t bytes = 0;
    for (auto index = query.after; job != nullptr && index < job->items.size() &&
                                   takes_more(rows.size(), query.limit, bytes, query.max_bytes);
         ++index) {
        rows.push_back(row(*job, index, query.with_attempts));
        bytes += bytes_of(rows.back().item);
    }
    return rows;
}

std::optional<ItemRow> MemoryJobStore::find_item(const std::string& job_id, std::uint64_t index) {
    const std::lock_guard lock{mutex_};
    const Job* job = find(job_id);
    if (job == nullptr || index >= job->items.size()) {
        return std::nullopt;
    }
    return row(*job, index, true);
}

}  // namespace fanfetch
