#pragma once

#include "client/api_request.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// Which items of a job: the filters that lists, reports and exports share.
struct ItemFilter {
    std::string state;
    std::string code;
    std::string host;
};

/// The arguments of `fanfetch results` as they were given.
struct ResultsOptions {
    std::string job;
    ItemFilter filter;
    std::string order;  ///< "submitted" or "completed"; empty: as the service has it
    std::string fields;
    std::string include;
    std::uint64_t after = 0;
    bool follow = false;
};

/// Where a reader of a stream is, so that it can go on after the connection broke.
struct StreamPosition {
    bool by_index = false;                 ///< results come in submission order
    std::uint64_t seq = 0;                 ///< of the last result that was seen
    std::optional<std::uint64_t> index{};  ///< of the last one in submission order
};

/// Asks for the results behind `position`. Those in the order of completion are asked for by seq;
/// those in submission order from the beginning, since the API gives no place to go on from: who
/// reads them passes over what was seen.
///
/// A stream that is followed by seq ends by itself now and then, so that a silence is not taken for
/// a connection that is gone.
[[nodiscard]] ApiRequest results_request(
    const ResultsOptions& options, const StreamPosition& position
);

/// Whether results come in the order in which they were completed.
[[nodiscard]] bool by_completion(const ResultsOptions& options) noexcept;

/// The arguments of `fanfetch events`.
struct EventsOptions {
    std::string job;
    std::uint64_t after = 0;
    bool progress_only = false;
};

/// `last_id` is that of the last event that was seen, or empty.
[[nodiscard]] ApiRequest events_request(const EventsOptions& options, std::string_view last_id);

/// The arguments of `fanfetch export`.
struct ExportOptions {
    std::string job;
    ItemFilter filter;
    std::string format;  ///< empty: that of the file's name, else ndjson
    std::string output;  ///< a file, or "-"; empty: the job's name and the format's
};

/// The format that is meant.
[[nodiscard]] std::string export_format(const ExportOptions& options);
[[nodiscard]] std::string export_file(const ExportOptions& options);
[[nodiscard]] ApiRequest export_request(const ExportOptions& options);
[[nodiscard]] const std::vector<std::string>& export_formats();

[[nodiscard]] ApiRequest job_request(std::string_view job);
[[nodiscard]] ApiRequest jobs_request(std::uint64_t most);

/// Looks at a job again when enough of it is done, or after `limit`.
[[nodiscard]] ApiRequest job_wait_request(
    std::string_view job, std::string_view return_when, std::chrono::milliseconds limit
);
/// The same for several jobs; which of them are done is the answer.
[[nodiscard]] ApiRequest jobs_wait_request(
    const std::vector<std::string>& jobs, std::string_view return_when,
    std::chrono::milliseconds limit
);

[[nodiscard]] ApiRequest cancel_request(std::string_view job, bool drain);

/// The arguments of `fanfetch retry` but for the jobs.
struct RetryOrder {
    std::vector<std::string> states;
    std::vector<std::string> codes;
    std::vector<std::uint64_t> indexes;
};
[[nodiscard]] ApiRequest retry_request(std::string_view job, const RetryOrder& options);

}  // namespace fanfetch
