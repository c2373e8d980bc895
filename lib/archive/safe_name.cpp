#include "archive/safe_name.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace fanfetch {
namespace {

constexpr std::size_t longest_extension = 16;

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool is_alphanumeric(char c) noexcept {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

constexpr bool is_safe(char c) noexcept {
    return is_alphanumeric(c) || c == '.' || c == '-' || c == '_' || c == '+';
}

std::string lower(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(), [](char c) { return lower(c); });
    return result;
}

std::optional<unsigned> hex_value(char c) noexcept {
    if (is_digit(c)) {
        return static_cast<unsigned>(c - '0');
    }
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? std::optional{static_cast<unsigned>(l - 'a') + 10} : std::nullopt;
}

std::string percent_decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            const auto high = hex_value(text[i + 1]);
            const auto low = hex_value(text[i + 2]);
            if (high && low) {
                result += static_cast<char>(*high << 4U | *low);
                i += 2;
                continue;
            }
        }
        result += text[i];
    }
    return result;
}

std::string_view trimmed(std::string_view text) noexcept {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Takes one parameter, `name=value`, off the front; quoted values come without their quotes.
struct Parameter {
    std::string name;
    std::string value;
};

std::optional<Parameter> take_parameter(std::string_view& rest) {
    const auto equals = rest.find('=');
    const auto semicolon = rest.find(';');
    if (equals == std::string_view::npos) {
        return std::nullopt;
    }
    if (semicolon < equals) {  // a word without a value, the disposition type first of all
        rest.remove_prefix(semicolon + 1);
        return Parameter{};
    }
    Parameter parameter{lower(trimmed(rest.substr(0, equals))), {}};
    rest.remove_prefix(equals + 1);
    rest = rest.substr(std::min(rest.find_first_not_of(" \t"), rest.size()));
    if (rest.starts_with('"')) {
        std::size_t i = 1;
        for (; i < rest.size() && rest[i] != '"'; ++i) {
            i += rest[i] == '\\' && i + 1 < rest.size() ? 1 : 0;
            parameter.value += rest[i];
        }
        rest.remove_prefix(std::min(i + 1, rest.size()));
    } else {
        parameter.value = trimmed(rest.substr(0, rest.find(';')));
    }
    const auto next = rest.find(';');
    rest.remove_prefix(next == std::string_view::npos ? rest.size() : next + 1);
    return parameter;
}

/// What stands behind the second quote of "charset'language'value".
std::string extended_value(std::string_view value) {
    const auto first = value.find('\'');
    const auto second = first == std::string_view::npos ? first : value.find('\'', first + 1);
    return second == std::string_view::npos ? std::string{}
                                            : percent_decoded(value.substr(second + 1));
}

/// The last segment of the path, decoded. The host's name when the path has none.
std::string name_in_url(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    const auto scheme = url.find("://");
    if (scheme != std::string_view::npos) {
        url.remove_prefix(scheme + 3);
    }
    while (url.ends_with('/')) {
        url.remove_suffix(1);
    }
    const auto slash = url.rfind('/');
    return percent_decoded(slash == std::string_view::npos ? url : url.substr(slash + 1));
}

bool is_device(std::string_view name) {
    const auto stem = lower(name.substr(0, name.find('.')));
    constexpr std::array devices{"con", "prn", "aux", "nul"};
    if (std::ranges::find(devices, stem) != devices.end()) {
        return true;
    }
    const bool numbered = stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt"));
    return numbered && is_digit(stem[3]);
}

/// Where the extension begins, with its dot; the end when there is none worth keeping.
std::size_t extension_of(std::string_view name) noexcept {
    const auto dot = name.rfind('.');
    const bool worth_it =
        dot != std::string_view::npos && dot > 0 && name.size() - dot <= longest_extension;
    return worth_it ? dot : name.size();
}

/// The name with `suffix` in front of its extension, cut to the longest length.
std::string with_suffix(std::string_view name, std::string_view suffix) {
    const auto dot = extension_of(name);
    const auto extension = name.substr(dot);
    const auto room = longest_safe_name - suffix.size() - extension.size();
    return std::string{name.substr(0, std::min(dot, room))}.append(suffix).append(extension);
}

/// Keeps what is safe of any bytes.
std::string made_safe(std::string_view bytes) {
    // Everything up to the last separator is a directory, of either system.
    const auto separator = bytes.find_last_of("/\\");
    if (separator != std::string_view::npos) {
        bytes.remove_prefix(separator + 1);
    }
    std::string name;
    for (const char c : bytes) {
        if (is_safe(c)) {
            name += c;
        } else if (!name.ends_with('_')) {
            name += '_';
        }
    }
    while (name.ends_with('.')) {
        name.pop_back();
    }
    const auto first =
        std::ranges::find_if(name, [](char c) { return is_alphanumeric(c) || c == '_'; });
    name.erase(name.begin(), first);
    const bool says_nothing = std::ranges::all_of(name, [](char c) { return !is_alphanumeric(c); });
    return says_nothing ? std::string{} : name;
}

}  // namespace

std::string disposition_file_name(std::string_view header) {
    std::string plain;
    while (const auto parameter = take_parameter(header)) {
        if (parameter->name == "filename*") {
            if (auto extended = extended_value(parameter->value); !extended.empty()) {
                return extended;  // goes before the plain one, wherever it stands
            }
        }
        if (parameter->name == "filename" && plain.empty()) {
            plain = parameter->value;
        }
    }
    return plain;
}

std::string safe_name(std::string_view url, std::string_view content_disposition) {
    auto name = made_safe(disposition_file_name(content_disposition));
    if (name.empty()) {
        name = made_safe(name_in_url(url));
    }
    if (name.empty()) {
        name = "index";
    }
    if (is_device(name)) {
        name.insert(name.begin(), '_');
    }
    name = with_suffix(name, {});
    while (name.ends_with('.')) {
        name.pop_back();  // one that the cut has brought to the end
    }
    return name;
}

std::string numbered_name(std::uint64_t index, std::string_view url) {
    constexpr std::size_t digits = 8;
    auto name = std::to_string(index);
    name.insert(0, digits - std::min(digits, name.size()), '0');
    name += '-';
    const auto base = safe_name(url);
    const auto room = std::min(base.size(), longest_safe_name - name.size());
    name.append(base, base.size() - room);  // the end, where the extension is
    return name;
}

std::string NameSet::unique(std::string_view name) {
    auto key = lower(name);
    const auto [entry, fresh] = given_.try_emplace(std::move(key), 1);
    if (fresh) {
        return std::string{name};
    }
    auto& last = entry->second;  // stays where it is when the map grows, other than `entry`
    while (true) {
        auto candidate = with_suffix(name, '-' + std::to_string(++last));
        if (given_.try_emplace(lower(candidate), 1).second) {
            return candidate;
        }
    }
}

}  // namespace fanfetch
