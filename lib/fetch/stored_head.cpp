#include "fetch/stored_head.hpp"

#include "http/field_syntax.hpp"

#include <algorithm>

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

/// Writes into room that was made for it: a header is dozens of small pieces.
class Pen {
public:
    explicit Pen(char* at) noexcept : at_{at} {}

    void write(std::string_view text) noexcept { at_ = std::copy(text.begin(), text.end(), at_); }
    void field(std::string_view name, std::string_view value) noexcept {
        write(name);
        write(": ");
        write(value);
        write("\r\n");
    }
    [[nodiscard]] const char* at() const noexcept { return at_; }

private:
    char* at_;
};

constexpr std::string_view aside = "X-Crawler-";

}  // namespace

std::string stored_head(const ResponseHead& head, std::uint64_t payload_size) {
    const auto status = std::to_string(head.status);
    const auto length = std::to_string(payload_size);
    // What each field takes beyond its name and value, and what stands around the fields.
    constexpr std::size_t per_field = 4 + aside.size();
    constexpr std::size_t around = 64;
    std::size_t room = around + head.reason.size();
    for (const auto field : head.fields) {
        room += field.name.size() + field.value.size() + per_field;
    }
    std::string text(room, '\0');
    Pen pen{text.data()};
    pen.write(head.minor_version == 0 ? "HTTP/1.0 " : "HTTP/1.1 ");
    pen.write(status);
    pen.write(" ");
    pen.write(head.reason);
    pen.write("\r\n");
    for (const auto field : head.fields) {
        if (is_content_length(field.name)) {
            continue;
        }
        if (moved_aside(field.name)) {
            pen.write(aside);
        }
        pen.field(field.name, field.value);
    }
    pen.field("Content-Length", length);
    text.resize(static_cast<std::size_t>(pen.at() - text.data()));
    return text;
}

}  // namespace fanfetch
