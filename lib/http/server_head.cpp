#include "http/server_head.hpp"

#include "http/field_syntax.hpp"

#include <array>
#include <charconv>
#include <stdexcept>

namespace fanfetch {
namespace {

constexpr std::string_view server_line = "Server: fanfetch/" FANFETCH_VERSION "\r\n";

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits;
    const auto [end, error] = std::to_chars(digits.begin(), digits.end(), number);
    out.append(digits.begin(), end);
}

/// Fields that only the session can state truthfully.
bool is_framing_field(std::string_view name) noexcept {
    for (const std::string_view own :
         {"Content-Length", "Transfer-Encoding", "Connection", "Date"}) {
        if (equal_ignoring_case(name, own)) {
            return true;
        }
    }
    return false;
}

bool sets_field(const HttpReply& reply, std::string_view name) noexcept {
    for (const auto& field : reply.headers) {
        if (equal_ignoring_case(field.first, name)) {
            return true;
        }
    }
    return false;
}

bool never_has_body(http::status status) noexcept {
    return http::to_status_class(status) == http::status_class::informational ||
           status == http::status::no_content || status == http::status::not_modified;
}

}  // namespace

void check_reply_fields(const HttpReply& reply) {
    for (const auto& [name, value] : reply.headers) {
        if (!is_token(name) || !is_value(value) || is_framing_field(name)) {
            throw std::logic_error{"writing a reply: the handler may not set the field " + name};
        }
    }
}

void append_reply_head(std::string& out, const HttpReply& reply, const ReplyFrame& frame) {
    const auto reason = http::obsolete_reason(reply.status);
    out += "HTTP/1.1 ";
    append_number(out, static_cast<unsigned>(reply.status));
    out += ' ';
    out.append(reason.data(), reason.size());
    out += "\r\n";
    append_field(out, "Date", frame.date);
    out += server_line;
    append_field(out, "X-Request-Id", frame.request_id);
    for (const auto& [name, value] : reply.headers) {
        append_field(out, name, value);
    }
    const bool is_error = static_cast<unsigned>(reply.status) >= 400;
    if (is_error && !sets_field(reply, "Cache-Control")) {
        out += "Cache-Control: no-store\r\n";
    }
    if (frame.framing == reply_framing::counted) {
        out += "Content-Length: ";
        append_number(out, frame.length);
        out += "\r\n";
    } else if (frame.framing == reply_framing::chunked) {
        out += "Transfer-Encoding: chunked\r\n";
    }
    if (!frame.keep_alive) {
        out += "Connection: close\r\n";
    } else if (frame.minor_version == 0) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
}

ReplyFrame frame_reply(const HttpReply& reply, int minor_version, bool keep_alive) {
    ReplyFrame frame{.minor_version = minor_version, .keep_alive = keep_alive};
    if (never_has_body(reply.status)) {
        return frame;
    }
    if (!reply.stream || reply.stream_length) {
        frame.framing = reply_framing::counted;
        frame.length = reply.stream ? *reply.stream_length : reply.body.size();
    } else if (minor_version >= 1) {
        frame.framing = reply_framing::chunked;
    } else {
        frame.framing = reply_framing::until_close;
        frame.keep_alive = false;
    }
    return frame;
}

}  // namespace fanfetch
