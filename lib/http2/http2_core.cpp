#include "http2/http2_core.hpp"

#include "http/field_syntax.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch {
namespace {

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) noexcept {
    return {reinterpret_cast<const char*>(bytes), size};
}

/// Values that must not come to stand in the compressor's table, which others could probe.
bool is_secret(std::string_view name) noexcept {
    return equal_ignoring_case(name, "authorization") || equal_ignoring_case(name, "cookie");
}

nghttp2_nv pair_of(std::string_view name, std::string_view value) noexcept {
    const auto bytes = [](std::string_view text) {
        // nghttp2 copies both and writes through neither.
        return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
    };
    const auto flags = is_secret(name) ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
    return {bytes(name), bytes(value), name.size(), value.size(), static_cast<std::uint8_t>(flags)};
}

std::string error_name(std::uint32_t error) {
    return ::nghttp2_http2_strerror(error);
}

}  // namespace

/// What nghttp2 calls. Nothing may be thrown through it.
struct Http2Core::Callbacks {
    template <class Call>
    static int guarded(Call call) noexcept {
        try {
            call();
            return 0;
        } catch (...) {
            return NGHTTP2_ERR_CALLBACK_FAILURE;
        }
    }

    static Http2Core& core(void* user) noexcept { return *static_cast<Http2Core*>(user); }

    /// Null when nobody listens to the stream any more.
    static Http2Stream* stream(void* user, std::int32_t id) noexcept {
        const auto& self = core(user);
        if (self.failure_.code != failure_code::none) {
            return nullptr;
        }
        return static_cast<Http2Stream*>(
            ::nghttp2_session_get_stream_user_data(self.session_.get(), id)
        );
    }

    static int begin_frame(nghttp2_session*, const nghttp2_frame_hd* header, void* user) {
        return guarded([&] {
            core(user).on_frame_begin(header->type, header->stream_id, header->length);
        });
    }

    static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        if (auto* const one = stream(user, frame->hd.stream_id)) {
            one->fields_left_ = core(user).limits_.fields;
            if (!one->head_seen_) {
                one->head_->status = 0;
                one->head_->fields.clear();
            }
        }
        return 0;
    }

    static int header(
        nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
        std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
        void* user
    ) {
        return guarded([&] {
            if (auto* const one = stream(user, frame->hd.stream_id)) {
                core(user).on_field(*one, text_of(name, name_size), text_of(value, value_size));
            }
        });
    }

    static int invalid_header(
        nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
        std::size_t name_size, const std::uint8_t*, std::size_t, std::uint8_t, void* user
    ) {
        return guarded([&] {
            if (auto* const one = stream(user, frame->hd.stream_id)) {
                core(user).fail(
                    *one, failure_code::http_h2_error,
                    "a field that HTTP/2 does not allow: " +
                        quoted_excerpt(text_of(name, name_size))
                );
            }
        });
    }

    static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        return guarded([&] {
            if (frame->hd.type == NGHTTP2_GOAWAY) {
                core(user).on_goaway(frame->goaway.error_code);
            } else {
                core(user).on_frame(frame->hd.type, frame->hd.flags, frame->hd.stream_id);
            }
        });
    }

    static int data(
        nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
        std::size_t size, void* user
    ) {
        return guarded([&] {
            if (auto* const one = stream(user, id)) {
                core(user).on_body(*one, text_of(bytes, size));
            } else {
                ::nghttp2_session_consume(session, id, size);
            }
        });
    }

    static int closed(nghttp2_session*, std::int32_t id, std::uint32_t error, void* user) {
        return guarded([&] {
            if (auto* const one = stream(user, id)) {
                core(user).on_closed(*one, error);
            }
        });
    }

    static int sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        return guarded([&] {
            auto& self = core(user);
            if (frame->hd.type == NGHTTP2_GOAWAY && self.failure_.code == failure_code::none &&
                frame->goaway.error_code != NGHTTP2_NO_ERROR) {
                self.failure_ = failed(
                    failure_code::http_h2_error, "talking HTTP/2: the origin broke the protocol: " +
                                                     error_name(frame->goaway.error_code)
                );
                self.draining_ = true;
            }
        });
    }

    static int not_sent(nghttp2_session*, const nghttp2_frame* frame, int, void* user) {
        return guarded([&] {
            auto& self = core(user);
            auto* const one = self.find(frame->hd.stream_id);
            if (frame->hd.type == NGHTTP2_HEADERS && one != nullptr) {
                self.end(*one, self.unprocessed());
            }
        });
    }

    static ssize_t read_body(
        nghttp2_session*, std::int32_t id, std::uint8_t* out, std::size_t most,
        std::uint32_t* flags, nghttp2_data_source*, void* user
    ) {
        auto* const one = stream(user, id);
        if (one == nullptr) {
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
        const auto size = core(user).take_body(*one, out, most);
        if (one->unsent_.empty()) {
            *flags |= NGHTTP2_DATA_FLAG_EOF;
        }
        return static_cast<ssize_t>(size);
    }

    static nghttp2_session_callbacks* table() {
        static nghttp2_session_callbacks* const made = [] {
            nghttp2_session_callbacks* callbacks = nullptr;
            if (::nghttp2_session_callbacks_new(&callbacks) != 0) {
                throw std::bad_alloc{};
            }
            ::nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, begin_frame);
            ::nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
            ::nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
            ::nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, invalid_header);
            ::nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame);
            ::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data);
            ::nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, closed);
            ::nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, sent);
            ::nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, not_sent);
            return callbacks;
        }();
        return made;
    }

    static nghttp2_option* options() {
        static nghttp2_option* const made = [] {
            nghttp2_option* option = nullptr;
            if (::nghttp2_option_new(&option) != 0) {
                throw std::bad_alloc{};
            }
            ::nghttp2_option_set_no_auto_window_update(option, 1);
            ::nghttp2_option_set_no_closed_streams(option, 1);
            // White space around values is trimmed, as it is in HTTP/1.1.
            ::nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(option, 1);
            return option;
        }();
        return made;
    }
};

Http2Core::Http2Core(Http2Limits limits) : limits_{limits}, session_{nullptr, nghttp2_session_del} {
    nghttp2_session* session = nullptr;
    if (::nghttp2_session_client_new2(&session, Callbacks::table(), this, Callbacks::options()) !=
        0) {
        throw std::bad_alloc{};
    }
    session_.reset(session);
    const std::array<nghttp2_settings_entry, 3> settings{
        {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
         {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(limits.stream_window)},
         {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.header_bytes)}}};
    ::nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    ::nghttp2_session_set_local_window_size(
        session, NGHTTP2_FLAG_NONE, 0, limits.connection_window
    );
}

Http2Core::~Http2Core() {
    while (!streams_.empty()) {
        auto& stream = streams_.front();
        streams_.pop_front();
        stream.core_ = nullptr;
    }
}

Http2Stream::~Http2Stream() {
    if (core_ != nullptr) {
        core_->give_up(*this);
    }
}

std::size_t Http2Core::room() const noexcept {
    if (draining_ || dead_) {
        return 0;
    }
    std::size_t most = 1;
    if (settings_seen_) {
        const auto allowed = ::nghttp2_session_get_remote_settings(
            session_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS
        );
        most = std::min<std::size_t>(limits_.streams, allowed);
    }
    return most > stream_count_ ? most - stream_count_ : 0;
}

Expected<void> Http2Core::open(
    const Http2Request& request, ResponseHead& head, Http2Stream& stream
) {
    assert_sendable(request.head);
    if (room() == 0) {
        return failed(failure_code::http_h2_error, "opening a stream: there is no room for it");
    }
    std::vector<nghttp2_nv> fields{
        pair_of(":method", request.head.method), pair_of(":scheme", "https"),
        pair_of(":authority", request.head.host), pair_of(":path", request.head.target)};
    const auto length = std::to_string(request.head.body_size.value_or(0));
    for_each_field(request.head, length, [&fields](std::string_view name, std::string_view value) {
        fields.push_back(pair_of(name, value));
    });
    nghttp2_data_provider body{};
    body.read_callback = Callbacks::read_body;
    const auto id = ::nghttp2_submit_request(
        session_.get(), nullptr, fields.data(), fields.size(),
        request.body.empty() ? nullptr : &body, &stream
    );
    if (id < 0) {
        draining_ = true;  // the numbers of streams are used up, or the memory
        return failed(
            failure_code::http_h2_error, std::string{"opening a stream: "} + ::nghttp2_strerror(id)
        );
    }
    stream.core_ = this;
    stream.id_ = id;
    stream.method_.assign(request.head.method);
    stream.unsent_ = request.body;
    stream.head_ = &head;
    stream.framing_ = {};
    stream.header_left_ = limits_.header_bytes;
    stream.trailers_ = 0;
    stream.body_bytes_ = 0;
    stream.interim_ = 0;
    stream.head_seen_ = false;
    stream.reset_by_origin_ = false;
    stream.too_much_ = false;
    head.minor_version = 1;
    head.reason.clear();
    head.fields.clear();
    head.wire_bytes = 0;
    streams_.push_back(stream);
    ++stream_count_;
    return {};
}

void Http2Core::detach(Http2Stream& stream) noexcept {
    ::nghttp2_session_set_stream_user_data(session_.get(), stream.id_, nullptr);
    streams_.erase(streams_.iterator_to(stream));
    --stream_count_;
    stream.core_ = nullptr;
    stream.unsent_ = {};
}

/// What the origin still sends on the stream is dropped by nghttp2, and its window given back.
void Http2Core::reset(Http2Stream& stream, std::uint32_t error) noexcept {
    detach(stream);
    if (dead_) {
        return;
    }
    ::nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id_, error);
    draining_ = draining_ || ++resets_ >= limits_.resets;
}

void Http2Core::give_up(Http2Stream& stream) noexcept {
    if (stream.core_ == this) {
        reset(stream, NGHTTP2_CANCEL);
    }
}

void Http2Core::end(Http2Stream& stream, Http2End how) {
    detach(stream);
    stream.on_end(std::move(how));
}

/// Of a fault in the response.
void Http2Core::fail(Http2Stream& stream, failure_code code, std::string what) {
    reset(stream, code == failure_code::http_h2_error ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_CANCEL);
    stream.on_end({.code = code, .detail = "reading the response: " + std::move(what)});
}

Http2End Http2Core::unprocessed() const {
    return {
        .code = failure_code::http_h2_error,
        .detail = "talking HTTP/2: the origin refused the request before looking at it",
        .unprocessed = true};
}

void Http2Core::break_off(std::uint32_t error, std::string what) {
    if (failure_.code == failure_code::none) {
        failure_ = failed(failure_code::http_h2_error, "talking HTTP/2: " + std::move(what));
        draining_ = true;
        ::nghttp2_session_terminate_session(session_.get(), error);
    }
}

void Http2Core::consumed(Http2Stream& stream, std::size_t bytes) noexcept {
    if (stream.core_ == this && bytes > 0) {
        ::nghttp2_session_consume(session_.get(), stream.id_, bytes);
    }
}

void Http2Core::receive(std::string_view bytes) {
    if (dead_) {
        return;
    }
    const auto used = ::nghttp2_session_mem_recv(
        session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()
    );
    if (used < 0) {
        dead_ = true;
        draining_ = true;
        if (failure_.code == failure_code::none) {
            failure_ = failed(
                failure_code::http_h2_error,
                std::string{"talking HTTP/2: "} + ::nghttp2_strerror(static_cast<int>(used))
            );
        }
    }
}

bool Http2Core::wants_send() const noexcept {
    return !dead_ && ::nghttp2_session_want_write(session_.get()) != 0;
}

void Http2Core::send(std::string& out, std::size_t most) {
    while (!dead_ && out.size() < most) {
        const std::uint8_t* bytes = nullptr;
        const auto size = ::nghttp2_session_mem_send(session_.get(), &bytes);
        if (size == 0) {
            return;
        }
        if (size < 0) {
            dead_ = true;
            draining_ = true;
            failure_ = failed(
                failure_code::http_h2_error,
                std::string{"talking HTTP/2: "} + ::nghttp2_strerror(static_cast<int>(size))
            );
            return;
        }
        out.append(text_of(bytes, static_cast<std::size_t>(size)));
    }
}

void Http2Core::end_all(const Failure& lost) {
    dead_ = true;
    draining_ = true;
    const auto& known = failure_.code != failure_code::none ? failure_ : complaint_;
    const auto& how = known.code != failure_code::none ? known : lost;
    while (!streams_.empty()) {
        auto& stream = streams_.front();
        const bool untouched = !stream.head_seen_ && stream.interim_ == 0;
        end(stream, {.code = how.code, .detail = how.detail, .untouched = untouched});
    }
}

/// In its turn, behind the resets that were asked for before.
void Http2Core::say_goodbye() noexcept {
    draining_ = true;
    if (!dead_) {
        ::nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
    }
}

bool Http2Core::over() const noexcept {
    return dead_ || (::nghttp2_session_want_read(session_.get()) == 0 &&
                     ::nghttp2_session_want_write(session_.get()) == 0);
}

Http2Stream* Http2Core::find(std::int32_t id) const noexcept {
    const auto found =
        std::ranges::find_if(streams_, [id](const Http2Stream& one) { return one.id_ == id; });
    return found == streams_.end() ? nullptr : &*found;
}

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
            failure_code::http_h2_error, "talking HTTP/2: the origin ended it: " + error_name(error)
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
                 .detail = "reading the response: " + who + error_name(error)});
}

std::size_t Http2Core::take_body(Http2Stream& stream, std::uint8_t* out, std::size_t most) {
    const auto size = std::min(most, stream.unsent_.size());
    std::memcpy(out, stream.unsent_.data(), size);
    stream.unsent_.remove_prefix(size);
    idle_frames_ = size > 0 ? 0 : idle_frames_;
    return size;
}

}  // namespace fanfetch
