#pragma once

#include "base/failure.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fanfetch {

/// Why a document was refused; nullopt: it was not.
using Fault = std::optional<Failure>;

/// The faults found in one document, put together into the one that tells of each.
///
/// A client that has to mend a document wants to hear of everything at once, and of no more than a
/// person reads.
class Faults {
public:
    static constexpr std::size_t most = 20;

    /// Adds what a reader found, if anything. False when reading on would tell nothing more.
    bool add(Fault fault);

    /// All of them: the first one's code and detail, the members of each.
    [[nodiscard]] Fault joined() &&;

private:
    Fault joined_;
};

/// One step of a JSON Pointer: "/" and the name, escaped and bounded, since names come from
/// clients.
///
/// Source  RFC 6901 §3
[[nodiscard]] std::string pointer_token(std::string_view name);

/// One value of a JSON document and the way to it. Lives on the stack of the reader that walks the
/// document; the way is spelled out only when something is wrong.
class JsonMember {
public:
    /// The document itself, or a part of it at `base` ("/options").
    JsonMember(const boost::json::value& value, std::string_view base) noexcept
        : value_{value}, name_{base} {}
    JsonMember(
        const JsonMember& parent, std::string_view name, const boost::json::value& value
    ) noexcept
        : value_{value}, parent_{&parent}, name_{name} {}
    JsonMember(
        const JsonMember& parent, std::size_t index, const boost::json::value& value
    ) noexcept
        : value_{value}, parent_{&parent}, index_{index} {}

    [[nodiscard]] const boost::json::value& value() const noexcept { return value_; }

    /// Source  RFC 6901
    [[nodiscard]] std::string pointer() const;

    /// The refusal: "reading /options/concurrency: expected …, found -1". Texts are not quoted,
    /// since they may be secrets.
    [[nodiscard]] Failure unexpected(std::string_view expected) const;
    /// The refusal for any other reason.
    [[nodiscard]] Failure refused(std::string_view why) const;

private:
    const boost::json::value& value_;
    const JsonMember* parent_ = nullptr;
    std::string_view name_;
    std::size_t index_ = 0;
};

/// Readers of one member. Each writes `target` only when it returns no fault; every fault is
/// api_invalid with the member's pointer, and says which values would do.
Fault read_integer(
    const JsonMember& member, std::uint64_t least, std::uint64_t most, std::uint64_t& target
);
Fault read_signed(
    const JsonMember& member, std::int64_t least, std::int64_t most, std::int64_t& target
);
/// `"30s"` or a number of seconds.
Fault read_duration(
    const JsonMember& member, std::chrono::milliseconds least, std::chrono::milliseconds most,
    std::chrono::milliseconds& target
);
Fault read_flag(const JsonMember& member, bool& target);
/// A text of at least one byte and at most `longest`.
Fault read_text(const JsonMember& member, std::size_t longest, std::string& target);

/// As read_integer, for the type the value is kept in.
template <std::integral Number>
Fault read_number(const JsonMember& member, Number least, Number most, Number& target) {
    std::int64_t number = 0;
    auto fault = read_signed(
        member, static_cast<std::int64_t>(least), static_cast<std::int64_t>(most), number
    );
    if (!fault) {
        target = static_cast<Number>(number);
    }
    return fault;
}

/// One word of a closed set, and what it stands for.
template <class Value>
struct JsonWord {
    std::string_view word;
    Value value;
};

template <class Value>
JsonWord(std::string_view, Value) -> JsonWord<Value>;

/// "one of a, b, c", for a fault.
[[nodiscard]] std::string one_of(std::span<const std::string_view> words);

template <class Value, std::size_t Size>
Fault read_word(
    const JsonMember& member, const std::array<JsonWord<Value>, Size>& words, Value& target
) {
    std::array<std::string_view, Size> known;
    const auto* const text = member.value().if_string();
    for (std::size_t i = 0; i < Size; ++i) {
        known[i] = words[i].word;
        if (text != nullptr && std::string_view{*text} == words[i].word) {
            target = words[i].value;
            return std::nullopt;
        }
    }
    return member.unexpected(one_of(known));
}

/// Calls `read` for every element of an array of at most `longest`.
template <class Read>
Fault read_list(const JsonMember& member, std::size_t longest, Read&& read) {
    const auto* const list = member.value().if_array();
    if (list == nullptr || list->size() > longest) {
        return member.unexpected("a list of at most " + std::to_string(longest) + " elements");
    }
    Faults faults;
    for (std::size_t i = 0; i < list->size(); ++i) {
        if (!faults.add(read(JsonMember{member, i, (*list)[i]}))) {
            break;
        }
    }
    return std::move(faults).joined();
}

/// Calls `read` for every member of `object`, which is the value of `member`.
template <class Read>
Fault read_entries(const JsonMember& member, const boost::json::object& object, Read&& read) {
    Faults faults;
    for (const auto& entry : object) {
        const std::string_view name = entry.key();
        if (!faults.add(read(JsonMember{member, name, entry.value()}, name))) {
            break;
        }
    }
    return std::move(faults).joined();
}

/// How one member of an object is read into a Target.
template <class Target, class Context>
struct MemberRow {
    std::string_view name;
    Fault (*read)(const JsonMember&, Target&, const Context&);
};

/// Reads an object by a table of its members: an unknown member is a fault, an absent one leaves
/// the target as it is.
template <class Target, class Context>
Fault read_members(
    const JsonMember& member, std::span<const MemberRow<Target, Context>> rows, Target& target,
    const Context& context
) {
    const auto* const object = member.value().if_object();
    if (object == nullptr) {
        return member.unexpected("an object");
    }
    return read_entries(member, *object, [&](const JsonMember& child, std::string_view name) {
        const auto row = std::ranges::find(rows, name, &MemberRow<Target, Context>::name);
        return row == rows.end() ? child.refused("there is no such member")
                                 : row->read(child, target, context);
    });
}

}  // namespace fanfetch
