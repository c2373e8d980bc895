#include "api/result_list.hpp"

#include "coro/run_in_executor.hpp"
#include "http/router_query.hpp"
#include "job/host_key.hpp"
#include "model/code_pattern.hpp"
#include "model/item_extras.hpp"

#include <algorithm>
#include <utility>

namespace fanfetch {
namespace {

std::vector<std::string> words_of(std::string_view list) {
    std::vector<std::string> words;
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        words.emplace_back(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return words;
}

/// Where an item is; an item that no shard has is queued.
ItemPosition position_of(const ItemRow& row, const ItemPositions& positions) {
    ItemPosition position;
    position.index = row.item.index;
    if (row.result) {
        position.state = row.result->state;
    } else if (positions) {
        const auto found =
            std::ranges::lower_bound(*positions, row.item.index, {}, &ItemPosition::index);
        if (found != positions->end() && found->index == row.item.index) {
            position = *found;
        }
    }
    return position;
}

/// A filter that lets hardly anything through ends its page after this many rows, about a tenth of
/// a second; the next page goes on from there.
constexpr std::size_t most_looked_at = 50'000;

constexpr std::size_t longest_extract = std::size_t{64} << 20U;  // more is never written

bool has_head(const ItemRow& row) {
    return row.result && row.result->body.segment != 0;
}

}  // namespace

bool ResultFilter::matches(const ItemRow& row) const {
    if (states && !states->test(static_cast<std::size_t>(position_of(row, positions).state))) {
        return false;
    }
    if (!codes.empty()) {
        if (!row.result || row.result->code == failure_code::none) {
            return false;
        }
        const auto code = dotted(row.result->code, row.result->status);
        if (std::ranges::none_of(codes, [&code](const auto& pattern) {
                return matches_pattern(pattern, code);
            })) {
            return false;
        }
    }
    return host.empty() || host == host_name_of(row.item.url) || host == host_key_of(row.item.url);
}

Expected<ResultFilter> read_result_filter(const QueryParameters& query) {
    ResultFilter filter;
    if (const auto* text = find_parameter(query, "state")) {
        filter.states.emplace();
        for (const auto& word : words_of(*text)) {
            const auto state = parse_item_state(word);
            if (!state) {
                return failed(failure_code::api_bad_parameter, "reading state: no such state");
            }
            filter.states->set(static_cast<std::size_t>(*state));
        }
    }
    if (const auto* text = find_parameter(query, "code")) {
        filter.codes = words_of(*text);
    }
    if (const auto* text = find_parameter(query, "host")) {
        filter.host = *text;
    }
    if (const auto* text = find_parameter(query, "fields")) {
        if (auto kept = filter.fields.keep(*text); !kept) {
            return kept.error();
        }
    }
    if (const auto* text = find_parameter(query, "include")) {
        if (auto included = filter.fields.include(*text); !included) {
            return included.error();
        }
    }
    return filter;
}

std::string result_text(
    JobStore& store, const JobRecord& job, const ItemRow& row, const ResultFields& fields,
    const ItemPositions& positions
) {
    ResultParts parts;
    const auto position = position_of(row, positions);
    parts.state = position.state;
    parts.waiting_for = to_string(position.waiting_for);
    parts.not_before = position.not_before;
    std::string head;
    std::string payload;
    if (has_head(row) && fields.has(result_member::headers)) {
        if (auto read = store.read_head(row.result->body)) {
            head = std::move(*read);
            parts.head = head;
        }
    }
    if (has_head(row) && fields.has(result_member::body) && row.result->body.has_payload &&
        row.result->size <= longest_inlined_body) {
        if (auto read = store.read_payload(row.result->body, 0, row.result->size)) {
            payload = std::move(*read);
            parts.payload = payload;
        }
    }
    std::string extract;
    if (row.result && row.result->extract.segment != 0 && fields.has(result_member::extract)) {
        if (auto read = store.read_payload(row.result->extract, 0, longest_extract)) {
            extract = std::move(*read);
            parts.extract = extract;
        }
    }
    std::string text;
    append_result(text, row, ResultView{job.id, job.options.fetch, fields}, parts);
    return text;
}

ResultBatch read_results(
    JobStore& store, const JobRecord& job, const ResultFilter& filter, BatchLimits limits
) {
    ResultBatch batch;
    batch.next = filter.after;
    std::size_t looked_at = 0;
    while (looked_at < most_looked_at && batch.texts.size() < limits.results &&
           batch.bytes < limits.bytes) {
        ResultQuery query;
        query.job_id = job.id;
        query.after = batch.next;
        // A filter may pass over most of what is read, so it reads in larger steps.
        constexpr std::size_t filtered_step = 1000;
        query.limit = filter.filters() ? filtered_step : limits.results - batch.texts.size();
        query.max_bytes = limits.bytes - batch.bytes;
        query.with_attempts = filter.fields.has(result_member::attempts);
        const bool completed = filter.order == result_order::completed;
        const auto rows = completed ? store.results_by_seq(query) : store.items_by_index(query);
        if (rows.empty()) {
            batch.exhausted = true;
            return batch;
        }
        looked_at += rows.size();
        for (const auto& row : rows) {
            if (batch.texts.size() == limits.results || batch.bytes >= limits.bytes) {
                return batch;
            }
            batch.next = completed ? row.result->seq : row.item.index + 1;
            if (filter.matches(row)) {
                batch.texts.push_back(result_text(store, job, row, filter.fields, filter.positions)
                );
                batch.bytes += batch.texts.back().size();
            }
        }
    }
    return batch;
}

awaitable<ItemPositions> positions_of(JobService& jobs, const JobSnapshot& job) {
    if (job.done()) {
        co_return nullptr;
    }
    auto positions = co_await jobs.positions(job.record.id);
    co_return std::make_shared<const std::vector<ItemPosition>>(std::move(positions));
}

awaitable<ResultBatch> next_results(
    JobService& jobs, JobSnapshotPtr job, ResultFilter filter, BatchLimits limits
) {
    if (filter.order == result_order::submitted && !filter.positions) {
        filter.positions = co_await positions_of(jobs, *job);
    }
    auto read = [store = &jobs.store(), job, filter, limits] {
        return read_results(*store, job->record, filter, limits);
    };
    auto batch = co_await run_in_executor(jobs.blocking(), std::move(read));
    co_return batch;
}

}  // namespace fanfetch
