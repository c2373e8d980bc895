// What an Http2Core makes of what the origin sends.
#include "http/field_syntax.hpp"
#include "http2/http2_callbacks.hpp"
#include "http2/http2_core.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <utility>

namespace fanfetch {

/// Frames that lead nowhere are cheap to send and cost us an answer each.
void Http2Core::on_frame_begin(std::uint8_t type, std::int32_t id, std::size_t size) {
    if (failure_.code != failure_code::none) {
        return;
    }
    if (type == NGHTTP2_PUSH_PROMISE) {
        break_off(NGHTTP2_PROTOCOL_ERROR, "the origin pushed, which we have declined");
        return;
    }
    if (++idle_frames_ > limits_.idle_frames) {
        break_off(NGHTTP2_ENHANCE_YOUR_CALM, "the origin floods us with frames that say nothing");
        return;
    }
    if (type == NGHTTP2_DATA) {
        auto* const stream = Callbacks::stream(this, id);
        if (stream != nullptr && stream->framing_.kind == body_framing::length &&
            size > stream->framing_.length - stream->body_bytes_) {
            stream->too_much_ = true;  // or it is padding, which only matters to the words used
        }
    }
}

void Http2Core::on_goaway(std::uint32_t error) {
    draining_ = true;
    if (error != NGHTTP2_NO_ERROR) {
        complaint_ = failed(
            failure_code::http_h2_error,
            "talking HTTP/2: the origin ended it: " + http2_error_name(error)
        );
    }
}

void Http2Core::on_frame(std::uint8_t type, std::uint8_t flags, std::int32_t id) {
    if (type == NGHTTP2_SETTINGS) {
        settings_seen_ = true;
        return;
    }
    const bool of_stream =
        type == NGHTTP2_HEADERS || type == NGHTTP2_DATA || type == NGHTTP2_RST_STREAM;
    auto* const stream = of_stream ? Callbacks::stream(this, id) : nullptr;
    if (stream == nullptr) {
        return;
    }
    if (type == NGHTTP2_RST_STREAM) {
        stream->reset_by_origin_ = true;
        return;
    }
    if (type == NGHTTP2_HEADERS) {
        on_block(*stream);
    }
    if (stream->core_ == this && (flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        on_response_end(*stream);
    }
}

/// Counted as HTTP/1.1 would write it, whatever the compression made of it.
void Http2Core::on_field(Http2Stream& stream, std::string_view name, std::string_view value) {
    constexpr std::size_t separators = 4;
    const auto size = name.size() + value.size() + separators;
    if (stream.fields_left_ == 0) {
        fail(stream, failure_code::http_header_limit, "it has more fields than allowed");
        return;
    }
    if (size > stream.header_left_) {
        fail(stream, failure_code::http_header_limit, "its header is longer than allowed");
        return;
    }
    stream.header_left_ -= size;
    if (name == ":status") {
        std::from_chars(value.data(), value.data() + value.size(), stream.head_->status);
        return;
    }
    --stream.fields_left_;
    if (stream.head_seen_) {
        ++stream.trailers_;
        return;
    }
    stream.head_->fields.add(name, trim_ows(value));
}

/// A whole header block: of an interim response, the final one, or the trailers.
void Http2Core::on_block(Http2Stream& stream) {
    constexpr int lowest_status = 100;
    constexpr int lowest_final = 200;
    constexpr int beyond_statuses = 600;
    if (stream.head_seen_) {
        return;
    }
    auto& head = *stream.head_;
    if (head.status < lowest_status || head.status >= beyond_statuses) {
        fail(stream, failure_code::http_h2_error, "the status is not a number from 100 to 599");
        return;
    }
    if (head.status < lowest_final) {
        if (++stream.interim_ > limits_.interim_responses) {
            fail(
                stream, failure_code::limit_interim,
                "more than " + std::to_string(limits_.interim_responses) + " interim responses"
            );
        }
        return;
    }
    idle_frames_ = 0;
    stream.head_seen_ = true;
    head.wire_bytes = limits_.header_bytes - stream.header_left_;
    auto framing = frame_response(stream.method_, head);
    if (!framing) {
        fail(stream, failure_code::http_h2_error, std::move(framing.error().detail));
        return;
    }
    stream.framing_ = *framing;
    stream.on_head(stream.framing_);
}

void Http2Core::on_body(Http2Stream& stream, std::string_view bytes) {
    idle_frames_ = 0;
    stream.body_bytes_ += bytes.size();
    stream.on_data(bytes);
}

/// The origin may answer before it has the whole request, and wants no more of it then.
void Http2Core::on_response_end(Http2Stream& stream) {
    const auto id = stream.id_;
    const bool sending = ::nghttp2_session_get_stream_local_close(session_.get(), id) == 0;
    end(stream, {});
    if (sending) {
        ::nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
    }
}

/// A stream that ends here has no whole response.
void Http2Core::on_closed(Http2Stream& stream, std::uint32_t error) {
    if (error == NGHTTP2_REFUSED_STREAM) {
        end(stream, unprocessed());
        return;
    }
    if (!stream.reset_by_origin_ && stream.framing_.kind == body_framing::length &&
        !stream.too_much_ && stream.body_bytes_ < stream.framing_.length) {
        end(stream, {.code = failure_code::http_truncated,
                     .detail = "reading the response: it ended after " +
                               std::to_string(stream.body_bytes_) + " of " +
                               std::to_string(stream.framing_.length) + " bytes"});
        return;
    }
    const std::string who =
        stream.reset_by_origin_ ? "the origin gave it up: " : "it breaks the rules: ";
    end(stream, {.code = failure_code::http_h2_error,
                 .detail = "reading the response: " + who + http2_error_name(error)});
}

std::size_t Http2Core::take_body(Http2Stream& stream, std::uint8_t* out, std::size_t most) {
    const auto size = std::min(most, stream.unsent_.size());
    std::memcpy(out, stream.unsent_.data(), size);
    stream.unsent_.remove_prefix(size);
    idle_frames_ = size > 0 ? 0 : idle_frames_;
    return size;
}

}  // namespace fanfetch
