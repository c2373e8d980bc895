#pragma once

#include "base/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fanfetch {

/// What a chunked body may cost beside its data.
struct ChunkedLimits {
    std::size_t max_extension_bytes = 16U << 10U;  ///< of all its chunks together
    std::size_t max_trailer_bytes = 64U << 10U;    ///< what the head has left of its limit
    std::size_t max_trailer_fields = 256;
};

/// What one step of a decoder did.
struct ChunkedPiece {
    std::size_t consumed = 0;  ///< bytes of the input that are dealt with, `body` among them
    std::string_view body;     ///< a part of the input, perhaps empty
};

/// Takes a chunked body apart, from bytes that arrive in any pieces, without copying them.
///
/// Follows the grammar to the letter: 1 to 16 hexadecimal digits, well-formed extensions, CRLF and
/// nothing else at each line's end. A size with white space behind it is refused too. Extensions
/// are skipped; trailer fields are checked like header fields, counted against the header's budget
/// and dropped, so that no trailer can pose as a header field.
///
/// Errors   http_malformed, limit_chunk_extensions, http_header_limit (trailers); after one, only
///          reset() makes sense
/// Threads  one owner at a time
/// Source   RFC 9112 §7.1, §7.1.1, §7.1.2; RFC 9110 §6.5
class ChunkedDecoder {
public:
    explicit ChunkedDecoder(ChunkedLimits limits = {}) noexcept { reset(limits); }

    void reset(ChunkedLimits limits) noexcept;

    /// Goes on until a piece of body is found, the input is used up, or the body has ended.
    [[nodiscard]] Expected<ChunkedPiece> next(std::string_view bytes);

    /// Whether the last chunk and its trailers have been read.
    [[nodiscard]] bool done() const noexcept { return state_ == state::done; }

private:
    // In the order in which they are met. "gap" is the white space that the grammar allows around
    // ';' and '='.
    enum class state : std::uint8_t {
        size,
        extension_gap,
        extension_name_gap,
        extension_name,
        extension_equals_gap,
        extension_value_gap,
        extension_value,
        extension_quoted,
        extension_escape,
        extension_end,
        size_line_feed,
        data,
        data_return,
        data_line_feed,
        trailer_start,
        trailer_name,
        trailer_value,
        trailer_line_feed,
        last_line_feed,
        done,
    };

    // Each deals with one byte: `none`, or what is wrong with it.
    failure_code step(char c) noexcept;
    failure_code step_size(char c) noexcept;
    failure_code step_extension(char c) noexcept;
    failure_code step_trailer(char c) noexcept;
    failure_code expect(char wanted, char c, state then) noexcept;
    failure_code after_size_line(char c) noexcept;
    [[nodiscard]] Failure failure(failure_code code, char at_fault) const;

    ChunkedLimits limits_;
    std::uint64_t size_ = 0;  ///< of the current chunk: first its size, then what is left of it
    std::size_t extension_bytes_ = 0;
    std::size_t trailer_bytes_ = 0;
    std::size_t trailer_fields_ = 0;
    int digits_ = 0;
    state state_ = state::size;
};

}  // namespace fanfetch
