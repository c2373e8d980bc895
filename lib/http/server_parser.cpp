#include "http/server_parser.hpp"

#include "http/field_syntax.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

using enum failure_code;

/// Some clients end the body of a POST with a CRLF that belongs to nothing (RFC 9112 §2.2).
constexpr std::size_t forgiven_empty_bytes = 4;
/// Longer than any method there is; bounds what is read before the first space.
constexpr std::size_t max_method_bytes = 32;
/// What a request line holds besides its target: method, two spaces, the version and CR.
constexpr std::size_t request_line_extra = max_method_bytes + 11;

Failure malformed(std::string what) {
    return failed(api_bad_request, "reading the request: " + std::move(what));
}

Failure header_too_large() {
    return failed(api_header_too_large, "reading the request: the header is too large");
}

Failure target_too_long() {
    return failed(api_uri_too_long, "reading the request: the target is too long");
}

/// Visible ASCII but '#', which no request target holds.
bool is_target_char(char c) noexcept {
    return c > 0x20 && c < 0x7f && c != '#';
}

std::optional<Failure> judge_version(std::string_view version) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (version == "HTTP/1.1" || version == "HTTP/1.0") {
        return std::nullopt;
    }
    const bool is_another = version.size() == 8 && version.starts_with("HTTP/") &&
                            is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
    if (is_another) {
        return failed(api_http_version, "reading the request: only HTTP/1.0 and HTTP/1.1 here");
    }
    return malformed("no HTTP version at the end of the request line");
}

}  // namespace

std::optional<FieldView> split_field_line(std::string_view line) noexcept {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
        return std::nullopt;
    }
    const auto value = trim_ows(line.substr(colon + 1));
    if (!is_value(value)) {
        return std::nullopt;
    }
    return FieldView{line.substr(0, colon), value};
}

Expected<std::size_t> RequestParser::put(std::string_view input) {
    std::size_t used = 0;
    while (!done()) {
        const auto rest = input.substr(used);
        const auto line_feed = rest.find('\n', scanned_);
        if (line_feed == std::string_view::npos) {
            scanned_ = rest.size();
            if (auto failure = judge_unfinished_line(rest)) {
                return *std::move(failure);
            }
            return used;
        }
        scanned_ = 0;
        if (line_feed == 0 || rest[line_feed - 1] != '\r') {
            return malformed("a line that does not end in CRLF");
        }
        taken_ += line_feed + 1;
        used += line_feed + 1;
        if (taken_ > limits_->header_bytes && phase_ != phase::request_line) {
            return header_too_large();
        }
        if (auto failure = take_line(rest.substr(0, line_feed - 1))) {
            return *std::move(failure);
        }
    }
    return used;
}

std::optional<Failure> RequestParser::take_line(std::string_view line) {
    if (phase_ == phase::fields) {
        if (line.empty()) {
            phase_ = phase::done;
            return std::nullopt;
        }
        return take_field(line);
    }
    if (!line.empty()) {
        return take_request_line(line);
    }
    if (taken_ > forgiven_empty_bytes) {
        return malformed("empty lines where a request line should be");
    }
    return std::nullopt;
}

std::optional<Failure> RequestParser::take_request_line(std::string_view line) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return malformed("a request line that is not method, target and version");
    }
    const auto method = line.substr(0, first);
    const auto target = line.substr(first + 1, last - first - 1);
    if (!is_token(method) || method.size() > max_method_bytes) {
        return malformed("a method that is none");
    }
    if (target.size() > limits_->target_bytes) {
        return target_too_long();
    }
    if (target.empty() || !std::ranges::all_of(target, is_target_char)) {
        return malformed("a request target with a character that must be encoded");
    }
    const auto version = line.substr(last + 1);
    if (auto failure = judge_version(version)) {
        return failure;
    }
    head_.method = http::string_to_verb(method);
    head_.method_string = method;
    head_.target = target;
    head_.minor_version = version.back() - '0';
    phase_ = phase::fields;
    return std::nullopt;
}

std::optional<Failure> RequestParser::take_field(std::string_view line) {
    if (++fields_ > limits_->fields) {
        return header_too_large();
    }
    const auto field = split_field_line(line);
    if (!field) {
        return malformed(is_ows(line.front()) ? "a folded header line" : "a broken header line");
    }
    head_.fields.insert(field->name, field->value);
    return std::nullopt;
}

std::optional<Failure> RequestParser::judge_unfinished_line(std::string_view line) const {
    if (phase_ == phase::fields) {
        return taken_ + line.size() > limits_->header_bytes ? std::optional{header_too_large()}
                                                            : std::nullopt;
    }
    // What is no HTTP at all (a TLS hello, a banner) is told at once, not when it times out.
    const auto method = line.substr(0, line.find(' '));
    const bool only_line_end = line == "\r";
    if (!line.empty() && !only_line_end &&
        (!is_token(method) || method.size() > max_method_bytes)) {
        return malformed("a method that is none");
    }
    if (line.size() > limits_->target_bytes + request_line_extra) {
        return target_too_long();
    }
    return std::nullopt;
}

void RequestParser::reset() {
    head_.fields.clear();
    head_.method_string.clear();
    head_.target.clear();
    phase_ = phase::request_line;
    taken_ = 0;
    scanned_ = 0;
    fields_ = 0;
}

}  // namespace fanfetch
