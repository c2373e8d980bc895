#include "url/url.hpp"

#include "url/canonical.hpp"
#include "url/ip_text.hpp"
#include "url/parser.hpp"
#include "url/utf8.hpp"

#include <utility>

namespace fanfetch {
namespace {

constexpr bool control_or_space(char byte) noexcept {
    return static_cast<unsigned char>(byte) <= 0x20;
}

std::string_view stripped(std::string_view text) noexcept {
    while (!text.empty() && control_or_space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && control_or_space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

Failure unreadable(std::string_view why) {
    return failed(failure_code::url_invalid, "reading the URL: " + std::string{why});
}

}  // namespace

Expected<Url> Url::parse(std::string_view text) {
    if (text.empty()) {
        return unreadable("it is empty");
    }
    if (text.size() <= max_length) {
        if (const auto layout = canonical_layout(text)) {
            return Url{CanonicalUrl{std::string{text}, *layout}};
        }
    }
    if (text.front() == ' ' || text.back() == ' ') {
        return unreadable("white space around it");
    }
    if (!is_utf8(text)) {
        return unreadable("not UTF-8");
    }
    auto read = parse_url(text, nullptr);
    if (!read) {
        return std::move(read).error();
    }
    return Url{*std::move(read)};
}

Expected<Url> Url::resolve(std::string_view reference) const {
    const auto text = stripped(reference);
    auto read = parse_url(text, &url_);
    if (!read) {
        return std::move(read).error();
    }
    return Url{*std::move(read)};
}

std::string_view Url::between(std::size_t begin, std::size_t end) const noexcept {
    return std::string_view{url_.href}.substr(begin, end - begin);
}

std::string_view Url::host() const noexcept {
    return between(url_.layout.host_begin, url_.layout.host_end);
}

std::string_view Url::host_header() const noexcept {
    return between(url_.layout.host_begin, url_.layout.authority_end);
}

std::string_view Url::target() const noexcept {
    return between(url_.layout.authority_end, url_.layout.target_end);
}

std::string Url::host_key() const {
    std::string key;
    const auto name = host();
    key.reserve(name.size() + 6);
    key += name;
    key += ':';
    key += std::to_string(port());
    return key;
}

bool Url::host_is_address() const noexcept {
    return host().starts_with('[') || ends_in_number(host());
}

bool Url::same_origin(const Url& other) const noexcept {
    return https() == other.https() && port() == other.port() && host() == other.host();
}

}  // namespace fanfetch
