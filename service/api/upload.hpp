#pragma once

#include "api/context.hpp"
#include "api/submission_stream.hpp"
#include "base/expected.hpp"
#include "coro/loop.hpp"
#include "job/job.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace fanfetch {

/// How a submission is to be taken.
struct UploadOrder {
    std::uint64_t max_items = 10'000'000;
    bool interactive = false;  ///< a short one goes into the interactive lane and starts at once
    bool sealed = true;        ///< false: it stays open, and may be empty
    std::optional<std::string> key{};  ///< of the request, remembered together with the job
    /// The request must have this digest: it repeats one that was never answered.
    std::optional<Sha256> repeated{};
};

/// How the body of this request is read when it is a whole submission.
[[nodiscard]] SubmissionForm form_of(const HttpRequest& request, const ApiContext& context);

/// Reads the body of a submission, whatever its format, into a new job, and seals it or leaves it
/// open.
///
/// Lines are appended in chunks while the rest still comes, so memory is bounded and fetching is
/// under way before the upload ends. When it fails half-way the job ends as cancelled, with the
/// reason; what it has fetched by then stays to be seen.
///
/// Errors   api_unsupported_media, what the parsers say, what JobService::begin and JobUpload say,
///          idempotency_mismatch
/// Threads  the session's shard
awaitable<Expected<std::shared_ptr<Job>>> receive_job(
    HttpRequest& request, const ApiContext& context, UploadOrder order
);

/// Reads the body of POST /v1/jobs/{id}/items into the open job of the path. When it fails half-way
/// what it has brought by then stays, and the job goes on. With a key, which is remembered together
/// with the items, all of it is appended or nothing; for that it is gathered first, and bounded:
/// `limits.max_json_body` and `most_keyed_items`.
///
/// Errors   as above, and what JobService::append says; api_invalid for options, which are the
///          job's; api_body_too_large with a key
awaitable<Expected<std::shared_ptr<Job>>> append_items(
    HttpRequest& request, const ApiContext& context, std::optional<std::string> key
);
inline constexpr std::size_t most_keyed_items = 100'000;

/// The reply to a submission that failed.
[[nodiscard]] HttpReply upload_problem(const HttpRequest& request, const Failure& failure);

}  // namespace fanfetch
