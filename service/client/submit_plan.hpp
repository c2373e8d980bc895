#pragma once

#include "base/expected.hpp"
#include "client/api_request.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// The arguments of `fanfetch submit` as they were given.
struct SubmitOptions {
    std::vector<std::string> urls;
    std::optional<std::string> input;  ///< a file, or "-"
    std::string format = "auto";
    std::string options;  ///< JSON, see job options; or "@FILE"
    std::string idempotency_key;
    bool open = false;
    bool wait = false;
};

/// How the body of a submit is made of its input.
enum class submit_form {
    in_request,      ///< it is in the request already
    as_it_is,        ///< the input, byte for byte
    options_before,  ///< a line with the options, then the input
    list_to_ndjson,  ///< a line with the options, then a JSON string for each line
};

struct SubmitPlan {
    ApiRequest request;
    submit_form form = submit_form::in_request;
    std::string options_line;
    std::string input;
};

/// Decides what is sent. `options` holds the text of the options, "@FILE" having been read.
///
/// The format is that of the file's name unless it is said: .ndjson and .jsonl, .json, .csv, .tsv,
/// else a URL a line; .gz and .zst behind these are sent as they are, with their coding. Options
/// go into JSON and NDJSON, so a list of URLs becomes NDJSON on its way; a table or a compressed
/// file cannot take any.
///
/// Errors   request_invalid
[[nodiscard]] Expected<SubmitPlan> plan_submit(const SubmitOptions& options);

/// The names that `--format` takes.
[[nodiscard]] std::vector<std::string> submit_formats();

}  // namespace fanfetch
