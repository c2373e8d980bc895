#include "http/request_checks.hpp"

#include "http/field_syntax.hpp"

#include <algorithm>
#include <charconv>

namespace fanfetch {
namespace {

using enum failure_code;

/// The one value of a field that may come at most once.
struct Single {
    std::size_t count = 0;
    std::string_view value;
};

Single single(const http::fields& fields, http::field name) {
    Single found;
    const auto [first, last] = fields.equal_range(name);
    for (auto field = first; field != last; ++field) {
        ++found.count;
        found.value = field->value();
    }
    return found;
}

std::optional<std::uint64_t> parse_length(std::string_view text) noexcept {
    std::uint64_t length = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, length);
    if (error != std::errc{} || stop != end) {
        return std::nullopt;
    }
    return length;
}

std::optional<Failure> judge_host(const RequestHead& head) {
    const auto host = single(head.fields, http::field::host);
    if (host.count > 1 || (host.count == 0 && head.minor_version >= 1)) {
        return failed(api_bad_request, "reading the request: exactly one Host field is needed");
    }
    if (host.count == 1 && !is_host_and_port(host.value)) {
        return failed(api_bad_request, "reading the request: the Host field is not a host");
    }
    return std::nullopt;
}

std::optional<Failure> judge_transfer_coding(const RequestHead& head, const Single& coding) {
    if (head.minor_version == 0) {
        return failed(api_bad_request, "reading the request: Transfer-Encoding in HTTP/1.0");
    }
    if (head.fields.count(http::field::content_length) > 0) {
        return failed(
            api_bad_request, "reading the request: both Transfer-Encoding and Content-Length"
        );
    }
    if (coding.count == 1 && equal_ignoring_case(coding.value, "chunked")) {
        return std::nullopt;
    }
    std::size_t chunked = 0;
    std::string_view last;
    for_each_element(coding.value, [&](std::string_view element) {
        chunked += equal_ignoring_case(element, "chunked") ? 1U : 0U;
        last = element;
    });
    const bool delimited =
        coding.count == 1 && chunked == 1 && equal_ignoring_case(last, "chunked");
    return delimited
               ? failed(
                     api_not_implemented, "reading the request: only the chunked coding is known"
                 )
               : failed(
                     api_bad_request, "reading the request: Transfer-Encoding is not \"chunked\""
                 );
}

bool is_kept_alive(const RequestHead& head) {
    bool close = false;
    bool keep_alive = false;
    const auto [first, last] = head.fields.equal_range(http::field::connection);
    for (auto field = first; field != last; ++field) {
        for_each_element(field->value(), [&](std::string_view option) {
            close |= equal_ignoring_case(option, "close");
            keep_alive |= equal_ignoring_case(option, "keep-alive");
        });
    }
    return !close && (head.minor_version >= 1 || keep_alive);
}

}  // namespace

Expected<RequestFraming> judge_framing(const RequestHead& head) {
    if (auto failure = judge_host(head)) {
        return *std::move(failure);
    }
    RequestFraming framing;
    framing.keep_alive = is_kept_alive(head);

    const auto coding = single(head.fields, http::field::transfer_encoding);
    if (coding.count > 0) {
        if (auto failure = judge_transfer_coding(head, coding)) {
            return *std::move(failure);
        }
        framing.chunked = true;
    }
    const auto length = single(head.fields, http::field::content_length);
    if (length.count > 0) {
        framing.length = length.count == 1 ? parse_length(length.value) : std::nullopt;
        if (!framing.length) {
            return failed(api_bad_request, "reading the request: Content-Length is not one number");
        }
    }
    if (head.method == http::verb::connect) {
        return failed(api_not_implemented, "reading the request: this is not a proxy");
    }

    const auto expect = single(head.fields, http::field::expect);
    if (expect.count > 0 && head.minor_version >= 1) {
        if (expect.count > 1 || !equal_ignoring_case(expect.value, "100-continue")) {
            return failed(api_bad_request, "reading the request: Expect is not \"100-continue\"");
        }
        framing.expects_continue = framing.has_body();
    }
    return framing;
}

bool is_host_and_port(std::string_view text) noexcept {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const bool bracketed = text.starts_with('[');
    const auto host_end = bracketed ? text.find(']') + 1 : text.find(':');
    const auto host = text.substr(0, host_end);
    const auto port = text.substr(host.size());
    if (host.empty() || (!port.empty() && port.front() != ':')) {
        return false;
    }
    if (!port.empty() && (port.size() > 6 || !std::ranges::all_of(port.substr(1), is_digit))) {
        return false;
    }
    if (bracketed) {
        const auto inside = host.substr(1, host.size() - 2);
        const auto is_address_char = [&](char c) {
            return is_digit(c) || c == ':' || c == '.' ||
                   (to_lower(c) >= 'a' && to_lower(c) <= 'f');
        };
        return host.ends_with(']') && inside.size() >= 2 &&
               std::ranges::all_of(inside, is_address_char);
    }
    const auto is_name_char = [&](char c) {
        return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') ||
               std::string_view{"-._~!$&'()*+;=%"}.find(c) != std::string_view::npos;
    };
    return std::ranges::all_of(host, is_name_char);
}

std::string media_type_of(std::string_view content_type) {
    const auto bare = trim_ows(content_type.substr(0, content_type.find(';')));
    std::string type{bare};
    std::ranges::transform(type, type.begin(), to_lower);
    return type;
}

std::optional<Failure> check_media_type(
    const http::fields& headers, std::initializer_list<std::string_view> types
) {
    const auto coding = single(headers, http::field::content_encoding);
    if (coding.count > 0 && !equal_ignoring_case(coding.value, "identity")) {
        return failed(
            api_unsupported_media,
            "reading the body: content coding " + quoted_excerpt(coding.value) + " is not decoded"
        );
    }
    const auto given = single(headers, http::field::content_type);
    const auto type = media_type_of(given.value);
    if (given.count == 0 || (given.count == 1 && std::ranges::find(types, type) != types.end())) {
        return std::nullopt;
    }
    return failed(
        api_unsupported_media,
        "reading the body: media type " + quoted_excerpt(type) + " is unknown"
    );
}

}  // namespace fanfetch
