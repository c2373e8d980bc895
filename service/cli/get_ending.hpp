#pragma once

#include "base/failure.hpp"
#include "batch/batch_counts.hpp"
#include "cli/command_line.hpp"
#include "fetch/fetcher.hpp"
#include "model/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace fanfetch {

/// How one URL of the list ended, for whoever reads about it.
struct GetEnding {
    std::uint64_t index = 0;  ///< in the list, counted from 0
    std::uint64_t line = 0;   ///< of the input, counted from 1; 0: an argument
    std::string url;          ///< as it was given, if it could not be read
    item_end end = item_end::error;
    std::uint16_t status = 0;  ///< 0: no response
    std::string code;          ///< of the failure; empty: none
    std::string reason;        ///< of the failure, for people: "HTTP 503 Service Unavailable"
    std::string file;          ///< where it is; empty: nowhere
    std::string final_url;     ///< empty: no redirect was followed
    std::string content_type;
    std::uint64_t size = 0;  ///< bytes, decoded
    std::optional<Sha256> sha256;
    int attempts = 0;
    std::chrono::milliseconds elapsed{0};
};

/// 404 is its own kind of end, every other failure is an error.
[[nodiscard]] item_end end_of(failure_code code, std::uint16_t status) noexcept;

/// Takes over what an outcome says of the end; where it came from is the caller's to fill in.
void describe(GetEnding& ending, const FetchOutcome& outcome);

/// Makes the end an error of its own, whatever it was.
void fail(GetEnding& ending, const Failure& failure);

/// One JSON object, with the end of its line.
[[nodiscard]] std::string json_line(const GetEnding& ending);

/// One line for people about an item that is not ok: "not found: http://a.test/x: HTTP 404 Not
/// Found". Whatever strangers put into it, nothing in it moves a terminal's cursor.
[[nodiscard]] std::string failure_line(const GetEnding& ending);

/// The last object of the JSON output: {"summary":{…}}.
[[nodiscard]] std::string json_summary(
    const BatchCounts& counts, std::chrono::milliseconds elapsed, std::uint64_t bytes
);

/// What the program ends with.
[[nodiscard]] exit_code exit_code_of(const BatchCounts& counts, bool interrupted) noexcept;

}  // namespace fanfetch
