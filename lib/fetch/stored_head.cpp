#include "fetch/stored_head.hpp"

#include "http/field_syntax.hpp"

namespace fanfetch {
namespace {

bool moved_aside(std::string_view name) noexcept {
    // Looked at for every field of every response: the length decides nearly always.
    constexpr std::string_view content_encoding = "content-encoding";
    constexpr std::string_view transfer_encoding = "transfer-encoding";
    return (name.size() == content_encoding.size() && equal_ignoring_case(name, content_encoding)
           ) ||
           (name.size() == transfer_encoding.size() && equal_ignoring_case(name, transfer_encoding)
           );
}

bool is_content_length(std::string_view name) noexcept {
    constexpr std::string_view content_length = "content-length";
    return name.size() == content_length.size() && equal_ignoring_case(name, content_length);
}

void append_field(std::string& text, std::string_view name, std::string_view value) {
    text += name;
    text += ": ";
    text += value;
    text += "\r\n";
}

}  // namespace

std::string stored_head(const ResponseHead& head, std::uint64_t payload_size) {
    std::string text;
    text.reserve(head.wire_bytes + 64);
    text += head.minor_version == 0 ? "HTTP/1.0 " : "HTTP/1.1 ";
    text += std::to_string(head.status);
    text += ' ';
    text += head.reason;
    text += "\r\n";
    for (const auto field : head.fields) {
        if (is_content_length(field.name)) {
            continue;
        }
        if (moved_aside(field.name)) {
            text += "X-Crawler-";
        }
        append_field(text, field.name, field.value);
    }
    append_field(text, "Content-Length", std::to_string(payload_size));
    return text;
}

}  // namespace fanfetch
