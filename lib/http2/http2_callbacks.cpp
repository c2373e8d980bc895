#include "http2/http2_callbacks.hpp"

#include "http/field_syntax.hpp"

#include <new>
#include <string_view>

namespace fanfetch {
namespace {

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) noexcept {
    return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

/// What it calls on the way in, and when frames have gone out. Nothing may be thrown through it.
struct Http2Core::Callbacks::Calls {
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
                                                     http2_error_name(frame->goaway.error_code)
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
};

Http2Stream* Http2Core::Callbacks::stream(void* user, std::int32_t id) noexcept {
    const auto& self = Calls::core(user);
    if (self.failure_.code != failure_code::none) {
        return nullptr;
    }
    return static_cast<Http2Stream*>(::nghttp2_session_get_stream_user_data(self.session_.get(), id)
    );
}

ssize_t Http2Core::Callbacks::read_body(
    nghttp2_session*, std::int32_t id, std::uint8_t* out, std::size_t most, std::uint32_t* flags,
    nghttp2_data_source*, void* user
) {
    auto* const one = stream(user, id);
    if (one == nullptr) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    const auto size = Calls::core(user).take_body(*one, out, most);
    if (one->unsent_.empty()) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return static_cast<ssize_t>(size);
}

nghttp2_session_callbacks* Http2Core::Callbacks::table() {
    static nghttp2_session_callbacks* const made = [] {
        nghttp2_session_callbacks* callbacks = nullptr;
        if (::nghttp2_session_callbacks_new(&callbacks) != 0) {
            throw std::bad_alloc{};
        }
        ::nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, Calls::begin_frame);
        ::nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Calls::begin_headers);
        ::nghttp2_session_callbacks_set_on_header_callback(callbacks, Calls::header);
        ::nghttp2_session_callbacks_set_on_invalid_header_callback(
            callbacks, Calls::invalid_header
        );
        ::nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Calls::frame);
        ::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Calls::data);
        ::nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Calls::closed);
        ::nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Calls::sent);
        ::nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, Calls::not_sent);
        return callbacks;
    }();
    return made;
}

nghttp2_option* Http2Core::Callbacks::options() {
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

std::string http2_error_name(std::uint32_t error) {
    return ::nghttp2_http2_strerror(error);
}

}  // namespace fanfetch
