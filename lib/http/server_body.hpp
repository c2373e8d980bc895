#pragma once

#include "base/expected.hpp"
#include "http/chunked_decoder.hpp"
#include "http/request_checks.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fanfetch {

/// Takes a request's body out of the bytes of its connection, however they are cut.
///
/// Chunk extensions and trailers are checked, counted and dropped: a trailer never becomes a field
/// of the request, which has been judged by then.
///
/// Errors   api_bad_request; api_header_too_large for extensions and trailers beyond the limits
/// Threads  one owner
/// Source   RFC 9112 §6.3, §7.1
class BodyReader {
public:
    /// A part of the input: what was used up, and the body bytes within it.
    struct Step {
        std::size_t used = 0;
        std::string_view piece;
    };

    BodyReader() = default;  ///< of a request without a body
    explicit BodyReader(const RequestFraming& framing) noexcept;

    /// Takes the front of `input`, up to and including the next piece of body. No piece and not
    /// done() means that all of the input is used up and more is needed.
    [[nodiscard]] Expected<Step> take(std::string_view input);

    [[nodiscard]] bool done() const noexcept { return chunked_ ? chunks_.done() : left_ == 0; }

private:
    bool chunked_ = false;
    std::uint64_t left_ = 0;  // of a body whose length was declared
    ChunkedDecoder chunks_;
};

}  // namespace fanfetch
