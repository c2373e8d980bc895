#include "http2/http2_core.hpp"

#include "http/field_syntax.hpp"
#include "http2/http2_callbacks.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch {
namespace {

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

}  // namespace

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
        out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
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

}  // namespace fanfetch
