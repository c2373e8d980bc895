#pragma once

#include "api/context.hpp"
#include "api/request_keys.hpp"
#include "store/job_store.hpp"

#include <memory>
#include <optional>
#include <string>

namespace fanfetch {

/// A request that came with an Idempotency-Key, or without one.
struct KeyedRequest {
    std::optional<std::string> key;
    /// The same request was carried out before: this is what it came to.
    std::optional<RequestKey> known;
    std::shared_ptr<const void> hold;  ///< while it lives, repetitions are told to come later
};

/// Looks whether the request repeats one that came before.
///
/// Errors  idempotency_key_invalid; idempotency_in_progress while another request with the key is
///         being carried out
awaitable<Expected<KeyedRequest>> begin_keyed(HttpRequest& request, const ApiContext& context);
[[nodiscard]] HttpReply keyed_problem(const Failure& failure);

/// Reads the body of a request that repeats `known`. Errors: idempotency_mismatch when it is
/// another one.
awaitable<Expected<void>> same_request(HttpRequest& request, const RequestKey& known);

/// The answer to a repetition: the first one again; where a crash came before it, the job as it is
/// now, and `location` when there is one.
awaitable<HttpReply> replay(
    HttpRequest& request, const ApiContext& context, RequestKey known, std::string location
);

/// Makes the answer durable before it is sent.
awaitable<Expected<void>> keep_answer(
    const HttpRequest& request, const ApiContext& context, const std::string& key,
    const HttpReply& reply
);

}  // namespace fanfetch
