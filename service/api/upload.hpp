#pragma once

#include "api/context.hpp"
#include "base/expected.hpp"
#include "coro/loop.hpp"
#include "job/job.hpp"

#include <cstdint>
#include <memory>

namespace fanfetch {

/// How a submission is to be taken.
struct UploadOrder {
    std::uint64_t max_items = 10'000'000;
    bool interactive = false;  ///< a short one goes into the interactive lane and starts at once
};

/// Reads the body of a submission, whatever its format, into a new job and seals it.
///
/// Lines are appended in chunks while the rest still comes, so memory is bounded and fetching is
/// under way before the upload ends. When it fails half-way the job ends as cancelled, with the
/// reason; what it has fetched by then stays to be seen.
///
/// Errors   api_unsupported_media, what the parsers say, what JobService::begin and JobUpload say
/// Threads  the session's shard
awaitable<Expected<std::shared_ptr<Job>>> receive_job(
    HttpRequest& request, const ApiContext& context, UploadOrder order
);

}  // namespace fanfetch
