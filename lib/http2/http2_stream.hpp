#pragma once

#include "base/failure.hpp"
#include "http/request_writer.hpp"
#include "http/response_framing.hpp"
#include "http/response_head.hpp"

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fanfetch {

class Http2Core;

/// A request as a stream carries it. `head` is read while it is opened; `body` is sent piece by
/// piece and must live as long as the stream.
struct Http2Request {
    OutgoingRequest head;
    std::string_view body;
};

/// How a stream ended.
struct Http2End {
    failure_code code = failure_code::none;  ///< none: the response is whole
    std::string detail;
    /// The origin told us, or we know, that it has not looked at the request: it may be sent
    /// again, whatever its method.
    bool unprocessed = false;
    /// The connection was lost before a byte of the response came.
    bool untouched = false;
};

/// One request and its response on a connection: what comes is told to whoever derives from it.
///
/// The owner makes it, has `Http2Core::open` send the request, and is told of the head, then of
/// each piece of the body, then of the end. It may be destroyed at any time but inside one of its
/// own calls; a stream that has not ended is reset then.
///
/// Threads  the loop of its connection
class Http2Stream : public boost::intrusive::list_base_hook<> {
public:
    Http2Stream() = default;
    Http2Stream(const Http2Stream&) = delete;
    Http2Stream& operator=(const Http2Stream&) = delete;

    /// Whether it has been opened and has neither ended nor been given up.
    [[nodiscard]] bool open() const noexcept { return core_ != nullptr; }
    /// Body bytes so far, as sent.
    [[nodiscard]] std::uint64_t body_bytes() const noexcept { return body_bytes_; }
    [[nodiscard]] std::size_t trailers() const noexcept { return trailers_; }

protected:
    ~Http2Stream();

private:
    friend class Http2Core;

    /// The final response head, which is where `open` was told to put it.
    virtual void on_head(const ResponseFraming& framing) = 0;
    /// The next piece of the body. It keeps the window that it takes until `Http2Core::consumed`.
    virtual void on_data(std::string_view bytes) = 0;
    /// The last call.
    virtual void on_end(Http2End end) = 0;

    Http2Core* core_ = nullptr;
    std::int32_t id_ = 0;
    std::string method_;
    std::string_view unsent_;       // of the request's body
    ResponseHead* head_ = nullptr;  // where the response head goes
    ResponseFraming framing_;
    std::size_t header_left_ = 0;  // of the budget of header bytes
    std::size_t fields_left_ = 0;  // in the block that is being read
    std::size_t trailers_ = 0;
    std::uint64_t body_bytes_ = 0;
    int interim_ = 0;
    bool head_seen_ = false;
    bool reset_by_origin_ = false;
    bool too_much_ = false;  // a frame announced more than was left of the body
};

}  // namespace fanfetch
