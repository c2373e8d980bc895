#include "http/server_target.hpp"

#include "base/json_text.hpp"
#include "http/field_syntax.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

using enum failure_code;

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const auto length = utf8_sequence_length(text);
        if (length == 0) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

Failure no_such_path() {
    return failed(api_not_found, "finding the resource: no such path");
}

/// Appends one decoded segment, or tells why it is none.
std::optional<Failure> append_segment(std::string& path, std::string_view segment, bool last) {
    const auto start = path.size();
    if (!decode_percent(segment, '+', path)) {
        return failed(api_bad_request, "reading the path: a '%' without two hexadecimal digits");
    }
    const auto decoded = std::string_view{path}.substr(start);
    if (std::ranges::any_of(decoded, is_control)) {
        return failed(api_bad_request, "reading the path: a control character");
    }
    if (!is_utf8(decoded)) {
        return failed(api_bad_request, "reading the path: not UTF-8");
    }
    const bool ambiguous = decoded.find_first_of("/\\") != std::string_view::npos ||
                           decoded == "." || decoded == ".." || (decoded.empty() && !last);
    if (ambiguous) {
        return no_such_path();
    }
    return std::nullopt;
}

Expected<std::string> decode_path(std::string_view text) {
    std::string path;
    path.reserve(text.size());
    while (!text.empty()) {
        text.remove_prefix(1);
        path += '/';
        const auto slash = text.find('/');
        const bool last = slash == std::string_view::npos;
        if (auto failure = append_segment(path, text.substr(0, slash), last)) {
            return *std::move(failure);
        }
        text = last ? std::string_view{} : text.substr(slash);
    }
    return path;
}

Expected<QueryParameters> decode_query(std::string_view text) {
    QueryParameters query;
    while (!text.empty()) {
        const auto end = text.find('&');
        const auto piece = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        if (piece.empty()) {
            continue;
        }
        const auto equals = piece.find('=');
        const auto value =
            equals == std::string_view::npos ? std::string_view{} : piece.substr(equals + 1);
        auto& [name, decoded] = query.emplace_back();
        const bool readable = decode_percent(piece.substr(0, equals), ' ', name) &&
                              decode_percent(value, ' ', decoded);
        const bool clean = is_utf8(name) && is_utf8(decoded) &&
                           std::ranges::none_of(name, is_control) &&
                           decoded.find('\0') == std::string::npos;
        if (!readable || !clean) {
            return failed(
                api_bad_parameter, "reading the query: a parameter that is no percent-encoded UTF-8"
            );
        }
    }
    return query;
}

}  // namespace

bool decode_percent(std::string_view text, char plus, std::string& out) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i] == '+' ? plus : text[i];
            continue;
        }
        const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0) {
            return false;
        }
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return true;
}

Expected<RequestTarget> parse_request_target(std::string_view target) {
    RequestTarget parts;
    if (target == "*") {
        parts.path = "*";
        return parts;
    }
    if (target.empty() || target.front() != '/') {
        const auto scheme_end = target.find("://");
        const auto scheme = target.substr(0, scheme_end);
        if (scheme_end == std::string_view::npos ||
            !(equal_ignoring_case(scheme, "http") || equal_ignoring_case(scheme, "https"))) {
            return failed(api_bad_request, "reading the request target: not an http path or URL");
        }
        target.remove_prefix(scheme_end + 3);
        parts.authority = target.substr(0, target.find_first_of("/?"));
        if (parts.authority.empty()) {
            return failed(api_bad_request, "reading the request target: no host");
        }
        target.remove_prefix(parts.authority.size());
    }

    const auto question = target.find('?');
    auto path = decode_path(question == 0 || target.empty() ? "/" : target.substr(0, question));
    if (!path) {
        return path.error();
    }
    parts.path = *std::move(path);
    if (question != std::string_view::npos) {
        auto query = decode_query(target.substr(question + 1));
        if (!query) {
            return query.error();
        }
        parts.query = *std::move(query);
    }
    return parts;
}

}  // namespace fanfetch
