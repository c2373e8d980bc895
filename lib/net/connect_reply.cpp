#include "net/connect_reply.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace fanfetch {
namespace {

constexpr std::string_view version = "HTTP/1.";
constexpr std::size_t status_at = version.size() + 2;  // "HTTP/1.1 200"

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Whether what has come so far can be the beginning of a status line.
bool plausible(std::string_view bytes) noexcept {
    const auto known = std::min(bytes.size(), version.size());
    if (bytes.substr(0, known) != version.substr(0, known)) {
        return false;
    }
    for (std::size_t i = version.size(); i < std::min(bytes.size(), status_at + 4); ++i) {
        const char c = bytes[i];
        const bool good = i == version.size() + 1 ? c == ' '
                          : i == status_at + 3    ? c == ' ' || c == '\r' || c == '\n'
                                                  : is_digit(c);
        if (!good) {
            return false;
        }
    }
    return true;
}

/// The size of a header with its empty line, or 0.
std::size_t header_size(std::string_view bytes) noexcept {
    for (auto end = bytes.find('\n'); end != std::string_view::npos;
         end = bytes.find('\n', end + 1)) {
        const auto rest = bytes.substr(end + 1);
        if (rest.starts_with('\n')) {
            return end + 2;
        }
        if (rest.starts_with("\r\n")) {
            return end + 3;
        }
    }
    return 0;
}

}  // namespace

Expected<std::optional<ConnectReply>> read_connect_reply(std::string_view bytes) {
    if (!plausible(bytes)) {
        return failed(
            failure_code::connect_unreachable,
            "connecting through the egress proxy: what it answered is not HTTP"
        );
    }
    const auto size = header_size(bytes.substr(0, longest_connect_reply));
    if (size == 0 && bytes.size() >= longest_connect_reply) {
        return failed(
            failure_code::connect_unreachable,
            "connecting through the egress proxy: its answer has no end"
        );
    }
    if (size == 0) {
        return std::optional<ConnectReply>{};
    }
    const auto digit = [bytes](std::size_t i) { return bytes[status_at + i] - '0'; };
    const int status = digit(0) * 100 + digit(1) * 10 + digit(2);
    return std::optional{ConnectReply{static_cast<std::uint16_t>(status), size}};
}

Failure proxy_refusal(std::uint16_t status) {
    constexpr std::uint16_t wants_credentials = 407;
    constexpr std::uint16_t gateway_timeout = 504;
    const std::string doing = "connecting through the egress proxy: ";
    if (status == wants_credentials) {
        return failed(
            failure_code::connect_refused,
            doing + "it wants other credentials than those of egress.proxy (407)"
        );
    }
    const failure_code code = status == gateway_timeout ? failure_code::connect_timeout
                              : status >= 500           ? failure_code::connect_unreachable
                                                        : failure_code::connect_refused;
    return failed(code, doing + "it answered " + std::to_string(status));
}

}  // namespace fanfetch
