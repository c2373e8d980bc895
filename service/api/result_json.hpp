#pragma once

#include "api/result_fields.hpp"
#include "model/job_record.hpp"
#include "store/job_store.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// How results of one job are shown. What it refers to outlives it.
struct ResultView {
    std::string_view job_id;
    const FetchOptions& options;  ///< of the job: they say which failures are worth another try
    ResultFields fields;
};

/// What a result is shown with besides its row; read only where the fields ask for it.
struct ResultParts {
    item_state state = item_state::queued;    ///< of an item without a result
    std::string_view waiting_for;             ///< of an item that waits: why …
    std::optional<WallTime> not_before;       ///< … and until when
    std::string_view head;                    ///< stored header block: status line and fields
    std::optional<std::string_view> payload;  ///< nullopt: not stored, or too large to be inlined
    std::string_view extract{};               ///< what was taken out of the document, as JSON
};

/// Appends one result as a JSON object, straight into the text: a stream of a million lines builds
/// no documents.
///
/// Members without a value are null; `wire_size`, `reused`, `waiting_for`, `not_before` stand only
/// where they apply. Header names are lower-case; a field that occurs several times is a list.
///
/// Units   times in microseconds, sizes in bytes
/// Errors  none: every row has a text
void append_result(
    std::string& out, const ItemRow& row, const ResultView& view, const ResultParts& parts = {}
);

/// Appends a problem document without instance, as an item carries it: `error`.
void append_item_error(
    std::string& out, failure_code code, std::uint16_t status, std::string_view detail,
    const RetryOptions& retry
);

/// What is known of a running job's pace.
struct JobPace {
    double rate_per_s = 0;
    std::optional<std::chrono::milliseconds> eta;
};

/// Appends a job as the API shows it.
void append_job(
    std::string& out, const JobRecord& record, const ItemCounts& counts, const JobPace& pace
);

/// Appends `{"total": …}`, the counts of a job's items.
void append_counts(std::string& out, const ItemCounts& counts);

/// Appends the last line of a followed stream, without its line end.
void append_stream_end(std::string& out, job_state state, const ItemCounts& counts);

/// The largest body that is inlined.
inline constexpr std::uint64_t longest_inlined_body = 64U << 10U;

}  // namespace fanfetch
