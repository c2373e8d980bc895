#pragma once

#include "auth/live_keys.hpp"
#include "auth/request_meter.hpp"
#include "auth/scope.hpp"
#include "auth/wrong_key_throttle.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/time.hpp"
#include "http/server_types.hpp"
#include "job/job_service.hpp"

#include <cstdint>
#include <optional>

namespace fanfetch {

/// Why a request was not let in; in the order of the metric's label.
enum class refusal : std::uint8_t { missing, malformed, wrong_key, too_many, scope, rate };

/// Stands in front of the routes: finds out who asks and whether the key allows it.
///
/// The key is judged on the head of the request, before anything of the body is read. It is judged
/// again at the end, and all the while a reply streams, so that a revoked key gets nothing more.
///
/// Threads  any shard
class Access {
public:
    struct Parts {
        const LiveKeys* keys = nullptr;
        const Clock* clock = nullptr;
        Logger* log = nullptr;
        const JobService* jobs = nullptr;  ///< knows what a tenant has
    };

    Access(Parts parts, MetricRegistry& metrics);

    /// Answers with what `inner` says, when the key that the request shows has the scope.
    ///
    /// `inner` outlives the coroutine. It finds who asks in HttpRequest::principal.
    awaitable<HttpReply> admit(scope needed, const HttpHandler& inner, HttpRequest& request);

private:
    awaitable<std::optional<HttpReply>> judge(scope needed, HttpRequest& request);
    awaitable<HttpReply> refuse_wrong_key(const HttpRequest& request);
    HttpReply unauthorized(refusal why, std::string detail);
    HttpReply forbidden(scope needed);
    HttpReply too_often(const RequestToll& toll);
    void count(refusal why) const noexcept;

    Parts parts_;
    WrongKeyThrottle throttle_;
    RequestMeter meter_;
    Counter refusals_;
};

}  // namespace fanfetch
