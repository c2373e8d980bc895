#include "http/response_framing.hpp"

#include "http/field_syntax.hpp"

#include <charconv>
#include <optional>
#include <string>

namespace fanfetch {
namespace {

Failure malformed(std::string_view what, std::string_view at_fault) {
    return failed(
        failure_code::http_malformed,
        std::string{"framing the response: "}.append(what) + ": " + quoted_excerpt(at_fault)
    );
}

/// What the fields say that framing depends on, gathered in one walk.
struct FramingFields {
    std::optional<std::string_view> transfer_encoding;
    std::optional<std::string_view> content_length;
    bool several_transfer_encodings = false;
    bool lengths_differ = false;
    bool close = false;
    bool keep_alive = false;
};

void note_content_length(FramingFields& found, std::string_view value) {
    for_each_element(value, [&](std::string_view element) {
        if (!found.content_length) {
            found.content_length = element;
        } else if (element != *found.content_length) {
            found.lengths_differ = true;
        }
    });
}

void note_connection(FramingFields& found, std::string_view value) {
    for_each_element(value, [&](std::string_view option) {
        found.close |= equal_ignoring_case(option, "close");
        found.keep_alive |= equal_ignoring_case(option, "keep-alive");
    });
}

FramingFields gather(const HeaderBlock& fields) {
    FramingFields found;
    for (const auto [name, value] : fields) {
        if (equal_ignoring_case(name, "Content-Length")) {
            note_content_length(found, value);
        } else if (equal_ignoring_case(name, "Transfer-Encoding")) {
            found.several_transfer_encodings |= found.transfer_encoding.has_value();
            found.transfer_encoding = value;
        } else if (equal_ignoring_case(name, "Connection")) {
            note_connection(found, value);
        }
    }
    return found;
}

bool never_has_body(std::string_view method, std::uint16_t status) noexcept {
    const bool tunnel = method == "CONNECT" && status >= 200 && status < 300;
    return method == "HEAD" || tunnel || status < 200 || status == 204 || status == 304;
}

Expected<ResponseFraming> frame_chunked(
    const FramingFields& found, const ResponseHead& head, bool keep_alive
) {
    if (head.minor_version == 0) {
        return malformed("HTTP/1.0 has no Transfer-Encoding", *found.transfer_encoding);
    }
    if (found.content_length) {
        return malformed("Content-Length beside Transfer-Encoding", *found.content_length);
    }
    if (found.several_transfer_encodings ||
        !equal_ignoring_case(*found.transfer_encoding, "chunked")) {
        return malformed("Transfer-Encoding is not just chunked", *found.transfer_encoding);
    }
    return ResponseFraming{body_framing::chunked, 0, keep_alive};
}

Expected<ResponseFraming> frame_length(const FramingFields& found, bool keep_alive) {
    const auto digits = *found.content_length;
    if (found.lengths_differ) {
        return malformed("Content-Lengths differ, the first is", digits);
    }
    std::uint64_t length = 0;
    const auto* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, length);
    if (error != std::errc{} || stop != end) {
        return malformed("Content-Length is not a number", digits);
    }
    return ResponseFraming{body_framing::length, length, keep_alive};
}

}  // namespace

Expected<ResponseFraming> frame_response(std::string_view method, const ResponseHead& head) {
    const auto found = gather(head.fields);
    const bool keep_alive = !found.close && (head.minor_version == 1 || found.keep_alive);

    if (never_has_body(method, head.status)) {
        const bool believes_in_body =
            head.status == 204 &&
            (found.transfer_encoding || found.content_length.value_or("0") != "0");
        return ResponseFraming{body_framing::none, 0, keep_alive && !believes_in_body};
    }
    if (found.transfer_encoding) {
        return frame_chunked(found, head, keep_alive);
    }
    if (found.content_length) {
        return frame_length(found, keep_alive);
    }
    return ResponseFraming{body_framing::until_close, 0, false};
}

}  // namespace fanfetch
