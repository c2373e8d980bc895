#include "net/egress_proxy.hpp"

#include "url/url.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <optional>

namespace fanfetch {
namespace {

constexpr std::string_view scheme = "http://";

Failure unreadable() {
    return failed(
        failure_code::request_invalid, "expected http://host:port or http://user:password@host:port"
    );
}

std::optional<unsigned> hex_digit(char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto lower = c >= 'A' && c <= 'F' ? static_cast<char>(c + ('a' - 'A')) : c;
    const auto found = digits.find(lower);
    return found == std::string_view::npos ? std::nullopt
                                           : std::optional{static_cast<unsigned>(found)};
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (i + 2 >= text.size()) {
            return std::nullopt;
        }
        const auto high = hex_digit(text[i + 1]);
        const auto low = hex_digit(text[i + 2]);
        if (!high || !low) {
            return std::nullopt;
        }
        out += static_cast<char>(*high << 4U | *low);
        i += 2;
    }
    return out;
}

/// RFC 7617 has neither colons in a user's name nor control characters in either.
std::optional<std::string> basic_credentials(std::string_view user_information) {
    const auto colon = user_information.find(':');
    const auto user = percent_decoded(user_information.substr(0, colon));
    const auto password = percent_decoded(
        colon == std::string_view::npos ? std::string_view{} : user_information.substr(colon + 1)
    );
    if (!user || !password || user->empty() || user->find(':') != std::string::npos) {
        return std::nullopt;
    }
    const std::string pair = *user + ":" + *password;
    const auto control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
    if (std::ranges::any_of(pair, control)) {
        return std::nullopt;
    }
    std::string encoded((pair.size() + 2) / 3 * 4 + 1, '\0');  // and the terminator it writes
    const int size = ::EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(encoded.data()),
        reinterpret_cast<const unsigned char*>(pair.data()), static_cast<int>(pair.size())
    );
    encoded.resize(static_cast<std::size_t>(size));
    return "Basic " + encoded;
}

/// Where the user information stands: behind the scheme, before the last @.
std::optional<std::string_view> user_information_of(std::string_view text) {
    const auto end = text.rfind('@');
    if (!text.starts_with(scheme) || end == std::string_view::npos) {
        return std::nullopt;
    }
    return text.substr(scheme.size(), end - scheme.size());
}

}  // namespace

Expected<EgressProxy> EgressProxy::parse(std::string_view text) {
    EgressProxy proxy;
    std::string plain{text};
    if (const auto user_information = user_information_of(text)) {
        const auto credentials = basic_credentials(*user_information);
        if (!credentials) {
            return unreadable();
        }
        proxy.authorization = *credentials;
        plain.erase(scheme.size(), user_information->size() + 1);
    }
    const auto url = Url::parse(plain);
    const bool nothing_else = plain.find_first_of("?#") == std::string::npos;
    if (!url || url->https() || url->target() != "/" || !nothing_else || url->port() == 0) {
        return unreadable();
    }
    proxy.host = url->host();
    proxy.port = url->port();
    return proxy;
}

std::string without_password(std::string_view proxy) {
    std::string shown{proxy};
    const auto user_information = user_information_of(proxy);
    if (!user_information) {
        return shown;
    }
    const auto colon = user_information->find(':');
    if (colon != std::string_view::npos) {
        shown.replace(scheme.size() + colon + 1, user_information->size() - colon - 1, "***");
    }
    return shown;
}

}  // namespace fanfetch
