#include "store/memory/memory_job_store.hpp"

#include "future/promise.hpp"

#include <algorithm>
#include <stdexcept>

namespace fanfetch {
namespace {

template <class Answer>
Future<Expected<Answer>> ready(Expected<Answer> answer) {
    return make_ready<Expected<Answer>>(std::move(answer));
}

Failure no_such_job(const std::string& id) {
    return failed(failure_code::job_not_found, "finding job " + id + ": there is none");
}

std::uint64_t bytes_of(const Item& item) { return item.url.size() + item.extras.size() + 16; }

bool takes_more(std::size_t rows, std::size_t limit, std::uint64_t bytes, std::uint64_t most) {
    return rows < limit && (rows == 0 || bytes < most);
}

}  // namespace

/// Collects the payload; it is seen when it is finished.
class MemoryJobStore::MemoryLongBody final : public LongBody {
public:
    explicit MemoryLongBody(MemoryJobStore& store) : store_{store} {}

    Expected<void> append(std::string_view bytes) override {
        payload_.append(bytes);
        return {};
    }
    Expected<BodyRef> finish(const ResponseRecord& response, const Sha256&) override {
        const std::lock_guard lock{store_.mutex_};
        return store_.keep_body({response.head, std::move(payload_)});
    }

private:
    MemoryJobStore& store_;
    std::string payload_;
};

void MemoryJobStore::fail_writes(std::optional<Failure> failure) {
    const std::lock_guard lock{mutex_};
    failing_ = std::move(failure);
}

MemoryJobStore::Job* MemoryJobStore::find(const std::string& job_id) {
    const auto found = jobs_.find(job_id);
    return found == jobs_.end() ? nullptr : &found->second;
}

Commit MemoryJobStore::commit_of(const Job& job) {
    return {job.record.tally, job.items.size(), job.results.size()};
}

BodyRef MemoryJobStore::keep_body(Body body) {
    const auto head = static_cast<std::uint32_t>(body.head.size() + 2);
    const BodyRef ref{
        .segment = ++last_body_,
        .offset = 0,
        .record_length = head + (body.payload ? body.payload->size() : 0),
        .payload_offset = head,
        .has_payload = body.payload.has_value(),
    };
    bodies_[ref.segment] = std::move(body);
    return ref;
}

void MemoryJobStore::record_one(Job& job, ItemResult result) {
    auto& seq = job.seq_of[result.index];
    result.seq = seq = job.results.size() + 1;
    count(job.record.tally, result);
    job.results.push_back(std::move(result));
}

Future<Expected<void>> MemoryJobStore::create_job(JobRecord job) {
    std::unique_lock lock{mutex_};
    if (failing_) {
        return ready<void>(*failing_);
    }
    if (find(job.id) != nullptr) {
        return ready<void>(
            failed(failure_code::internal, "creating job " + job.id + ": there is one already")
        );
    }
    job.total = job.last_seq = 0;
    job.tally = {};
    const auto id = job.id;
    jobs_[id].record = std::move(job);
    return ready<void>({});
}

Future<Expected<Commit>> MemoryJobStore::append_items(
    std::string job_id, std::vector<Item> items
) {
    const std::lock_guard lock{mutex_};
    Job* job = find(job_id);
    if (failing_ || job == nullptr) {
        return ready<Commit>(failing_ ? *failing_ : no_such_job(job_id));
    }
    if (job->record.sealed || is_done(job->record.state)) {
        return ready<Commit>(failed(
            job->record.sealed ? failure_code::job_sealed : failure_code::job_done,
            "appending to job " + job_id + ": it takes no more items"
        ));
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (items[i].index != job->items.size() + i) {
            return ready<Commit>(
                failed(failure_code::internal, "appending to job " + job_id + ": a wrong index")
            );
        }
    }
    const auto now = clock_.wall();
    job->seq_of.resize(job->items.size() + items.size());
    for (auto& item : items) {
        if (item.failure) {
            ItemResult result;
            result.index = item.index;
            result.state = item_state::failed;
            result.code = item.failure->code;
            result.status = item.failure->http_status;
            result.detail = item.failure->detail;
            result.started_at = result.finished_at = now;
            record_one(*job, std::move(result));
            item.failure.reset();
        }
        job->items.push_back(std::move(item));
    }
    return ready<Commit>(commit_of(*job));
}

Future<Expected<std::vector<Commit>>> MemoryJobStore::record(std::vector<ResultGroup> groups) {
    const std::lock_guard lock{mutex_};
    if (failing_) {
        return ready<std::vector<Commit>>(*failing_);
    }
    std::vector<Commit> commits;
    for (auto& group : groups) {
        Job* job = find(group.job_id);
        for (auto& [result, response] : group.results) {
            if (!is_terminal(result.state)) {
                throw std::logic_error{"recording a result that is not terminal"};
            }
            if (job == nullptr || result.index >= job->items.size() ||
                job->seq_of[result.index] != 0) {
                continue;
            }
            if (response) {
                auto payload = response->store_payload ? std::optional{std::move(response->payload)}
                                                       : std::nullopt;
                result.body = keep_body({std::move(response->head), std::move(payload)});
            }
            record_one(*job, std::move(result));
        }
        commits.push_back(job != nullptr ? commit_of(*job) : Commit{});
    }
    return ready<std::vector<Commit>>(std::move(commits));
}

void MemoryJobStore::apply(Job& job, const JobChange& change) {
    JobRecord& record = job.record;
    record.state = change.state.value_or(record.state);
    record.reason = change.reason.value_or(record.reason);
    record.sealed = change.sealed.value_or(record.sealed);
    record.started_at = change.started_at ? change.started_at : record.started_at;
    record.finished_at = change.finished_at ? change.finished_at : record.finished_at;
    record.expires_at = change.expires_at ? change.expires_at : record.expires_at;
    record.options = change.options.value_or(record.options);
}

Future<Expected<void>> MemoryJobStore::change_job(std::string job_id, JobChange change) {
    const std::lock_guard lock{mutex_};
    Job* job = find(job_id);
    if (failing_ || job == nullptr) {
        return ready<void>(failing_ ? *failing_ : no_such_job(job_id));
    }
    apply(*job, change);
    return ready<void>({});
}

Future<Expected<Commit>> MemoryJobStore::cancel_rest(
    std::string job_id, failure_code code, JobChange change
) {
    const std::lock_guard lock{mutex_};
    Job* job = find(job_id);
    if (failing_ || job == nullptr) {
        return ready<Commit>(failing_ ? *failing_ : no_such_job(job_id));
    }
    for (std::uint64_t index = 0; index < job->items.size(); ++index) {
        if (job->seq_of[index] == 0) {
            ItemResult result;
            result.index = index;
            result.state = item_state::cancelled;
            result.code = code;
            result.started_at = result.finished_at = clock_.wall();
            record_one(*job, std::move(result));
        }
    }
    apply(*job, change);
    return ready<Commit>(commit_of(*job));
}

Future<Expected<void>> MemoryJobStore::erase_job(std::string job_id) {
    const std::lock_guard lock{mutex_};
    Job* job = find(job_id);
    if (failing_ || job == nullptr) {
        return ready<void>(failing_ ? *failing_ : no_such_job(job_id));
    }
    for (const auto& result : job->results) {
        bodies_.erase(result.body.segment);
    }
    jobs_.erase(job_id);
    return ready<void>({});
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

std::vector<Item> MemoryJobStore::unfinished_items(
    const std::string& job_id, std::uint64_t from, std::size_t limit, std::uint64_t max_bytes
) {
    const std::lock_guard lock{mutex_};
    std::vector<Item> items;
    const Job* job = find(job_id);
    std::uint64_t bytes = 0;
    for (auto index = from; job != nullptr && index < job->items.size() &&
                            takes_more(items.size(), limit, bytes, max_bytes);
         ++index) {
        if (job->seq_of[index] == 0) {
            items.push_back(job->items[index]);
            bytes += bytes_of(items.back());
        }
    }
    return items;
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

Expected<MemoryJobStore::Body> MemoryJobStore::find_body(const BodyRef& body) {
    const std::lock_guard lock{mutex_};
    const auto found = bodies_.find(body.segment);
    if (body.segment == 0) {
        return failed(failure_code::body_not_stored, "reading a stored response: there is none");
    }
    if (found == bodies_.end()) {
        return failed(failure_code::internal, "reading a stored response: it is gone");
    }
    return found->second;
}

Expected<std::string> MemoryJobStore::read_payload(
    const BodyRef& body, std::uint64_t offset, std::size_t length
) {
    const auto found = find_body(body);
    if (!found) {
        return found.error();
    }
    if (!found->payload) {
        return failed(failure_code::body_not_stored, "reading a stored body: the head alone is");
    }
    const auto& payload = *found->payload;
    return offset < payload.size() ? payload.substr(static_cast<std::size_t>(offset), length)
                                   : std::string{};
}

Expected<std::string> MemoryJobStore::read_head(const BodyRef& body) {
    const auto found = find_body(body);
    if (!found) {
        return found.error();
    }
    return found->head;
}

Expected<void> MemoryJobStore::writable() const {
    const std::lock_guard lock{mutex_};
    if (failing_) {
        return *failing_;
    }
    return {};
}

Expected<std::unique_ptr<LongBody>> MemoryJobStore::begin_long_body() {
    return std::unique_ptr<LongBody>{std::make_unique<MemoryLongBody>(*this)};
}

}  // namespace fanfetch
