#include "http/server_body.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

/// What a client may append to a chunked body; we use none of it.
constexpr ChunkedLimits request_chunk_limits{
    .max_extension_bytes = 16U << 10U, .max_trailer_bytes = 16U << 10U, .max_trailer_fields = 256};

/// The decoder speaks of responses; to a client its own fault is reported.
Failure as_api_failure(Failure failure) {
    failure.code = failure.code == failure_code::http_malformed
                       ? failure_code::api_bad_request
                       : failure_code::api_header_too_large;
    return failure;
}

}  // namespace

BodyReader::BodyReader(const RequestFraming& framing) noexcept
    : chunked_{framing.chunked}, left_{framing.length.value_or(0)}, chunks_{request_chunk_limits} {}

Expected<BodyReader::Step> BodyReader::take(std::string_view input) {
    if (chunked_) {
        const auto piece = chunks_.next(input);
        if (!piece) {
            return as_api_failure(piece.error());
        }
        return Step{piece->consumed, piece->body};
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
    left_ -= size;
    return Step{size, input.substr(0, size)};
}

}  // namespace fanfetch
