#include "client/api_request.hpp"

#include "http/field_syntax.hpp"
#include "url/percent.hpp"

#include <algorithm>
#include <stdexcept>

namespace fanfetch {
namespace {

/// All but the unreserved characters of RFC 3986.
constexpr auto encoded =
    ByteSet{"!\"#$%&'()*+,/:;<=>?@[\\]^`{|}"}.with_range(0x00, 0x20).with_range(0x7F, 0xFF);

void append_field(std::string& head, std::string_view name, std::string_view value) {
    if (!is_token(name) || !is_plain_field_value(value)) {
        throw std::logic_error{"a field of a request that cannot be sent: " + std::string{name}};
    }
    head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool is_plain_field_value(std::string_view text) noexcept {
    const auto visible = [](char c) { return c >= ' ' && c <= '~'; };
    return !text.starts_with(' ') && !text.ends_with(' ') && std::ranges::all_of(text, visible);
}

std::string request_head(
    const ServerAddress& server, std::string_view key, const ApiRequest& request, SentBody body
) {
    std::string head = request.method + ' ' + server.prefix + request.target + " HTTP/1.1\r\n";
    append_field(head, "Host", server.host_header);
    append_field(head, "User-Agent", "fanfetch/" FANFETCH_VERSION);
    if (!key.empty()) {
        append_field(head, "Authorization", "Bearer " + std::string{key});
    }
    for (const auto& [name, value] : request.fields) {
        append_field(head, name, value);
    }
    if (body.present && body.size) {
        append_field(head, "Content-Length", std::to_string(*body.size));
    } else if (body.present) {
        append_field(head, "Transfer-Encoding", "chunked");
    } else if (request.method != "GET") {
        append_field(head, "Content-Length", "0");
    }
    if (body.asks_first) {
        append_field(head, "Expect", "100-continue");
    }
    head += "\r\n";
    return head;
}

TargetBuilder& TargetBuilder::segment(std::string_view text) {
    target_ += '/';
    append_percent_encoded(target_, text, encoded);
    return *this;
}

TargetBuilder& TargetBuilder::path(std::string_view text) {
    target_ += text;
    return *this;
}

TargetBuilder& TargetBuilder::parameter(std::string_view name, std::string_view value) {
    target_ += query_ ? '&' : '?';
    query_ = true;
    append_percent_encoded(target_, name, encoded);
    target_ += '=';
    append_percent_encoded(target_, value, encoded);
    return *this;
}

TargetBuilder& TargetBuilder::parameter_unless_empty(
    std::string_view name, std::string_view value
) {
    return value.empty() ? *this : parameter(name, value);
}

}  // namespace fanfetch
