#pragma once

#include "base/expected.hpp"
#include "model/options.hpp"

#include <string>
#include <string_view>

namespace fanfetch {

/// What becomes of header values that authenticate somebody.
enum class secrets : std::uint8_t { kept, hidden };

/// Writes a job's options as one JSON object with the names of the API.
///
/// With `secrets::kept` reading the text again gives equal options, byte for byte; with `hidden`
/// the values of credential headers are "***", which is what may be shown to a caller. `metadata`
/// is carried as text, since a value would not come back with the same spelling.
///
/// Units    durations in milliseconds (`_ms`), digests in hex; a body that is not UTF-8 is
///          `{"base64": …}`
/// Threads  any thread
[[nodiscard]] std::string to_json(const JobOptions& options, secrets shown = secrets::kept);

/// How an item is fetched, in the same form.
[[nodiscard]] std::string to_json(const FetchOptions& options);

/// Reads what to_json writes. Members that are absent keep their default, so that a row written
/// before an option existed can still be read; unknown members are ignored.
///
/// Errors  internal when the text is not such an object: only our own rows are read with this
[[nodiscard]] Expected<JobOptions> job_options_from_json(std::string_view text);

/// Whether a header of this name carries credentials. Case does not matter.
[[nodiscard]] bool is_credential_header(std::string_view name) noexcept;

/// Whether a header carries credentials: by its name, or because the caller said so. It is never
/// shown, and goes to no origin but the first.
[[nodiscard]] bool is_credential(const HeaderField& field) noexcept;

}  // namespace fanfetch
