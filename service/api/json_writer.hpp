#pragma once

#include "base/json_text.hpp"
#include "base/time.hpp"

#include <array>
#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// Writes one JSON object into a text, member by member; the closing brace comes with the end of
/// its life. Names are the code's own and written as they are.
class JsonObjectWriter {
public:
    explicit JsonObjectWriter(std::string& out) : out_{out} { out_ += '{'; }
    ~JsonObjectWriter() { out_ += '}'; }
    JsonObjectWriter(const JsonObjectWriter&) = delete;
    JsonObjectWriter& operator=(const JsonObjectWriter&) = delete;

    /// Begins a member; whoever calls appends its value to the text returned.
    std::string& name(std::string_view name) {
        out_ += first_ ? "\"" : ",\"";
        first_ = false;
        out_ += name;
        out_ += "\":";
        return out_;
    }

    void text(std::string_view member, std::string_view value) {
        append_json_string(name(member), value);
    }
    /// As text, null when it is empty.
    void text_or_null(std::string_view member, std::string_view value) {
        if (value.empty()) {
            null(member);
            return;
        }
        text(member, value);
    }
    /// A value that is JSON already.
    void json(std::string_view member, std::string_view value) { name(member) += value; }
    void null(std::string_view member) { name(member) += "null"; }
    void flag(std::string_view member, bool value) { name(member) += value ? "true" : "false"; }

    void number(std::string_view member, std::integral auto value) {
        std::array<char, 24> digits;
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        name(member).append(digits.data(), end);
    }
    void number(std::string_view member, double value) { append_json_number(name(member), value); }

    void time(std::string_view member, std::optional<WallTime> value) {
        if (!value) {
            null(member);
            return;
        }
        name(member).append("\"").append(to_rfc3339(*value)).append("\"");
    }

private:
    std::string& out_;
    bool first_ = true;
};

}  // namespace fanfetch
