#include "api/idempotency_key.hpp"

#include <algorithm>
#include <charconv>

namespace fanfetch {
namespace {

constexpr std::size_t longest_key = 255;

Failure unreadable(std::string_view why) {
    return failed(
        failure_code::idempotency_key_invalid, "reading the Idempotency-Key: " + std::string{why}
    );
}

/// The text of a quoted string; nullopt when it is none.
std::optional<std::string> unquoted(std::string_view field) {
    if (field.size() < 2 || field.back() != '"') {
        return std::nullopt;
    }
    field = field.substr(1, field.size() - 2);
    std::string text;
    for (std::size_t i = 0; i < field.size(); ++i) {
        if (field[i] == '"') {
            return std::nullopt;
        }
        if (field[i] == '\\' && (++i == field.size() || (field[i] != '"' && field[i] != '\\'))) {
            return std::nullopt;
        }
        text += field[i];
    }
    return text;
}

/// The text up to the next line end, taken off the front.
std::optional<std::string_view> take_line(std::string_view& text) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

}  // namespace

Expected<std::string> parse_idempotency_key(std::string_view field) {
    const bool quoted = field.starts_with('"');
    auto key = quoted ? unquoted(field) : std::optional{std::string{field}};
    if (!key) {
        return unreadable("its quotes do not match");
    }
    if (key->empty() || key->size() > longest_key) {
        return unreadable("1 to " + std::to_string(longest_key) + " characters are wanted");
    }
    const auto may_stand = [quoted](char c) {
        const bool apart = c == ' ' || c == '"' || c == ',' || c == ';' || c == '\\';
        return c >= ' ' && c <= '~' && (quoted || !apart);
    };
    if (!std::ranges::all_of(*key, may_stand)) {
        return unreadable("there is a character that it may not have");
    }
    return *std::move(key);
}

std::string pack_reply(const HttpReply& reply) {
    std::string text = std::to_string(static_cast<unsigned>(reply.status)) + '\n';
    for (const auto& [name, value] : reply.headers) {
        text += name + ": " + value + '\n';
    }
    text += '\n';
    text += reply.body;
    return text;
}

std::optional<HttpReply> unpack_reply(std::string_view text) {
    HttpReply reply;
    const auto status = take_line(text);
    unsigned number = 0;
    if (!status || std::from_chars(status->data(), status->data() + status->size(), number).ec !=
                       std::errc{}) {
        return std::nullopt;
    }
    reply.status = static_cast<http::status>(number);
    for (;;) {
        const auto line = take_line(text);
        if (!line) {
            return std::nullopt;
        }
        if (line->empty()) {
            break;
        }
        const auto colon = line->find(": ");
        if (colon == std::string_view::npos) {
            return std::nullopt;
        }
        reply.set(std::string{line->substr(0, colon)}, std::string{line->substr(colon + 2)});
    }
    reply.body = text;
    return reply;
}

}  // namespace fanfetch
