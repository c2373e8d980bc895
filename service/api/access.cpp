#include "api/access.hpp"

#include "auth/bearer.hpp"
#include "coro/sleep.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace fanfetch {
namespace {

constexpr std::string_view challenge = "Bearer realm=\"fanfetch\"";

/// What is said whether the key is unknown or was revoked: the difference is nobody's business.
constexpr std::string_view not_valid = "reading the API key: it is not valid";

/// A reply that streams only while the key that asked for it holds.
class RevocableStream final : public ResponseStream {
public:
    RevocableStream(ResponseStream& out, const Principal& principal)
        : out_{out}, principal_{principal} {}

    awaitable<bool> write(std::string_view bytes) override {
        return principal_.revoked() ? nothing() : out_.write(bytes);
    }
    [[nodiscard]] bool gone() const noexcept override {
        return principal_.revoked() || out_.gone();
    }
    void on_gone(std::function<void()> callback) override { out_.on_gone(std::move(callback)); }

private:
    static awaitable<bool> nothing() { co_return false; }

    ResponseStream& out_;
    const Principal& principal_;
};

StreamProducer while_it_holds(StreamProducer inner, PrincipalPtr principal) {
    return [inner = std::move(inner),
            principal = std::move(principal)](ResponseStream& out) -> awaitable<void> {
        RevocableStream revocable{out, *principal};
        co_await inner(revocable);
    };
}

/// Source  draft-ietf-httpapi-ratelimit-headers-10
void set_rate_fields(HttpReply& reply, const RequestToll& toll) {
    reply.set(
        "RateLimit-Policy",
        "\"requests\";q=" + std::to_string(toll.quota) + ";w=" + std::to_string(toll.window.count())
    );
    reply.set(
        "RateLimit", "\"requests\";r=" + std::to_string(toll.remaining) +
                         ";t=" + std::to_string(toll.reset.count())
    );
}

/// What the tenant may have at a time and how much of it is left, once it has met a quota.
void set_quota_fields(HttpReply& reply, const TenantQuotas& quotas, const TenantUse& use) {
    constexpr std::string_view seconds_to_wait = "5";
    std::string policy;
    std::string left;
    const auto add = [&](std::string_view name, std::optional<std::uint64_t> quota,
                         std::uint64_t used) {
        if (quota) {
            const std::string comma = policy.empty() ? "" : ", ";
            const std::string quoted = comma + '"' + std::string{name} + '"';
            policy += quoted + ";q=" + std::to_string(*quota);
            left += quoted + ";r=" + std::to_string(*quota - std::min(*quota, used));
        }
    };
    add("jobs", quotas.max_jobs, use.jobs);
    add("queued_items", quotas.max_queued_items, use.queued_items);
    add("stored_bytes", quotas.max_stored_bytes, use.stored_bytes);
    reply.set("Retry-After", std::string{seconds_to_wait});
    reply.set("RateLimit-Policy", std::move(policy));
    reply.set("RateLimit", std::move(left));
}

std::vector<std::string_view> authorization_of(const HttpRequest& request) {
    std::vector<std::string_view> fields;
    const auto [from, to] = request.headers.equal_range(http::field::authorization);
    for (auto at = from; at != to; ++at) {
        fields.emplace_back(at->value().data(), at->value().size());
    }
    return fields;
}

}  // namespace

Access::Access(Parts parts, MetricRegistry& metrics)
    : parts_{parts},
      refusals_{metrics.counter(
          {"fanfetch_auth_refusals_total",
           "Requests that were not let in.",
           {{"reason", {"missing", "malformed", "wrong_key", "too_many", "scope", "rate"}}}}
      )} {}

awaitable<HttpReply> Access::admit(scope needed, const HttpHandler& inner, HttpRequest& request) {
    auto refused = co_await judge(needed, request);
    if (refused) {
        co_return std::move(*refused);
    }
    const auto quotas = parts_.keys->quotas(request.principal->tenant());
    std::optional<RequestToll> toll;
    if (quotas.requests_per_s) {
        toll =
            meter_.take(request.principal->tenant(), *quotas.requests_per_s, parts_.clock->now());
        if (!toll->admitted) {
            co_return too_often(*toll);
        }
    }
    auto reply = co_await inner(request);
    if (request.principal->revoked()) {
        co_return unauthorized(refusal::wrong_key, std::string{not_valid});
    }
    if (reply.problem && reply.problem->code == failure_code::quota_exceeded) {
        set_quota_fields(reply, quotas, parts_.jobs->use_of(request.principal->tenant()));
    } else if (toll) {
        set_rate_fields(reply, *toll);
    }
    if (reply.stream) {
        reply.stream = while_it_holds(std::move(reply.stream), request.principal);
    }
    co_return reply;
}

awaitable<std::optional<HttpReply>> Access::judge(scope needed, HttpRequest& request) {
    std::optional<HttpReply> refused;
    if (!parts_.keys->wanted()) {
        request.principal = parts_.keys->anyone();
        co_return refused;
    }
    const auto fields = authorization_of(request);
    const auto bearer = read_bearer(fields);
    if (bearer.kind == credentials::missing) {
        refused = unauthorized(
            refusal::missing, "reading the API key: there is none (Authorization: Bearer KEY)"
        );
        co_return refused;
    }
    if (bearer.kind == credentials::malformed) {
        refused = unauthorized(
            refusal::malformed, "reading the API key: one Authorization: Bearer KEY is wanted"
        );
        co_return refused;
    }
    request.principal = parts_.keys->find(bearer.key);
    if (!request.principal || request.principal->revoked()) {
        refused = co_await refuse_wrong_key(request);
        co_return refused;
    }
    if (!request.principal->scopes().has(needed)) {
        refused = forbidden(needed);
    }
    co_return refused;
}

/// The answer to a wrong key comes the later, the more of them the peer has shown.
awaitable<HttpReply> Access::refuse_wrong_key(const HttpRequest& request) {
    constexpr std::string_view seconds_to_wait = "2";
    const auto pause = throttle_.pause(request.peer, parts_.clock->now());
    if (!pause) {
        count(refusal::too_many);
        auto reply = problem_reply(failed(
            failure_code::api_too_many_wrong_keys, "reading the API key: too many wrong ones"
        ));
        reply.set("Retry-After", std::string{seconds_to_wait});
        reply.close = true;
        co_return reply;
    }
    // No more lines than the throttle lets through, however many keys are tried.
    parts_.log->warn("wrong_key", {{"peer", request.peer}, {"request_id", request.request_id}});
    if (*pause > std::chrono::milliseconds{0}) {
        co_await sleep(*pause);
    }
    co_return unauthorized(refusal::wrong_key, std::string{not_valid});
}

/// Source  RFC 9110 §11.6.1, RFC 6750 §3
HttpReply Access::unauthorized(refusal why, std::string detail) {
    count(why);
    auto reply = problem_reply(failed(failure_code::api_unauthorized, std::move(detail)));
    std::string value{challenge};
    if (why == refusal::wrong_key) {
        value += ", error=\"invalid_token\"";
    } else if (why == refusal::malformed) {
        value += ", error=\"invalid_request\"";
    }
    reply.set("WWW-Authenticate", std::move(value));
    return reply;
}

HttpReply Access::forbidden(scope needed) {
    count(refusal::scope);
    const std::string word{to_string(needed)};
    auto reply = problem_reply(failed(
        failure_code::api_forbidden, "reading the API key: it does not have the scope " + word
    ));
    reply.set(
        "WWW-Authenticate",
        std::string{challenge} + ", error=\"insufficient_scope\", scope=\"" + word + '"'
    );
    return reply;
}

HttpReply Access::too_often(const RequestToll& toll) {
    count(refusal::rate);
    auto reply = problem_reply(failed(
        failure_code::quota_exceeded, "admitting the request: the tenant may ask " +
                                          std::to_string(toll.quota) + " times in " +
                                          std::to_string(toll.window.count()) + " s"
    ));
    reply.set("Retry-After", std::to_string(toll.wait.count()));
    set_rate_fields(reply, toll);
    return reply;
}

void Access::count(refusal why) const noexcept {
    refusals_.elsewhere(static_cast<std::size_t>(why)).add_shared();
}

}  // namespace fanfetch
