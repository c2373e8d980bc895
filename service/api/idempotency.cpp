#include "api/idempotency.hpp"

#include "api/idempotency_key.hpp"
#include "api/job_reply.hpp"
#include "api/upload_body.hpp"
#include "coro/await_future.hpp"
#include "coro/run_in_executor.hpp"

#include <iterator>
#include <utility>

namespace fanfetch {

awaitable<Expected<KeyedRequest>> begin_keyed(HttpRequest& request, const ApiContext& context) {
    KeyedRequest keyed;
    const auto [from, to] = request.headers.equal_range("Idempotency-Key");
    if (from == to) {
        co_return keyed;
    }
    if (std::distance(from, to) > 1) {
        co_return failed(
            failure_code::idempotency_key_invalid, "reading the Idempotency-Key: there are several"
        );
    }
    auto key = parse_idempotency_key({from->value().data(), from->value().size()});
    if (!key) {
        co_return key.error();
    }
    const auto& tenant = tenant_of(request);
    keyed.hold = context.request_keys->begin(tenant, *key);
    if (!keyed.hold) {
        co_return failed(
            failure_code::idempotency_in_progress,
            "reading the Idempotency-Key: the first request with it is not answered yet"
        );
    }
    auto look = [store = &context.jobs->store(), tenant, key = *key] {
        return store->find_key(tenant, key);
    };
    keyed.known = co_await run_in_executor(context.jobs->blocking(), std::move(look));
    keyed.key = *std::move(key);
    co_return keyed;
}

HttpReply keyed_problem(const Failure& failure) {
    auto reply = problem_reply(failure);
    if (failure.code == failure_code::idempotency_in_progress) {
        reply.set("Retry-After", "1");
    }
    return reply;
}

awaitable<Expected<void>> same_request(HttpRequest& request, const RequestKey& known) {
    auto body = UploadBody::open(request);
    if (!body) {
        co_return body.error();
    }
    body->begin_digest();
    const auto digest = co_await body->digest_rest();
    if (!digest) {
        co_return digest.error();
    }
    if (*digest != known.digest) {
        co_return failed(
            failure_code::idempotency_mismatch,
            "reading the Idempotency-Key: it was used for another request"
        );
    }
    co_return Expected<void>{};
}

awaitable<HttpReply> replay(
    HttpRequest& request, const ApiContext& context, RequestKey known, std::string location
) {
    const auto same = co_await same_request(request, known);
    if (!same) {
        co_return problem_reply(same.error());
    }
    if (auto first = unpack_reply(known.answer)) {
        co_return *std::move(first);
    }
    const auto job = co_await context.jobs->find(known.job_id, known.tenant);
    if (!job) {
        co_return problem_reply(job.error());
    }
    auto reply = job_reply(http::status::accepted, **job);
    if (!location.empty()) {
        reply.set("Location", std::move(location));
    }
    const auto kept = co_await keep_answer(request, context, known.key, reply);
    if (!kept) {
        co_return problem_reply(kept.error());
    }
    co_return reply;
}

awaitable<Expected<void>> keep_answer(
    const HttpRequest& request, const ApiContext& context, const std::string& key,
    const HttpReply& reply
) {
    auto look = [store = &context.jobs->store(), tenant = tenant_of(request), key] {
        return store->find_key(tenant, key);
    };
    auto known = co_await run_in_executor(context.jobs->blocking(), std::move(look));
    if (!known) {
        co_return failed(failure_code::internal, "keeping the answer: the key is not remembered");
    }
    known->answer = pack_reply(reply);
    auto saved = co_await await_future(context.jobs->store().save_key(*std::move(known)));
    co_return saved;
}

}  // namespace fanfetch
