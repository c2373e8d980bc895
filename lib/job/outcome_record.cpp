#include "job/outcome_record.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace fanfetch {
namespace {

item_state state_of(failure_code code) noexcept {
    using enum failure_code;
    if (code == none) {
        return item_state::succeeded;
    }
    return code == http_not_modified || code == policy_robots ? item_state::skipped
                                                              : item_state::failed;
}

std::string_view why_unfetched(failure_code code) {
    switch (code) {
        case failure_code::policy_breaker_open:
            return "waiting for the host: it could not be reached, and another try failed";
        case failure_code::internal:
            return "fetching the item: the service could not go on with it, see its log";
        default:
            return "waiting for the host: the item's deadline has passed";
    }
}

std::string address_without_port(std::string_view endpoint) {
    auto address = endpoint.substr(0, endpoint.rfind(':'));
    if (address.starts_with('[')) {
        address = address.substr(1, address.size() - 2);
    }
    return std::string{address};
}

}  // namespace

std::optional<ResponseRecord> response_of(
    FetchOutcome& outcome, std::string url, WallTime fetched_at
) {
    if (outcome.head.empty()) {
        return std::nullopt;
    }
    ResponseRecord record;
    record.target_url = outcome.final_url.empty() ? std::move(url) : outcome.final_url;
    record.head = std::move(outcome.head);
    record.payload = std::move(outcome.payload);
    record.store_payload = outcome.keep_payload;
    record.remote_address = address_without_port(outcome.attempt.remote_address);
    record.fetched_at = fetched_at;
    return record;
}

ResultToRecord record_of(PendingItem&& item, FetchOutcome&& outcome, WallTime now) {
    ResultToRecord record;
    auto& result = record.result;
    result.index = item.item.index;
    result.state = state_of(outcome.code);
    result.code = outcome.code;
    result.status = outcome.status;
    result.started_at = item.started_at;
    result.finished_at = std::max(now, item.started_at);
    result.timing = outcome.attempt.timing;
    result.size = outcome.size;
    result.wire_size = outcome.wire_size;
    result.sha256 = outcome.sha256;
    result.detail = outcome.detail;
    record.response = response_of(outcome, std::move(item.item.url), item.started_at);
    if (outcome.memory.bytes() > 0) {
        record.held = std::make_shared<MemoryShare>(std::move(outcome.memory));
    }
    result.final_url = std::move(outcome.final_url);
    result.content_type = std::move(outcome.content_type);
    result.http_version = std::move(outcome.http_version);
    outcome.attempt.code = outcome.code;
    outcome.attempt.status = outcome.status;
    outcome.attempt.detail = std::move(outcome.detail);
    item.attempts.push_back(std::move(outcome.attempt));
    result.attempts_made = static_cast<std::uint16_t>(item.attempts.size());
    result.attempts = std::move(item.attempts);
    return record;
}

ResultToRecord unfetched_record(PendingItem&& item, failure_code code, WallTime now) {
    ResultToRecord record;
    auto& result = record.result;
    result.index = item.item.index;
    result.state = state_of(code);
    result.code = code;
    result.started_at = item.started_at;
    result.finished_at = std::max(now, item.started_at);
    result.detail = why_unfetched(code);
    if (!item.attempts.empty()) {
        result.timing = item.attempts.back().timing;
    }
    result.attempts_made = static_cast<std::uint16_t>(item.attempts.size());
    result.attempts = std::move(item.attempts);
    return record;
}

}  // namespace fanfetch
