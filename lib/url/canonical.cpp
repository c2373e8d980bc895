#include "url/canonical.hpp"

#include "url/ascii.hpp"
#include "url/byte_set.hpp"

#include <cstddef>

namespace fanfetch {
namespace {

constexpr ByteSet plain_name_bytes = ByteSet{"-._"}.with_range('a', 'z').with_range('0', '9');

// Where a run of harmless bytes ends, for each part. A slash ends a run because of the dots that
// may follow it; a backslash would be a slash.
constexpr ByteSet path_stops = path_percent_encode_set.with("/\\");
constexpr ByteSet query_stops = query_percent_encode_set;
constexpr ByteSet fragment_stops = fragment_percent_encode_set;

constexpr std::uint16_t offset(std::size_t at) noexcept {
    return static_cast<std::uint16_t>(at);
}

/// Four numbers up to 255 without leading zeros: the one spelling of an IPv4 address.
bool canonical_ipv4(std::string_view host) noexcept {
    unsigned number = 0;
    std::size_t digits = 0;
    std::size_t dots = 0;
    for (const char byte : host) {
        if (byte == '.') {
            if (digits == 0) {
                return false;
            }
            ++dots;
            number = 0;
            digits = 0;
            continue;
        }
        const bool leading_zero = digits > 0 && number == 0;
        if (!is_digit(byte) || leading_zero) {
            return false;
        }
        number = number * 10 + static_cast<unsigned>(byte - '0');
        ++digits;
        if (number > 255) {
            return false;
        }
    }
    return dots == 3 && digits > 0;
}

bool canonical_host(std::string_view host) noexcept {
    if (host.empty() || host.back() == '.') {
        return false;
    }
    const char first_of_last_label = host[host.rfind('.') + 1];
    return !is_digit(first_of_last_label) || canonical_ipv4(host);
}

/// Reads ":8080" at `at` and moves past it; false when the full parser should look.
bool read_port(std::string_view text, std::size_t& at, UrlLayout& layout) noexcept {
    const unsigned by_default = layout.port;
    const std::size_t begin = ++at;
    unsigned port = 0;
    while (at < text.size() && is_digit(text[at]) && at - begin < 5) {
        port = port * 10 + static_cast<unsigned>(text[at] - '0');
        ++at;
    }
    if (at == begin || text[begin] == '0' || port > 65'535 || port == by_default) {
        return false;
    }
    layout.port = static_cast<std::uint16_t>(port);
    return true;
}

/// Moves past the path; false when it has a segment that might be one of dots.
bool skip_path(std::string_view text, std::size_t& at) noexcept {
    while (at < text.size() && text[at] == '/') {
        ++at;
        if (at < text.size() && (text[at] == '.' || text[at] == '%')) {
            return false;
        }
        at = path_stops.find_in(text, at);
    }
    return true;
}

}  // namespace

std::optional<UrlLayout> canonical_layout(std::string_view text) noexcept {
    UrlLayout layout;
    layout.https = text.starts_with("https://");
    if (!layout.https && !text.starts_with("http://")) {
        return std::nullopt;
    }
    layout.port = layout.https ? 443 : 80;
    std::size_t at = layout.https ? 8 : 7;
    layout.host_begin = offset(at);
    while (at < text.size() && plain_name_bytes.contains(text[at])) {
        ++at;
    }
    layout.host_end = offset(at);
    if (!canonical_host(text.substr(layout.host_begin, at - layout.host_begin))) {
        return std::nullopt;
    }
    if (at < text.size() && text[at] == ':' && !read_port(text, at, layout)) {
        return std::nullopt;
    }
    layout.authority_end = offset(at);
    if (at == text.size() || text[at] != '/' || !skip_path(text, at)) {
        return std::nullopt;
    }
    layout.path_end = offset(at);
    if (at < text.size() && text[at] == '?') {
        at = query_stops.find_in(text, at + 1);
    }
    layout.target_end = offset(at);
    if (at < text.size() && text[at] == '#') {
        at = fragment_stops.find_in(text, at + 1);
    }
    if (at != text.size()) {
        return std::nullopt;
    }
    return layout;
}

}  // namespace fanfetch
