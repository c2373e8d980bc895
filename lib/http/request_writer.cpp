#include "http/request_writer.hpp"

#include "http/field_syntax.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace fanfetch {
namespace {

constexpr std::array<std::string_view, 9> reserved_names{
    "host",       "content-length", "transfer-encoding", "te",    "trailer",
    "connection", "keep-alive",     "upgrade",           "expect"};
constexpr std::string_view reserved_prefix = "proxy-";

/// Lower case, and a hyphen for an underscore: some servers take them for the same.
constexpr char plain(char c) noexcept {
    return c == '_' ? '-' : to_lower(c);
}

constexpr bool plainly_equal(char a, char b) noexcept {
    return plain(a) == b;
}

bool is_reserved(std::string_view name) noexcept {
    const auto same = [name](std::string_view reserved) {
        return std::equal(
            name.begin(), name.end(), reserved.begin(), reserved.end(), plainly_equal
        );
    };
    const auto start = name.substr(0, reserved_prefix.size());
    return std::any_of(reserved_names.begin(), reserved_names.end(), same) ||
           std::equal(
               start.begin(), start.end(), reserved_prefix.begin(), reserved_prefix.end(),
               plainly_equal
           );
}

constexpr bool is_visible(char c) noexcept {
    return c > ' ' && c <= '~';
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

void assert_sendable(const OutgoingRequest& request) {
    const auto visible = [](std::string_view text) {
        return !text.empty() && std::all_of(text.begin(), text.end(), is_visible);
    };
    const auto intact = [](const FieldView& field) {
        return is_token(field.name) && !is_reserved(field.name) && is_value(field.value);
    };
    if (!is_token(request.method) || !visible(request.target) || !visible(request.host) ||
        !is_value(request.user_agent) || !is_value(request.proxy_authorization) ||
        !std::all_of(request.fields.begin(), request.fields.end(), intact)) {
        throw std::logic_error{"writing a request: a part of it was not validated"};
    }
}

bool lacks_field(const OutgoingRequest& request, std::string_view name) {
    return std::none_of(request.fields.begin(), request.fields.end(), [name](const auto& field) {
        return equal_ignoring_case(field.name, name);
    });
}

bool sends_length(const OutgoingRequest& request) noexcept {
    const auto method = request.method;
    return request.body_size || method == "POST" || method == "PUT" || method == "PATCH";
}

void write_request_head(std::string& out, const OutgoingRequest& request) {
    assert_sendable(request);
    out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
    append_field(out, "Host", request.host);
    if (!request.proxy_authorization.empty()) {
        append_field(out, "Proxy-Authorization", request.proxy_authorization);
    }
    const auto length = std::to_string(request.body_size.value_or(0));
    for_each_field(request, length, [&out](std::string_view name, std::string_view value) {
        append_field(out, name, value);
    });
    if (request.expect_continue) {
        append_field(out, "Expect", "100-continue");
    }
    out.append("\r\n");
}

}  // namespace fanfetch
