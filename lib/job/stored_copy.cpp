#include "job/stored_copy.hpp"

#include "fetch/body_collector.hpp"
#include "fetch/hasher.hpp"
#include "fetch/reuse.hpp"

#include <algorithm>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::size_t piece = 256U << 10U;

Failure damaged() {
    return failed(failure_code::internal, "reading a stored copy: it is not what was stored");
}

Expected<std::string> read_short(JobStore& store, const ItemResult& result) {
    auto payload = store.read_payload(result.body, 0, static_cast<std::size_t>(result.size));
    if (!payload) {
        return payload.error();
    }
    Sha256Hasher hasher;
    hasher.reset();
    hasher.update(*payload);
    if (payload->size() != result.size || hasher.digest() != result.sha256) {
        return damaged();
    }
    return payload;
}

/// Copies a body from its record into one of its own.
Expected<BodyRef> copy_long(
    JobStore& store, const ItemResult& result, const ResponseRecord& response
) {
    auto body = store.begin_long_body();
    if (!body) {
        return body.error();
    }
    Sha256Hasher hasher;
    hasher.reset();
    for (std::uint64_t at = 0; at < result.size;) {
        const auto bytes = store.read_payload(result.body, at, piece);
        if (!bytes) {
            return bytes.error();
        }
        if (bytes->empty()) {
            return damaged();
        }
        if (auto written = (*body)->append(*bytes); !written) {
            return written.error();
        }
        hasher.update(*bytes);
        at += bytes->size();
    }
    if (hasher.digest() != result.sha256) {
        return damaged();
    }
    return (*body)->finish(response, *result.sha256);
}

/// Whether the body's bytes are accounted for; those of a short one always are.
bool fits(MemoryShare& share, std::uint64_t size) {
    return size <= BodyCollector::most_in_memory &&
           (size <= MemoryBudget::free_of_charge || share.try_grow(size));
}

}  // namespace

std::optional<CopyTerms> copy_terms_of(
    const RequestDigest& digest, WallTime asked_at, const FetchOutcome& outcome, WallTime now
) {
    asked_at = std::min(asked_at, now);
    const auto freshness = freshness_of(outcome, asked_at, now);
    if (!freshness) {
        return std::nullopt;
    }
    return CopyTerms{digest, asked_at, freshness->born_at, freshness->fresh_until};
}

Expected<CopyInHand> read_copy(JobStore& store, const CopyOrder& order) {
    const auto& result = order.copy.result;
    if (!result.body.has_payload || !result.sha256) {
        return failed(failure_code::body_not_stored, "reading a stored copy: it has no body");
    }
    const auto stored = store.read_head(result.body);
    if (!stored) {
        return stored.error();
    }
    CopyInHand hand;
    auto& outcome = hand.outcome;
    outcome.status = result.status;
    outcome.content_type = result.content_type;
    outcome.http_version = result.http_version;
    outcome.size = result.size;
    outcome.sha256 = result.sha256;
    outcome.keep_payload = order.keep_payload;
    if (order.memory != nullptr) {
        outcome.memory = MemoryShare{*order.memory};
    }
    const bool in_memory = order.memory == nullptr ? result.size <= BodyCollector::most_in_memory
                                                   : fits(outcome.memory, result.size);
    if (in_memory) {
        auto payload = read_short(store, result);
        if (!payload) {
            return payload.error();
        }
        outcome.payload = std::move(*payload);
    } else {
        ResponseRecord response;
        response.target_url = order.url;
        response.head = *stored;
        response.fetched_at = order.copy.terms.fetched_at;
        auto body = copy_long(store, result, response);
        if (!body) {
            return body.error();
        }
        hand.body = *body;
        outcome.keep_payload = true;
    }
    outcome.head = *stored;
    return hand;
}

}  // namespace fanfetch
