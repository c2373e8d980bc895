#include "url/parser.hpp"

#include "url/ascii.hpp"
#include "url/host.hpp"
#include "url/path.hpp"
#include "url/percent.hpp"
#include "url/url.hpp"

#include <algorithm>
#include <optional>

namespace fanfetch {
namespace {

constexpr ByteSet slashes{"/\\"};

Failure unreadable(std::string why) {
    return failed(failure_code::url_invalid, std::move(why));
}

/// A reference cut at its first '#', its first '?' and its scheme. Nothing is decoded yet.
struct Pieces {
    std::optional<std::string_view> scheme;
    std::string_view body;                     // authority and path
    std::optional<std::string_view> query;     // without the '?'
    std::optional<std::string_view> fragment;  // without the '#'
};

/// Takes what is behind the first `mark` off `text`, the mark itself too.
std::optional<std::string_view> cut_at(std::string_view& text, char mark) noexcept {
    const auto at = text.find(mark);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const auto behind = text.substr(at + 1);
    text = text.substr(0, at);
    return behind;
}

std::optional<std::string_view> cut_scheme(std::string_view& text) noexcept {
    const auto in_scheme = [](char byte) {
        return is_letter(byte) || is_digit(byte) || byte == '+' || byte == '-' || byte == '.';
    };
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0) {
        return std::nullopt;
    }
    const auto scheme = text.substr(0, colon);
    if (!is_letter(scheme.front()) || !std::ranges::all_of(scheme, in_scheme)) {
        return std::nullopt;
    }
    text.remove_prefix(colon + 1);
    return scheme;
}

Pieces cut(std::string_view text) noexcept {
    Pieces pieces;
    pieces.fragment = cut_at(text, '#');
    pieces.query = cut_at(text, '?');
    pieces.scheme = cut_scheme(text);
    pieces.body = text;
    return pieces;
}

bool equals_lower(std::string_view text, std::string_view lower) noexcept {
    return std::ranges::equal(text, lower, {}, ascii_lower);
}

Expected<bool> is_https(std::string_view scheme) {
    if (equals_lower(scheme, "https")) {
        return true;
    }
    if (equals_lower(scheme, "http")) {
        return false;
    }
    constexpr std::size_t longest_shown = 32;
    return failed(
        failure_code::url_scheme, "reading the scheme: only http and https are fetched, not \"" +
                                      std::string{scheme.substr(0, longest_shown)} + '"'
    );
}

constexpr std::uint16_t default_port(bool https) noexcept {
    return https ? 443 : 80;
}

/// The digits behind the colon; none at all means the default.
Expected<std::uint16_t> parse_port(std::string_view digits, bool https) {
    if (digits.empty()) {
        return default_port(https);
    }
    unsigned port = 0;
    for (const char byte : digits) {
        if (!is_digit(byte)) {
            return unreadable("reading the port: not a number");
        }
        port = port * 10 + static_cast<unsigned>(byte - '0');
        if (port > 65'535) {
            return unreadable("reading the port: larger than 65535");
        }
    }
    return static_cast<std::uint16_t>(port);
}

/// The colon before the port; one inside brackets belongs to the address.
std::size_t find_port_colon(std::string_view authority) noexcept {
    bool bracketed = false;
    for (std::size_t i = 0; i < authority.size(); ++i) {
        const char byte = authority[i];
        if (byte == ':' && !bracketed) {
            return i;
        }
        bracketed = byte == '[' || (bracketed && byte != ']');
    }
    return authority.size();
}

std::uint16_t end_of(const std::string& text) noexcept {
    // Longer ones wrap here and are refused as a whole once they are complete.
    return static_cast<std::uint16_t>(text.size());
}

/// Writes the canonical text from left to right and notes where the parts are.
class Writer {
public:
    explicit Writer(bool https) {
        url_.layout.https = https;
        url_.href = https ? "https://" : "http://";
    }

    Expected<void> authority(std::string_view text) {
        if (text.find('@') != std::string_view::npos) {
            return unreadable("reading the authority: user information is refused");
        }
        const auto colon = find_port_colon(text);
        auto host = parse_host(text.substr(0, colon));
        if (!host) {
            return std::move(host).error();
        }
        const auto digits = text.substr(std::min(colon + 1, text.size()));
        const auto port = parse_port(digits, url_.layout.https);
        if (!port) {
            return port.error();
        }
        write_authority(*host, *port);
        return {};
    }

    void authority_of(const CanonicalUrl& base) {
        const auto& part = base.layout;
        const auto length = static_cast<std::size_t>(part.host_end - part.host_begin);
        write_authority(std::string_view{base.href}.substr(part.host_begin, length), part.port);
    }

    void path(std::string_view text) {
        append_path(url_.href, url_.layout.authority_end, text);
        url_.layout.path_end = end_of(url_.href);
    }

    /// The path of `base`, with its last segment replaced by `text`.
    void path_beside(const CanonicalUrl& base, std::string_view text) {
        path_of(base);
        shorten_path(url_.href, url_.layout.authority_end);
        path(text);
    }

    void path_of(const CanonicalUrl& base) {
        const auto& part = base.layout;
        url_.href.append(base.href, part.authority_end, part.path_end - part.authority_end);
        url_.layout.path_end = end_of(url_.href);
    }

    void query_of(const CanonicalUrl& base) {
        url_.href.append(
            base.href, base.layout.path_end, base.layout.target_end - base.layout.path_end
        );
    }

    void query(std::string_view text) {
        url_.href += '?';
        append_percent_encoded(url_.href, text, query_percent_encode_set);
    }

    Expected<CanonicalUrl> finish(std::optional<std::string_view> fragment) {
        url_.layout.target_end = end_of(url_.href);
        if (fragment) {
            url_.href += '#';
            append_percent_encoded(url_.href, *fragment, fragment_percent_encode_set);
        }
        if (url_.href.size() > Url::max_length) {
            return unreadable("reading the URL: too long once it is percent-encoded");
        }
        return std::move(url_);
    }

private:
    void write_authority(std::string_view host, std::uint16_t port) {
        auto& part = url_.layout;
        part.host_begin = end_of(url_.href);
        url_.href += host;
        part.host_end = end_of(url_.href);
        part.port = port;
        if (port != default_port(part.https)) {
            url_.href += ':';
            url_.href += std::to_string(port);
        }
        part.authority_end = end_of(url_.href);
    }

    CanonicalUrl url_;
};

/// "//host/path", with any number of slashes: they were counted by the caller and do not matter.
Expected<CanonicalUrl> read_absolute(const Pieces& pieces, bool https) {
    auto body = pieces.body;
    while (!body.empty() && slashes.contains(body.front())) {
        body.remove_prefix(1);
    }
    const auto path_begin = slashes.find_in(body);
    Writer writer{https};
    const auto written = writer.authority(body.substr(0, path_begin));
    if (!written) {
        return written.error();
    }
    writer.path(body.substr(path_begin));
    if (pieces.query) {
        writer.query(*pieces.query);
    }
    return writer.finish(pieces.fragment);
}

Expected<CanonicalUrl> read_relative(const Pieces& pieces, const CanonicalUrl& base) {
    const auto body = pieces.body;
    const bool rooted = !body.empty() && slashes.contains(body.front());
    if (rooted && body.size() > 1 && slashes.contains(body[1])) {
        return read_absolute(pieces, base.layout.https);
    }
    Writer writer{base.layout.https};
    writer.authority_of(base);
    if (rooted) {
        writer.path(body);
    } else if (!body.empty()) {
        writer.path_beside(base, body);
    } else {
        writer.path_of(base);
    }
    if (pieces.query) {
        writer.query(*pieces.query);
    } else if (body.empty()) {
        writer.query_of(base);
    }
    return writer.finish(pieces.fragment);
}

}  // namespace

Expected<CanonicalUrl> parse_url(std::string_view text, const CanonicalUrl* base) {
    if (text.size() > Url::max_length) {
        return unreadable(
            "reading the URL: longer than " + std::to_string(Url::max_length) + " bytes"
        );
    }
    if (control_bytes.find_in(text) != text.size()) {
        return unreadable("reading the URL: a control character");
    }
    const auto pieces = cut(text);
    if (!pieces.scheme) {
        return base != nullptr ? read_relative(pieces, *base)
                               : unreadable("reading the scheme: there is none");
    }
    const auto https = is_https(*pieces.scheme);
    if (!https) {
        return https.error();
    }
    if (base != nullptr && *https == base->layout.https) {
        return read_relative(pieces, *base);  // "http:a" beside http://h/b is http://h/a
    }
    return read_absolute(pieces, *https);
}

}  // namespace fanfetch
