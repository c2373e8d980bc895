#pragma once

#include "base/expected.hpp"
#include "http2/http2_stream.hpp"

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct nghttp2_session;

namespace fanfetch {

/// What one connection and its streams may cost.
struct Http2Limits {
    std::size_t header_bytes = 64U << 10U;  ///< of a response: interim heads, head and trailers
    std::size_t fields = 256;               ///< in any one head, and in the trailers
    int interim_responses = 8;
    std::size_t streams = 128;  ///< open at a time, if the origin allows as many
    std::size_t resets = 64;    ///< streams given up before the connection takes no more
    /// Frames in a row that bring neither a head nor a byte of a body, nor follow one of a request.
    std::size_t idle_frames = 2'000;
    std::int32_t stream_window = 1 << 20;      ///< bytes a stream may have with us unconsumed
    std::int32_t connection_window = 8 << 20;  ///< the same for all its streams together
};

/// HTTP/2 as a client speaks it, without a socket: bytes come in, calls of streams and bytes to
/// send come out. The framing, header compression and flow control are nghttp2's.
///
///     core.open(request, head, stream);
///     while (core.wants_send()) { core.send(out, most); write(out); }
///     core.receive(bytes);   // calls on_head, on_data, on_end of the streams
///
/// A stream that a response breaks (malformed, too large a header, more or fewer bytes than
/// announced) ends alone. What breaks the protocol of the connection, floods it or pushes ends all
/// of them, and `over` tells. After GOAWAY the streams that the origin still answers go on and
/// new ones are refused.
///
/// Errors   http_h2_error, http_truncated, http_header_limit, limit_interim
/// Threads  one owner at a time
/// Source   RFC 9113, RFC 7541
class Http2Core {
public:
    explicit Http2Core(Http2Limits limits = {});
    Http2Core(const Http2Core&) = delete;
    Http2Core& operator=(const Http2Core&) = delete;
    ~Http2Core();

    /// The origin has told us its settings.
    [[nodiscard]] bool settled() const noexcept { return settings_seen_; }
    /// How many streams may be opened now. One until it is settled.
    [[nodiscard]] std::size_t room() const noexcept;

    /// Begins a stream while there is room. The response's head is written into `head`, which
    /// lives as long as the stream.
    ///
    /// Errors   http_h2_error when the connection takes no more streams: nothing was sent
    [[nodiscard]] Expected<void> open(
        const Http2Request& request, ResponseHead& head, Http2Stream& stream
    );

    /// Resets a stream whose response nobody wants any more; it hears nothing from here on.
    void give_up(Http2Stream& stream) noexcept;

    /// Gives back the window of bytes that have been dealt with.
    void consumed(Http2Stream& stream, std::size_t bytes) noexcept;

    void receive(std::string_view bytes);

    [[nodiscard]] bool wants_send() const noexcept;
    /// Appends what is to be sent to `out` until that holds `most` bytes or a frame more.
    void send(std::string& out, std::size_t most);

    /// Ends all streams, as the connection has. They are told what was wrong with the protocol,
    /// or, if nothing was, how the connection was `lost`.
    void end_all(const Failure& lost);

    /// Takes no more streams; those that are open go on.
    void retire() noexcept { draining_ = true; }
    /// The same, and the origin is told with GOAWAY.
    void say_goodbye() noexcept;

    [[nodiscard]] std::size_t streams() const noexcept { return stream_count_; }
    /// Takes no new streams, ever.
    [[nodiscard]] bool draining() const noexcept { return draining_; }
    /// Nothing more is to be read or written.
    [[nodiscard]] bool over() const noexcept;

private:
    struct Callbacks;
    friend struct Callbacks;
    using Session = std::unique_ptr<nghttp2_session, void (*)(nghttp2_session*)>;
    using Streams =
        boost::intrusive::list<Http2Stream, boost::intrusive::constant_time_size<false>>;

    [[nodiscard]] Http2Stream* find(std::int32_t id) const noexcept;
    void detach(Http2Stream& stream) noexcept;
    void reset(Http2Stream& stream, std::uint32_t error) noexcept;
    void end(Http2Stream& stream, Http2End how);
    [[nodiscard]] Http2End unprocessed() const;
    void fail(Http2Stream& stream, failure_code code, std::string what);
    void break_off(std::uint32_t error, std::string what);

    void on_frame_begin(std::uint8_t type, std::int32_t id, std::size_t size);
    void on_goaway(std::uint32_t error);
    void on_frame(std::uint8_t type, std::uint8_t flags, std::int32_t id);
    void on_field(Http2Stream& stream, std::string_view name, std::string_view value);
    void on_block(Http2Stream& stream);
    void on_body(Http2Stream& stream, std::string_view bytes);
    void on_response_end(Http2Stream& stream);
    void on_closed(Http2Stream& stream, std::uint32_t error);
    [[nodiscard]] std::size_t take_body(Http2Stream& stream, std::uint8_t* out, std::size_t most);

    Http2Limits limits_;
    Session session_;
    mutable Streams streams_;
    std::size_t stream_count_ = 0;
    std::size_t resets_ = 0;
    std::size_t idle_frames_ = 0;
    Failure failure_{failure_code::none, {}, 0, {}};    // we broke off, and why
    Failure complaint_{failure_code::none, {}, 0, {}};  // the origin did
    bool settings_seen_ = false;
    bool draining_ = false;
    bool dead_ = false;  // nghttp2 has given up the session
};

}  // namespace fanfetch
