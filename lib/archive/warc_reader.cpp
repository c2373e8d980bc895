#include "archive/warc.hpp"

#include <charconv>
#include <optional>

namespace fanfetch {
namespace {

/// One line of the header, without its CRLF.
struct Line {
    std::string_view name;
    std::string_view value;
};

std::optional<Line> split_line(std::string_view line) noexcept {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
        return std::nullopt;
    }
    for (const char c : line) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t') || byte == 0x7F) {
            return std::nullopt;
        }
    }
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) {
        value.remove_prefix(1);
    }
    while (value.ends_with(' ') || value.ends_with('\t')) {
        value.remove_suffix(1);
    }
    const auto name = line.substr(0, colon);
    if (name.find_first_of(" \t") != std::string_view::npos) {
        return std::nullopt;  // folded, or not a token
    }
    return Line{name, value};
}

bool same_name(std::string_view a, std::string_view lower) noexcept {
    if (a.size() != lower.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        const char c = a[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c) != lower[i]) {
            return false;
        }
    }
    return true;
}

std::optional<std::uint64_t> read_length(std::string_view text) noexcept {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

Failure bad_header(const char* what) {
    return failed(failure_code::internal, std::string{"reading a WARC record header: "} + what);
}

/// Collects the fields we care about and notices doubles.
class Fields {
public:
    [[nodiscard]] bool add(const Line& line) {
        if (same_name(line.name, "warc-type")) {
            return set_once(type_, line.value);
        }
        if (same_name(line.name, "warc-target-uri")) {
            return set_once(target_, line.value);
        }
        if (same_name(line.name, "content-length")) {
            const auto length = read_length(line.value);
            const bool first = !length_.has_value();
            length_ = length;
            return first && length.has_value();
        }
        return true;
    }

    [[nodiscard]] Expected<WarcHeader> header(std::size_t header_length) const {
        if (!type_ || type_->empty() || !length_) {
            return bad_header("no type or no length");
        }
        return WarcHeader{
            std::string{*type_}, std::string{target_.value_or("")}, header_length, *length_};
    }

private:
    static bool set_once(std::optional<std::string_view>& field, std::string_view value) {
        const bool first = !field.has_value();
        field = value;
        return first;
    }

    std::optional<std::string_view> type_;
    std::optional<std::string_view> target_;
    std::optional<std::uint64_t> length_;
};

}  // namespace

Expected<WarcHeader> read_warc_header(std::string_view bytes) {
    bytes = bytes.substr(0, warc_max_header);
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        return bad_header("it does not end");
    }
    auto rest = bytes.substr(0, end + 2);
    if (!rest.starts_with("WARC/1.1\r\n") && !rest.starts_with("WARC/1.0\r\n")) {
        return bad_header("not a version we know");
    }
    rest.remove_prefix(10);
    Fields fields;
    while (!rest.empty()) {
        const auto line_end = rest.find("\r\n");
        const auto line = split_line(rest.substr(0, line_end));
        if (!line) {
            return bad_header("a line that is none");
        }
        if (!fields.add(*line)) {
            return bad_header("a field twice, or a length that is none");
        }
        rest.remove_prefix(line_end + 2);
    }
    return fields.header(end + 4);
}

}  // namespace fanfetch
