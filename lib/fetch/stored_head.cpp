#include "fetch/stored_head.hpp"

#include "http/field_syntax.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

// Looked at for every field of every response: the length decides nearly always.
bool is(std::string_view name, std::string_view known) noexcept {
    return name.size() == known.size() && equal_ignoring_case(name, known);
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

std::string stored_head(const ResponseHead& head, const StoredPayload& payload) {
    const auto status = std::to_string(head.status);
    const auto length = payload.size ? std::to_string(*payload.size) : std::string{};
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
        if (payload.size && is(field.name, "content-length")) {
            continue;
        }
        if (is(field.name, "transfer-encoding") ||
            (payload.decoded && is(field.name, "content-encoding"))) {
            pen.write(aside);
        }
        pen.field(field.name, field.value);
    }
    if (payload.size) {
        pen.field("Content-Length", length);
    }
    text.resize(static_cast<std::size_t>(pen.at() - text.data()));
    return text;
}

}  // namespace fanfetch
