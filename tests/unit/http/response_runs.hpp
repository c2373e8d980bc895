#pragma once

#include "http/response_reader.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace fanfetch::testing {

/// What reading one response came to.
struct ResponseRun {
    failure_code code = failure_code::none;
    int status = 0;
    std::string body;
    bool reusable = false;
    std::size_t consumed = 0;  ///< of the bytes; meaningful when code is none

    friend bool operator==(const ResponseRun&, const ResponseRun&) = default;
};

/// Reads on with `bytes`; false once the response is complete or has failed.
inline bool feed(ResponseReader& reader, std::string_view bytes, ResponseRun& run) {
    for (;;) {
        const auto step = reader.next(bytes);
        if (!step) {
            run.code = step.error().code;
            return false;
        }
        bytes.remove_prefix(step->consumed);
        run.consumed += step->consumed;
        run.body += step->body;
        if (step->event == response_event::head) {
            run.status = reader.head().status;
        }
        if (step->event == response_event::complete) {
            return false;
        }
        if (step->event == response_event::need_more) {
            return true;
        }
    }
}

/// Reads a response of which `bytes` arrive in pieces that end at `cuts`, then `how` ends it.
template <class Cuts>
ResponseRun read_in_pieces(
    ResponseReader& reader, std::string_view bytes, const Cuts& cuts,
    stream_end how = stream_end::orderly
) {
    ResponseRun run;
    std::size_t at = 0;
    bool wants_more = true;
    for (const std::size_t cut : cuts) {
        wants_more = wants_more && feed(reader, bytes.substr(at, cut - at), run);
        at = cut;
    }
    wants_more = wants_more && feed(reader, bytes.substr(at), run);
    if (const auto end = reader.finish(how); !end) {
        run.code = end.error().code;
    }
    run.reusable = reader.reusable(bytes.size() - run.consumed);
    return run;
}

/// Reads a response that arrives at once.
inline ResponseRun read_whole(
    ResponseReader& reader, std::string_view bytes, stream_end how = stream_end::orderly
) {
    return read_in_pieces(reader, bytes, std::initializer_list<std::size_t>{}, how);
}

}  // namespace fanfetch::testing
