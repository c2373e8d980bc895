#include "model/json_member.hpp"

#include "base/json_text.hpp"
#include "base/time.hpp"

#include <cmath>
#include <utility>

namespace fanfetch {
namespace {

namespace json = boost::json;

std::string found(const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            return "null";
        case json::kind::bool_:
            return value.get_bool() ? "true" : "false";
        case json::kind::int64:
            return std::to_string(value.get_int64());
        case json::kind::uint64:
            return std::to_string(value.get_uint64());
        case json::kind::double_: {
            std::string text;
            append_json_number(text, value.get_double());
            return text;
        }
        case json::kind::string:
            return "a text of " + std::to_string(value.get_string().size()) + " bytes";
        case json::kind::array:
            return "a list of " + std::to_string(value.get_array().size());
        case json::kind::object:
            return "an object";
    }
    return "something else";
}

std::optional<std::chrono::milliseconds> duration_of(const json::value& value) {
    if (const auto* text = value.if_string()) {
        return parse_duration(*text);
    }
    if (const auto* whole = value.if_int64()) {
        return parse_duration(std::to_string(*whole));
    }
    constexpr double longest_seconds = 1e9;  // more than any bound, and exact in milliseconds
    const auto* real = value.if_double();
    if (real == nullptr || !(*real >= 0) || *real > longest_seconds) {
        return std::nullopt;
    }
    const auto rounded = std::llround(*real * 1000);
    return std::chrono::milliseconds{rounded == 0 && *real > 0 ? 1 : rounded};
}

std::string between(const std::string& least, const std::string& most) {
    return "from " + least + " to " + most;
}

}  // namespace

bool Faults::add(Fault fault) {
    if (!fault) {
        return true;
    }
    if (!joined_) {
        joined_ = std::move(fault);
        return joined_->members.size() < most;
    }
    auto& members = joined_->members;
    if (members.empty()) {
        members.push_back({"", joined_->detail});
    }
    if (fault->members.empty()) {
        fault->members.push_back({"", std::move(fault->detail)});
    }
    for (auto& member : fault->members) {
        if (members.size() < most) {
            members.push_back(std::move(member));
        }
    }
    return members.size() < most;
}

Fault Faults::joined() && {
    return std::move(joined_);
}

std::string pointer_token(std::string_view name) {
    constexpr std::size_t longest_name = 128;
    std::string token = "/";
    for (const char c : cut_utf8(name, longest_name)) {
        if (c == '~') {
            token += "~0";
        } else if (c == '/') {
            token += "~1";
        } else {
            token += c;
        }
    }
    return token;
}

std::string JsonMember::pointer() const {
    if (parent_ == nullptr) {
        return std::string{name_};
    }
    return parent_->pointer() +
           (name_.data() == nullptr ? "/" + std::to_string(index_) : pointer_token(name_));
}

Failure JsonMember::unexpected(std::string_view expected) const {
    return refused("expected " + std::string{expected} + ", found " + found(value_));
}

Failure JsonMember::refused(std::string_view why) const {
    auto where = pointer();
    auto detail = "reading " + (where.empty() ? "the document" : where) + ": " + std::string{why};
    Failure failure{failure_code::api_invalid, std::move(detail), 0, {}};
    if (!where.empty()) {
        failure.members.push_back({std::move(where), failure.detail});
    }
    return failure;
}

Fault read_integer(
    const JsonMember& member, std::uint64_t least, std::uint64_t most, std::uint64_t& target
) {
    const auto& value = member.value();
    const bool whole = value.is_uint64() || (value.is_int64() && value.get_int64() >= 0);
    const auto number = whole ? value.to_number<std::uint64_t>() : 0;
    if (!whole || number < least || number > most) {
        return member.unexpected(
            "a whole number " + between(std::to_string(least), std::to_string(most))
        );
    }
    target = number;
    return std::nullopt;
}

Fault read_signed(
    const JsonMember& member, std::int64_t least, std::int64_t most, std::int64_t& target
) {
    const auto* const number = member.value().if_int64();
    if (number == nullptr || *number < least || *number > most) {
        return member.unexpected(
            "a whole number " + between(std::to_string(least), std::to_string(most))
        );
    }
    target = *number;
    return std::nullopt;
}

Fault read_duration(
    const JsonMember& member, std::chrono::milliseconds least, std::chrono::milliseconds most,
    std::chrono::milliseconds& target
) {
    const auto duration = duration_of(member.value());
    if (!duration || *duration < least || *duration > most) {
        return member.unexpected("a duration " + between(to_string(least), to_string(most)));
    }
    target = *duration;
    return std::nullopt;
}

Fault read_flag(const JsonMember& member, bool& target) {
    const auto* const flag = member.value().if_bool();
    if (flag == nullptr) {
        return member.unexpected("true or false");
    }
    target = *flag;
    return std::nullopt;
}

Fault read_text(const JsonMember& member, std::size_t longest, std::string& target) {
    const auto* const text = member.value().if_string();
    if (text == nullptr || text->empty() || text->size() > longest) {
        return member.unexpected("a text of 1 to " + std::to_string(longest) + " bytes");
    }
    target.assign(text->data(), text->size());
    return std::nullopt;
}

std::string one_of(std::span<const std::string_view> words) {
    std::string text = "one of ";
    for (const auto word : words) {
        text.append(text.ends_with("of ") ? "" : ", ").append(word);
    }
    return text;
}

}  // namespace fanfetch
