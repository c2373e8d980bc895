#include "store/memory/memory_job_store.hpp"

#include "future/promise.hpp"
#include "store/job_end.hpp"
#include "store/result_copy.hpp"

#include <stdexcept>
#include <utility>

namespace fanfetch {
namespace {

template <class Answer>
Future<Expected<Answer>> ready(Expected<Answer> answer) {
    return make_ready<Expected<Answer>>(std::move(answer));
}

Failure no_such_job(const std::string& id) {
    return failed(failure_code::job_not_found, "finding job " + id + ": there is none");
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

MemoryJobStore::Job* MemoryJobStore::find(const std::string& job_id) {
    const auto found = jobs_.find(job_id);
    return found == jobs_.end() ? nullptr : &found->second;
}

Commit MemoryJobStore::commit_of(const Job& job) {
    Commit commit{job.record.tally, job.items.size(), job.results.size()};
    if (job.record.state == job_state::completed) {
        commit.completed_at = job.record.finished_at;
    }
    return commit;
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
    if (const auto earlier = job.replaced.extract(result.index)) {
        keep_attempts(job.results[earlier.mapped() - 1], result);
    }
    result.seq = seq = job.results.size() + 1;
    count(job.record.tally, result);
    job.results.push_back(std::move(result));
    tell_sender();
}

/// The newest result of the job is a copy from now on, in place of one that was fetched before it.
void MemoryJobStore::keep_copy(const Job& job, const CopyTerms& terms) {
    auto& copy = copies_[{job.record.tenant, terms.digest}];
    if (copy.job_id.empty() || copy.terms.fetched_at <= terms.fetched_at) {
        copy = {job.record.id, job.results.size(), terms};
    }
}

ItemResult MemoryJobStore::copied(const Job& job, std::uint64_t of, ItemResult to) {
    const bool there = of < job.seq_of.size() && job.seq_of[of] != 0;
    return copy_for(there ? &job.results[job.seq_of[of] - 1] : nullptr, std::move(to));
}

Future<Expected<void>> MemoryJobStore::create_job(JobRecord job) {
    std::unique_lock lock{mutex_};
    if (find(job.id) != nullptr) {
        return ready<void>(
            failed(failure_code::internal, "creating job " + job.id + ": there is one already")
        );
    }
    job.total = job.last_seq = 0;
    job.tally = {};
    const auto id = job.id;
    for (auto& callback : std::exchange(job.callbacks, {})) {
        keep_callback(std::move(callback));
    }
    jobs_[id].record = std::move(job);
    return ready<void>({});
}

Future<Expected<Commit>> MemoryJobStore::append_items(
    std::string job_id, std::vector<Item> items, std::optional<RequestKey> key
) {
    const std::lock_guard lock{mutex_};
    Job* job = find(job_id);
    if (job == nullptr) {
        return ready<Commit>(no_such_job(job_id));
    }
    if (job->record.sealed || is_done(job->record.state)) {
        return ready<Commit>(failed(
            job->record.sealed ? failure_code::job_sealed : failure_code::job_done,
            "appending to job " + job_id + ": it takes no more items"
        ));
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
        const auto due = job->items.size() + i;
        if (items[i].index == Item::unnumbered) {
            items[i].index = due;
        }
        if (items[i].index != due) {
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
        if (item.digest) {
            const auto [first, fresh] = job->requests.try_emplace(*item.digest, item.index);
            item.same_as = fresh ? std::nullopt : std::optional{first->second};
            item.digest.reset();
        }
        job->items.push_back(std::move(item));
    }
    if (key) {
        keep_key(*std::move(key));
    }
    return ready<Commit>(commit_of(*job));
}

Future<Expected<std::vector<Commit>>> MemoryJobStore::record(std::vector<ResultGroup> groups) {
    const std::lock_guard lock{mutex_};
    std::vector<Commit> commits;
    for (auto& group : groups) {
        Job* job = find(group.job_id);
        for (auto& [result, response, extract, held, copy_of, copy] : group.results) {
            if (!copy_of && !is_terminal(result.state)) {
                throw std::logic_error{"recording a result that is not terminal"};
            }
            if (job == nullptr || result.index >= job->items.size() ||
                job->seq_of[result.index] != 0) {
                continue;
            }
            if (copy_of) {
                record_one(*job, copied(*job, *copy_of, std::move(result)));
                continue;
            }
            if (response) {
                auto payload = response->store_payload ? std::optional{std::move(response->payload)}
                                                       : std::nullopt;
                result.body = keep_body({std::move(response->head), std::move(payload)});
            }
            if (!extract.empty()) {
                result.extract = keep_body({"", std::move(extract)});
            }
            job->stored += result.body.record_length + result.extract.record_length;
            record_one(*job, std::move(result));
            if (copy) {
                keep_copy(*job, *copy);
            }
        }
        if (job != nullptr && group.completion &&
            completes(
                job->record.state, job->record.sealed, job->record.tally, job->items.size()
            )) {
            apply(*job, completing(*group.completion));
        }
        commits.push_back(job != nullptr ? commit_of(*job) : Commit{});
    }
    return ready<std::vector<Commit>>(std::move(commits));
}

void MemoryJobStore::apply(Job& job, const JobChange& wanted) {
    JobRecord& record = job.record;
    const bool was_done = is_done(record.state);
    const auto change = was_done ? without_end(wanted) : wanted;
    record.state = change.state.value_or(record.state);
    record.reason = change.reason.value_or(record.reason);
    record.sealed = change.sealed.value_or(record.sealed);
    record.open = change.open.value_or(record.open);
    record.started_at = change.started_at ? change.started_at : record.started_at;
    record.finished_at = change.finished_at ? change.finished_at : record.finished_at;
    record.expires_at = change.expires_at ? change.expires_at : record.expires_at;
    record.options = change.options.value_or(record.options);
    if (!was_done && is_done(record.state)) {
        tell_of_end(job, std::nullopt);
    }
    if (change.key) {
        keys_.insert_or_assign({change.key->tenant, change.key->key}, *change.key);
    }
}

Future<Expected<void>> MemoryJobStore::change_job(std::string job_id, JobChange change) {
    const std::lock_guard lock{mutex_};
    Job* job = find(job_id);
    if (job == nullptr) {
        return ready<void>(no_such_job(job_id));
    }
    apply(*job, change);
    return ready<void>({});
}

Future<Expected<Commit>> MemoryJobStore::cancel_rest(
    std::string job_id, failure_code code, JobChange change
) {
    const std::lock_guard lock{mutex_};
    Job* job = find(job_id);
    if (job == nullptr) {
        return ready<Commit>(no_such_job(job_id));
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

Future<Expected<std::uint64_t>> MemoryJobStore::rerun(
    std::string job_id, std::optional<RerunSelection> selection, JobChange change
) {
    const std::lock_guard lock{mutex_};
    Job* job = find(job_id);
    if (job == nullptr) {
        return ready<std::uint64_t>(no_such_job(job_id));
    }
    if (!selection) {
        return ready<std::uint64_t>(std::uint64_t{0});  // nothing ever interrupts it here
    }
    if (!is_done(job->record.state)) {
        return ready<std::uint64_t>(
            failed(failure_code::job_running, "running items again: the job is not done yet")
        );
    }
    for (std::uint64_t index = 0; index < job->items.size(); ++index) {
        auto& seq = job->seq_of[index];
        if (seq != 0 && selects(*selection, job->results[seq - 1])) {
            uncount(job->record.tally, job->results[seq - 1]);
            job->replaced[index] = std::exchange(seq, 0);
        }
    }
    if (!job->replaced.empty()) {
        job->record.state = job_state::running;  // not done: the change holds
        job->record.finished_at.reset();
        job->record.expires_at.reset();
        ++job->record.run;
        apply(*job, change);
    }
    return ready<std::uint64_t>(std::uint64_t{job->replaced.size()});
}

Future<Expected<void>> MemoryJobStore::save_key(RequestKey key) {
    const std::lock_guard lock{mutex_};
    keep_key(std::move(key));
    return ready(Expected<void>{});
}

void MemoryJobStore::keep_key(RequestKey key) {
    const std::pair name{key.tenant, key.key};
    keys_.insert_or_assign(name, std::move(key));
}

Future<Expected<std::uint64_t>> MemoryJobStore::forget_keys(WallTime before) {
    const std::lock_guard lock{mutex_};
    const auto gone =
        std::erase_if(keys_, [before](const auto& key) { return key.second.created_at < before; });
    return ready<std::uint64_t>(std::uint64_t{gone});
}

std::optional<RequestKey> MemoryJobStore::find_key(
    const std::string& tenant, const std::string& key
) {
    const std::lock_guard lock{mutex_};
    const auto found = keys_.find({tenant, key});
    return found == keys_.end() ? std::nullopt : std::optional{found->second};
}

Future<Expected<void>> MemoryJobStore::erase_job(std::string job_id) {
    const std::lock_guard lock{mutex_};
    Job* job = find(job_id);
    if (job == nullptr) {
        return ready<void>(no_such_job(job_id));
    }
    for (const auto& result : job->results) {
        bodies_.erase(result.body.segment);
        bodies_.erase(result.extract.segment);
    }
    std::erase_if(copies_, [&job_id](const auto& copy) { return copy.second.job_id == job_id; });
    jobs_.erase(job_id);
    orphan_callbacks(job_id);
    return ready<void>({});
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
    return {};
}

std::uint64_t MemoryJobStore::stored_bytes(const std::string& tenant) const {
    const std::lock_guard lock{mutex_};
    std::uint64_t sum = 0;
    for (const auto& [id, job] : jobs_) {
        sum += job.record.tenant == tenant ? job.stored : 0;
    }
    return sum;
}

Expected<std::unique_ptr<LongBody>> MemoryJobStore::begin_long_body() {
    return std::unique_ptr<LongBody>{std::make_unique<MemoryLongBody>(*this)};
}

Future<Expected<void>> MemoryJobStore::save_hosts(std::vector<HostRecord> hosts) {
    const std::lock_guard lock{mutex_};
    for (auto& host : hosts) {
        if (host.blank()) {
            hosts_.erase(host.key);
        } else {
            auto key = host.key;
            hosts_.insert_or_assign(std::move(key), std::move(host));
        }
    }
    return ready(Expected<void>{});
}

std::vector<HostRecord> MemoryJobStore::hosts() {
    const std::lock_guard lock{mutex_};
    std::vector<HostRecord> list;
    for (const auto& [key, host] : hosts_) {
        list.push_back(host);
    }
    return list;
}

}  // namespace fanfetch
