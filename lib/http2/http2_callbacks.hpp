#pragma once

#include "http2/http2_core.hpp"

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string>

namespace fanfetch {

/// What a session is made with: how nghttp2 reaches the Http2Core that it is given as `user`.
struct Http2Core::Callbacks {
    struct Calls;

    [[nodiscard]] static nghttp2_session_callbacks* table();
    [[nodiscard]] static nghttp2_option* options();

    /// Null when nobody listens to the stream any more.
    [[nodiscard]] static Http2Stream* stream(void* user, std::int32_t id) noexcept;
    /// Gives out the body of a request.
    static ssize_t read_body(
        nghttp2_session*, std::int32_t id, std::uint8_t* out, std::size_t most,
        std::uint32_t* flags, nghttp2_data_source*, void* user
    );
};

[[nodiscard]] std::string http2_error_name(std::uint32_t error);

}  // namespace fanfetch
