#include "base/json_text.hpp"
#include "base/time.hpp"
#include "settings_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace fanfetch {
namespace {

constexpr std::string_view none = "none";
constexpr std::string_view automatic = "auto";

template <class... Visitors>
struct Overload : Visitors... {
    using Visitors::operator()...;
};
template <class... Visitors>
Overload(Visitors...) -> Overload<Visitors...>;

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

/// "2.5" or "2.5/s", "30/m", "100/h": a second.
std::optional<double> parse_rate(std::string_view text) {
    double divisor = 1;
    for (const auto& [suffix, seconds] :
         {std::pair{"/s", 1.0}, std::pair{"/m", 60.0}, std::pair{"/h", 3'600.0}}) {
        if (text.ends_with(suffix)) {
            text.remove_suffix(2);
            divisor = seconds;
            break;
        }
    }
    const auto number = parse_number<double>(text);
    return number && std::isfinite(*number) ? std::optional{*number / divisor} : std::nullopt;
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> entries;
    while (!text.empty()) {
        const auto comma = text.find(',');
        auto entry = text.substr(0, comma);
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
        while (entry.starts_with(' ')) {
            entry.remove_prefix(1);
        }
        while (entry.ends_with(' ')) {
            entry.remove_suffix(1);
        }
        if (!entry.empty()) {
            entries.emplace_back(entry);
        }
    }
    return entries;
}

/// Reads one value of any type that has a reader and bounds.
template <class Value, class Read>
bool set_bounded(const SettingRow& row, std::string_view text, Value& target, Read read) {
    const auto value = read(text);
    if (!value || *value < *read(row.least) || *value > *read(row.most)) {
        return false;
    }
    target = *value;
    return true;
}

/// What a TOML basic string may hold as it is; a JSON string with other escapes than it knows is
/// never written, since \uXXXX is common to both.
std::string toml_string(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

std::string number_text(double number) {
    std::string out;
    append_json_number(out, number);
    return out;
}

}  // namespace

std::optional<std::string> set_value(
    const SettingRow& row, std::string_view text, Settings& settings
) {
    const auto setter = Overload{
        [&](std::string* target) {
            target->assign(text);
            return true;
        },
        [&](bool* target) {
            *target = text == "true";
            return text == "true" || text == "false";
        },
        [&](std::uint16_t* target) {
            return set_bounded(row, text, *target, parse_number<std::uint16_t>);
        },
        [&](std::uint64_t* target) {
            if (text == automatic && row.default_text == automatic) {
                *target = 0;
                return true;
            }
            return set_bounded(row, text, *target, parse_number<std::uint64_t>);
        },
        [&](ByteSize* target) {
            if (text == automatic && row.default_text == automatic) {
                *target = {};
                return true;
            }
            return set_bounded(row, text, *target, parse_byte_size);
        },
        [&](std::optional<ByteSize>* target) {
            if (text == none) {
                target->reset();
                return true;
            }
            return set_bounded(row, text, *target, parse_byte_size);
        },
        [&](std::chrono::milliseconds* target) {
            return set_bounded(row, text, *target, parse_duration);
        },
        [&](std::optional<double>* target) {
            if (text == none) {
                target->reset();
                return true;
            }
            return set_bounded(row, text, *target, parse_rate);
        },
        [&](std::vector<std::string>* target) {
            *target = split(text);
            return true;
        },
        [&](const WordSlot& target) {
            const auto found = std::ranges::find(target.words, text);
            if (found == target.words.end()) {
                return false;
            }
            *target.index = static_cast<std::uint8_t>(found - target.words.begin());
            return true;
        },
    };
    if (!std::visit(setter, row.slot(settings))) {
        const auto bounds = bounds_text(row);
        return "expected " + std::string{type_name(row)} + (bounds.empty() ? "" : " ") + bounds +
               ", found " + toml_string(cut_utf8(text, 100));
    }
    return std::nullopt;
}

std::string_view type_name(const SettingRow& row) {
    Settings any{};
    return std::visit(
        Overload{
            [](const std::string*) { return "text"; },
            [](const bool*) { return "true or false"; },
            [](const std::uint16_t*) { return "whole number"; },
            [](const std::uint64_t*) { return "whole number"; },
            [](const ByteSize*) { return "size"; },
            [](const std::optional<ByteSize>*) { return "size"; },
            [](const std::chrono::milliseconds*) { return "duration"; },
            [](const std::optional<double>*) { return "rate"; },
            [](const std::vector<std::string>*) { return "list"; },
            [](const WordSlot&) { return "word"; },
        },
        row.slot(any)
    );
}

std::string bounds_text(const SettingRow& row) {
    Settings any{};
    const auto slot = row.slot(any);
    if (const auto* const word = std::get_if<WordSlot>(&slot)) {
        std::string text;
        for (const auto& spelling : word->words) {
            text += &spelling == &word->words.front()  ? ""
                    : &spelling == &word->words.back() ? " or "
                                                       : ", ";
            text += spelling;
        }
        return text;
    }
    if (row.least.empty()) {
        return {};
    }
    std::string text = "from " + row.least + " to " + row.most;
    if (row.default_text == automatic || row.default_text == none) {
        text.append(" or ").append(row.default_text);
    }
    return text;
}

std::string toml_value(const SettingRow& row, const Settings& settings) {
    auto copy = settings;  // slots point into something that may be written
    return std::visit(
        Overload{
            [](const std::string* value) { return toml_string(*value); },
            [](const bool* value) { return std::string{*value ? "true" : "false"}; },
            [](const std::uint16_t* value) { return std::to_string(*value); },
            [](const std::uint64_t* value) { return std::to_string(*value); },
            [](const ByteSize* value) { return toml_string(to_string(*value)); },
            [](const std::optional<ByteSize>* value) {
                return toml_string(*value ? to_string(**value) : std::string{none});
            },
            [](const std::chrono::milliseconds* value) { return toml_string(to_string(*value)); },
            [](const std::optional<double>* value) {
                return *value ? number_text(**value) : toml_string(none);
            },
            [](const std::vector<std::string>* value) {
                std::string list = "[";
                for (const auto& entry : *value) {
                    list.append(list.size() == 1 ? "" : ", ").append(toml_string(entry));
                }
                return list + "]";
            },
            [](const WordSlot& value) { return toml_string(value.words[*value.index]); },
        },
        row.slot(copy)
    );
}

}  // namespace fanfetch
