// F3: response framing. Input: one byte that chooses the method, one that chooses where the bytes
// are cut, then what the origin sends.

#include "http/response_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace fanfetch;

constexpr ResponseLimits limits{
    .header = ByteSize{2048},
    .fields = 16,
    .chunk_extensions = ByteSize{64},
    .body = ByteSize{4096}};

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

struct Outcome {
    failure_code code = failure_code::none;
    std::string body;
    std::size_t consumed = 0;
    std::size_t body_at = 0;  ///< where the final head ended
};

bool feed(ResponseReader& reader, std::string_view bytes, Outcome& outcome) {
    for (;;) {
        const auto step = reader.next(bytes);
        if (!step) {
            outcome.code = step.error().code;
            return false;
        }
        require(step->consumed <= bytes.size());
        outcome.consumed += step->consumed;
        outcome.body += step->body;
        bytes.remove_prefix(step->consumed);
        if (step->event == response_event::head) {
            outcome.body_at = outcome.consumed;
        }
        if (step->event == response_event::need_more) {
            require(bytes.empty());
            return true;
        }
        if (step->event == response_event::complete) {
            return false;
        }
    }
}

/// Reads `bytes` in pieces of `piece`, then the end of the stream.
Outcome read(ResponseReader& reader, std::string_view bytes, std::size_t piece) {
    Outcome outcome;
    bool wants_more = true;
    while (wants_more && !bytes.empty()) {
        const auto part = bytes.substr(0, piece);
        bytes.remove_prefix(part.size());
        wants_more = feed(reader, part, outcome);
    }
    if (const auto end = reader.finish(stream_end::orderly); !end) {
        outcome.code = end.error().code;
    }
    return outcome;
}

/// A second, simple-minded reading of a chunked body that is known to be well-formed.
std::string dechunked(std::string_view bytes) {
    std::string body;
    for (;;) {
        const auto line_end = bytes.find("\r\n");
        const auto size =
            std::strtoull(std::string{bytes.substr(0, line_end)}.c_str(), nullptr, 16);
        if (size == 0) {
            return body;
        }
        body += bytes.substr(line_end + 2, size);
        bytes.remove_prefix(line_end + 2 + size + 2);
    }
}

void check_success(const ResponseReader& reader, std::string_view bytes, const Outcome& outcome) {
    const auto body = bytes.substr(outcome.body_at, outcome.consumed - outcome.body_at);
    switch (reader.framing().kind) {
        case body_framing::none:
            require(outcome.body.empty() && body.empty());
            break;
        case body_framing::length:
            require(outcome.body == body && body.size() == reader.framing().length);
            break;
        case body_framing::chunked:
            require(outcome.body == dechunked(body));
            break;
        case body_framing::until_close:
            require(outcome.body == body && !reader.reusable(0));
            break;
    }
    require(outcome.body.size() <= limits.body.bytes);
    require(reader.head().wire_bytes <= limits.header.bytes);
    // The head alone says the same: nothing behind it has become a field.
    const auto head_bytes =
        bytes.substr(outcome.body_at - reader.head().wire_bytes, reader.head().wire_bytes);
    const auto alone = parse_response_head(head_bytes);
    require(alone && *alone && (*alone)->status == reader.head().status);
    require(std::equal(
        (*alone)->fields.begin(), (*alone)->fields.end(), reader.head().fields.begin(),
        reader.head().fields.end()
    ));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const std::string_view method = data[0] % 2 == 0 ? "GET" : "HEAD";
    const std::size_t piece = data[1] + 1U;
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 2, size - 2};

    ResponseReader reader{limits};
    reader.reset(method);
    const auto whole = read(reader, bytes, bytes.size() + 1);
    if (whole.code == failure_code::none) {
        check_success(reader, bytes, whole);
    }
    const auto framing = reader.framing().kind;

    for (const std::size_t pieces : {piece, std::size_t{1}}) {
        reader.reset(method);
        const auto cut = read(reader, bytes, pieces);
        require(cut.code == whole.code);
        require(
            whole.code != failure_code::none ||
            (cut.body == whole.body && cut.consumed == whole.consumed)
        );
    }
    if (whole.code == failure_code::none && framing != body_framing::until_close) {
        const auto prefix = bytes.substr(0, whole.consumed * data[1] / 256);
        reader.reset(method);
        require(read(reader, prefix, piece).code != failure_code::none);
    }
    return 0;
}
