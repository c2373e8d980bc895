#pragma once

#include "base/expected.hpp"
#include "model/item.hpp"
#include "model/options.hpp"
#include "model/options_reader.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace fanfetch {

/// What a job may ask for at most.
struct SubmissionLimits {
    OptionLimits options;
    std::uint64_t max_items = 10'000'000;  ///< of one job, appended ones included
};

/// What reading a submission depends on besides its bytes.
struct SubmissionContext {
    SubmissionLimits limits;
    JobOptions options;  ///< what holds where the body says nothing
    WallTime now{};
    std::uint64_t first_index = 0;  ///< of the first item: how many the job has already
    bool takes_options = true;      ///< a first line may give some
    bool may_be_empty = false;      ///< `?sealed=false`: items may come later
};

/// A job as a client asked for it.
struct Submission {
    JobOptions options;
    std::vector<Item> items;
};

/// Reads the JSON body of POST /v1/jobs, /v1/gather and /v1/validate: `urls` (texts) or `requests`
/// (texts or objects), and `options`.
///
/// A URL that cannot be read becomes an item with a failure; everything else that is wrong refuses
/// the whole body.
///
/// Errors   api_bad_request (no JSON), api_invalid with a pointer, job_empty, job_too_many_items
/// Threads  any thread
[[nodiscard]] Expected<Submission> parse_submission(
    std::string_view body, const SubmissionContext& context
);

/// Reads the JSON body of POST /v1/jobs/{id}/items: as above without `options`, judged by those of
/// the job, `context.options`.
[[nodiscard]] Expected<std::vector<Item>> parse_more_items(
    std::string_view body, const SubmissionContext& context
);

}  // namespace fanfetch
