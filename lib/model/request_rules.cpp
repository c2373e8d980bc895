#include "model/request_rules.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::size_t longest_method = 32;
constexpr std::size_t most_headers = 100;
constexpr std::size_t longest_section = 32U << 10U;

constexpr std::array ours{
    std::string_view{"host"},
    std::string_view{"content-length"},
    std::string_view{"transfer-encoding"},
    std::string_view{"te"},
    std::string_view{"trailer"},
    std::string_view{"connection"},
    std::string_view{"keep-alive"},
    std::string_view{"upgrade"},
    std::string_view{"expect"},
    std::string_view{"http2-settings"},
};

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_token(std::string_view text) noexcept {
    static constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
               marks.find(c) != std::string_view::npos;
    });
}

bool is_ours(std::string_view name) {
    std::string plain;
    std::ranges::transform(name, std::back_inserter(plain), [](char c) {
        return c == '_' ? '-' : lower(c);
    });
    return plain.starts_with("proxy-") || std::ranges::find(ours, plain) != ours.end();
}

}  // namespace

std::optional<std::string> why_not_method(std::string_view method) {
    const bool upper = std::ranges::none_of(method, [](char c) { return c >= 'a' && c <= 'z'; });
    if (!is_token(method) || !upper || method.size() > longest_method) {
        return "a method is an upper-case token of at most 32 characters";
    }
    if (method == "CONNECT" || method == "TRACE") {
        return "this method is not sent";
    }
    return std::nullopt;
}

std::optional<std::string> why_not_header(std::string_view name, std::string_view value) {
    if (!is_token(name)) {
        return "the name is no token";
    }
    if (is_ours(name)) {
        return "this field is the service's own";
    }
    const auto visible = [](char c) { return (c >= ' ' && c < 0x7F) || c == '\t'; };
    if (!std::ranges::all_of(value, visible)) {
        return "the value holds other characters than visible ASCII, space and tab";
    }
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    if (!value.empty() && (blank(value.front()) || blank(value.back()))) {
        return "the value begins or ends with white space";
    }
    return std::nullopt;
}

std::optional<std::string> why_not_headers(const std::vector<HeaderField>& headers) {
    std::size_t size = 0;
    for (const auto& field : headers) {
        size += field.name.size() + field.value.size() + std::string_view{": \r\n"}.size();
    }
    if (headers.size() > most_headers || size > longest_section) {
        return "more than 100 header fields or 32 KiB of them";
    }
    return std::nullopt;
}

void override_headers(std::vector<HeaderField>& headers, std::vector<HeaderField> over) {
    std::erase_if(headers, [&over](const HeaderField& old) {
        return std::ranges::any_of(over, [&old](const HeaderField& field) {
            return same_name(old.name, field.name);
        });
    });
    std::ranges::move(over, std::back_inserter(headers));
}

}  // namespace fanfetch
