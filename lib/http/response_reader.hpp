#pragma once

#include "base/byte_size.hpp"
#include "base/expected.hpp"
#include "http/chunked_decoder.hpp"
#include "http/response_framing.hpp"
#include "http/response_head.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace fanfetch {

/// What one response may cost before it is given up.
struct ResponseLimits {
    ByteSize header{64U << 10U};  ///< status lines, fields and trailers, interim responses included
    std::size_t fields = 256;     ///< in any one head, and in the trailers
    int interim_responses = 8;
    ByteSize chunk_extensions{16U << 10U};
    ByteSize body{std::numeric_limits<std::uint64_t>::max()};  ///< without chunk framing
};

enum class response_event {
    need_more,  ///< everything given is used up: give more, or say how the stream ended
    head,       ///< the final head has been read, see head()
    body,       ///< ResponseStep::body is the next piece of the body
    complete,   ///< the response has ended; input beyond `consumed` is not part of it
};

struct ResponseStep {
    response_event event = response_event::need_more;
    std::size_t consumed = 0;
    std::string_view body;  ///< a part of the input, when event is body
};

/// How a byte stream came to its end.
enum class stream_end {
    orderly,  ///< FIN on a plain connection, close_notify under TLS
    abrupt,   ///< a reset, or TLS without close_notify
};

/// Reads one response after the other from the bytes of a connection, which come in any pieces.
///
/// The caller owns the socket and the buffer and pulls:
///
///     reader.reset("GET");
///     for (;;) {
///         auto step = reader.next(buffer.unread());
///         if (!step) { fail(step.error()); }
///         buffer.consume(step->consumed);
///         // act on step->event; for need_more read from the socket, at its end call finish()
///     }
///
/// Everything given is used up until the response is complete, so that a buffer of any size will
/// do; a head that arrives in pieces is gathered here. Interim responses are read over. 101 is
/// refused since we never ask for an upgrade. Body limits are judged when the body is asked for,
/// so that whoever only wants the head may stop after it.
///
/// A second response on the same reader allocates nothing unless its head is larger.
///
/// Errors   http_malformed, http_header_limit, limit_interim, limit_chunk_extensions,
///          limit_body_size; the first one is final until reset()
/// Threads  one owner at a time
/// Source   RFC 9112 §6.3, §8; RFC 9110 §15.2
class ResponseReader {
public:
    explicit ResponseReader(ResponseLimits limits = {});

    /// Begins the response to a request with this method.
    void reset(std::string_view method);
    void reset(std::string_view method, ResponseLimits limits);

    /// One step ahead. Also makes progress with no bytes at all where no more are needed: the end
    /// of an empty body is found by asking again after the head.
    [[nodiscard]] Expected<ResponseStep> next(std::string_view bytes);

    /// The stream has ended: fine if the response is complete or lasts until an orderly close.
    ///
    /// Errors  http_truncated, or the failure that next() has given already
    [[nodiscard]] Expected<void> finish(stream_end how);

    /// The final head; meaningful from response_event::head until reset().
    [[nodiscard]] const ResponseHead& head() const noexcept { return parser_.head(); }
    [[nodiscard]] const ResponseFraming& framing() const noexcept { return framing_; }

    [[nodiscard]] bool complete() const noexcept { return state_ == state::complete; }

    /// Whether any byte has come. A request on a reused connection may be sent again if not.
    [[nodiscard]] bool started() const noexcept { return received_bytes_ > 0; }

    /// Whether the connection may carry another request. `unread` is how many bytes the caller
    /// holds behind the end of the response: there must be none, or the next response would begin
    /// with what nobody asked for.
    [[nodiscard]] bool reusable(std::size_t unread) const noexcept {
        return complete() && framing_.keep_alive && unread == 0;
    }

    /// Body bytes so far, as sent: before content decoding, without chunk framing.
    [[nodiscard]] std::uint64_t body_bytes() const noexcept { return body_bytes_; }

    /// All bytes of this response so far: heads, framing and body.
    [[nodiscard]] std::uint64_t received_bytes() const noexcept { return received_bytes_; }

    [[nodiscard]] int interim_responses() const noexcept { return interim_; }

    /// Whether one of these was 100: the origin wants the body.
    [[nodiscard]] bool told_to_continue() const noexcept { return told_to_continue_; }

private:
    enum class state { head, body_length, body_chunked, body_until_close, complete, failed };

    Expected<ResponseStep> advance(std::string_view bytes);
    Expected<ResponseStep> next_head(std::string_view bytes);
    Expected<std::size_t> read_head(std::string_view bytes);
    Expected<void> skip_interim();
    Expected<void> begin_body();
    Expected<ResponseStep> next_of_length(std::string_view bytes);
    Expected<ResponseStep> next_chunked(std::string_view bytes);
    Expected<ResponseStep> deliver(std::size_t consumed, std::string_view body);
    Failure body_too_large() const;

    ResponseLimits limits_;
    state state_ = state::head;
    std::string method_;
    ResponseHeadParser parser_;
    std::string partial_head_;  ///< what has come of a head that is not complete yet
    std::size_t header_left_ = 0;
    int interim_ = 0;
    bool told_to_continue_ = false;
    ResponseFraming framing_;
    ChunkedDecoder chunks_;
    std::uint64_t body_bytes_ = 0;
    std::uint64_t received_bytes_ = 0;
    Failure failure_;
};

}  // namespace fanfetch
