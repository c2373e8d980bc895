#include "support/store_samples.hpp"

#include <cstdlib>
#include <set>
#include <stdexcept>
#include <utility>

namespace fanfetch::testing {

StoreDirectory::StoreDirectory() {
    auto pattern = (std::filesystem::temp_directory_path() / "fanfetch_store_XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error{"making a directory for the test"};
    }
    path_ = pattern;
}

StoreDirectory::~StoreDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

JobRecord sample_job(const std::string& id) {
    JobRecord job;
    job.id = id;
    job.tenant = "acme";
    job.options.tags = {"nightly", "flags"};
    job.options.metadata = R"({"owner":"ops"})";
    job.created_at = sample_time;
    return job;
}

std::vector<Item> sample_items(std::uint64_t first, std::size_t count) {
    std::vector<Item> items;
    for (auto index = first; index < first + count; ++index) {
        items.push_back({index, "http://origin.test/" + std::to_string(index), {}, {}});
    }
    return items;
}

std::string sample_body(std::uint64_t index) {
    return "body of " + std::to_string(index);
}

ResultToRecord sample_success(std::uint64_t index) {
    ResultToRecord done;
    done.result.index = index;
    done.result.state = item_state::succeeded;
    done.result.status = 200;
    done.result.attempts_made = 1;
    done.result.content_type = "text/plain";
    done.result.http_version = "1.1";
    done.result.size = done.result.wire_size = sample_body(index).size();
    done.result.started_at = done.result.finished_at = sample_time;
    Attempt attempt;
    attempt.started_at = sample_time;
    attempt.remote_address = "192.0.2.1:80";
    attempt.status = 200;
    done.result.attempts.push_back(std::move(attempt));
    ResponseRecord response;
    response.target_url = "http://origin.test/" + std::to_string(index);
    response.head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
    response.payload = sample_body(index);
    response.remote_address = "192.0.2.1";
    response.fetched_at = sample_time;
    done.response = std::move(response);
    return done;
}

ResultToRecord sample_failure(std::uint64_t index) {
    ResultToRecord done;
    done.result.index = index;
    done.result.state = item_state::failed;
    done.result.code = failure_code::connect_refused;
    done.result.detail = "connecting to 192.0.2.1:80: connection refused";
    done.result.attempts_made = 3;
    done.result.started_at = done.result.finished_at = sample_time;
    return done;
}

std::vector<ItemResult> all_results(JobStore& store, const std::string& job_id) {
    std::vector<ItemResult> results;
    while (true) {
        const auto page = store.results_by_seq(
            {.job_id = job_id,
             .after = results.empty() ? 0 : results.back().seq,
             .limit = 250,
             .with_attempts = true}
        );
        for (const auto& row : page) {
            results.push_back(row.result.value());
        }
        if (page.empty()) {
            return results;
        }
    }
}

std::string fault_of(JobStore& store, const std::string& job_id) {
    const auto job = store.find_job(job_id);
    if (!job) {
        return "the job is missing";
    }
    JobTally recount;
    std::set<std::uint64_t> indexes;
    std::uint64_t seq = 0;
    for (const auto& result : all_results(store, job_id)) {
        // A result that was replaced by one of a later run leaves a gap.
        const bool in_place = job->run > 1 ? result.seq > seq : result.seq == seq + 1;
        if (const auto before = std::exchange(seq, result.seq); !in_place) {
            seq = before + 1;
            return "seq " + std::to_string(result.seq) + " stands where " + std::to_string(seq) +
                   " belongs";
        }
        if (!indexes.insert(result.index).second || result.index >= job->total) {
            return "item " + std::to_string(result.index) + " has a result too many";
        }
        count(recount, result);
        const auto item = store.find_item(job_id, result.index);
        if (!item || !item->result || item->result->seq != result.seq) {
            return "item " + std::to_string(result.index) + " does not know its result";
        }
        if (result.body.segment != 0) {
            const auto body = store.read_payload(result.body, 0, 1U << 20U);
            if (!body || *body != sample_body(result.index)) {
                return "item " + std::to_string(result.index) + " has another body";
            }
        }
    }
    if (job->run == 1 ? job->last_seq != seq : job->last_seq < seq) {
        return "last_seq is not the last";
    }
    if (!(job->tally == recount) || recount.terminal() != indexes.size()) {
        return "the tally is not what a recount gives";
    }
    return {};
}

}  // namespace fanfetch::testing
