#include "http/response_head.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

constexpr std::string_view version_prefix = "HTTP/1.";

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool frames_the_body(std::string_view name) noexcept {
    return equal_ignoring_case(name, "Content-Length") ||
           equal_ignoring_case(name, "Transfer-Encoding");
}

/// The place of `part`, a view into `whole`.
FieldSlice slice_of(std::string_view whole, std::string_view name, std::string_view value) {
    return {
        static_cast<std::uint32_t>(name.data() - whole.data()),
        static_cast<std::uint32_t>(name.size()),
        static_cast<std::uint32_t>(value.data() - whole.data()),
        static_cast<std::uint32_t>(value.size())};
}

}  // namespace

void ResponseHeadParser::reset(HeadLimits limits) {
    limits_ = limits;
    head_.status = 0;
    head_.minor_version = 1;
    head_.reason.clear();
    head_.fields.clear();
    head_.wire_bytes = 0;
    slices_.clear();
    line_at_ = 0;
    scanned_ = 0;
    blank_skipped_ = false;
    status_read_ = false;
    folded_ = false;
}

Expected<head_state> ResponseHeadParser::parse(std::string_view window) {
    Fault fault;
    if (!status_read_) {
        fault = check_beginning(window);
    }
    while (fault.code == failure_code::none && !complete()) {
        const auto line_feed = window.find('\n', scanned_);
        const bool whole_line = line_feed != std::string_view::npos;
        if ((whole_line ? line_feed + 1 : window.size()) > limits_.max_bytes) {
            fault = {failure_code::http_header_limit, "it is longer than allowed", {}};
        } else if (whole_line) {
            fault = read_line(window, line_feed);
        } else {
            scanned_ = window.size();
            return head_state::need_more;
        }
    }
    if (fault.code != failure_code::none) {
        return to_failure(fault);
    }
    return head_state::complete;
}

Failure ResponseHeadParser::to_failure(const Fault& fault) {
    std::string detail{"reading the response head: "};
    detail += fault.what;
    if (!fault.at_fault.empty()) {
        detail += ": " + quoted_excerpt(fault.at_fault);
    }
    return failed(fault.code, std::move(detail));
}

/// What will never become a status line is refused before its line is complete.
ResponseHeadParser::Fault ResponseHeadParser::check_beginning(std::string_view window
) const noexcept {
    if (window.starts_with("\r\n")) {
        window.remove_prefix(2);
    } else if (window == "\r") {
        return {};
    }
    if (window.substr(0, version_prefix.size()) != version_prefix.substr(0, window.size())) {
        return malformed("not an HTTP/1 response", window);
    }
    return {};
}

ResponseHeadParser::Fault ResponseHeadParser::read_line(
    std::string_view window, std::size_t line_feed
) {
    const auto whole = window.substr(line_at_, line_feed - line_at_);
    line_at_ = line_feed + 1;
    scanned_ = line_at_;
    if (whole.empty() || whole.back() != '\r') {
        return malformed("a line ends without CR", whole);
    }
    const auto line = whole.substr(0, whole.size() - 1);

    if (!status_read_) {
        if (line.empty() && !blank_skipped_) {
            blank_skipped_ = true;
            return {};
        }
        return read_status_line(line);
    }
    if (line.empty()) {
        finish(window.substr(0, line_at_));
        return {};
    }
    return is_ows(line.front()) ? read_continuation(window, line) : read_field(window, line);
}

/// "HTTP/1.1 200 OK", "HTTP/1.1 200 " or "HTTP/1.1 200"
ResponseHeadParser::Fault ResponseHeadParser::read_status_line(std::string_view line) {
    constexpr std::size_t minor_at = version_prefix.size();
    constexpr std::size_t status_at = minor_at + 2;
    constexpr std::size_t reason_at = status_at + 4;

    if (line.size() < status_at + 3 || !line.starts_with(version_prefix) ||
        (line[minor_at] != '0' && line[minor_at] != '1') || line[minor_at + 1] != ' ') {
        return malformed("not an HTTP/1.0 or HTTP/1.1 status line", line);
    }
    const auto digits = line.substr(status_at, 3);
    if (!std::all_of(digits.begin(), digits.end(), is_digit) || digits[0] < '1' ||
        digits[0] > '5' || (line.size() >= reason_at && line[reason_at - 1] != ' ')) {
        return malformed("the status is not a number from 100 to 599", line);
    }
    const auto reason = line.substr(std::min(line.size(), reason_at));
    if (!is_value(reason)) {
        return malformed("a control character in the status line", line);
    }
    head_.minor_version = static_cast<std::uint8_t>(line[minor_at] - '0');
    head_.status = static_cast<std::uint16_t>(
        (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0')
    );
    head_.reason.assign(reason);
    status_read_ = true;
    return {};
}

ResponseHeadParser::Fault ResponseHeadParser::read_field(
    std::string_view window, std::string_view line
) {
    std::size_t colon = 0;
    while (colon < line.size() && is_token_char(line[colon])) {
        ++colon;
    }
    if (colon == 0 || colon == line.size() || line[colon] != ':') {
        return malformed("a field's name is not a token and a colon", line.substr(0, colon + 1));
    }
    const auto name = line.substr(0, colon);
    const auto value = trim_ows(line.substr(colon + 1));
    if (!is_value(value)) {
        return malformed("a control character in the value of a field", name);
    }
    if (slices_.size() == limits_.max_fields) {
        return {failure_code::http_header_limit, "it has more fields than allowed", {}};
    }
    slices_.push_back(slice_of(window, name, value));
    return {};
}

/// A line that begins with white space goes on with the value of the line before it.
ResponseHeadParser::Fault ResponseHeadParser::read_continuation(
    std::string_view window, std::string_view line
) {
    if (slices_.empty()) {
        return malformed("white space before the first field", line);
    }
    auto& last = slices_.back();
    const auto name = window.substr(last.name_at, last.name_size);
    const auto more = trim_ows(line);
    if (frames_the_body(name)) {
        return malformed("a framing field is folded", name);
    }
    if (!is_value(more)) {
        return malformed("a control character in the value of a field", name);
    }
    if (more.empty()) {
        return {};
    }
    const char* const begin = last.value_size == 0 ? more.data() : window.data() + last.value_at;
    const auto size = static_cast<std::size_t>(more.data() + more.size() - begin);
    last = slice_of(window, name, {begin, size});
    folded_ = true;
    return {};
}

void ResponseHeadParser::finish(std::string_view window) {
    head_.wire_bytes = window.size();
    head_.fields.assign(window, slices_);
    if (folded_) {
        head_.fields.unfold();
    }
}

Expected<std::optional<ResponseHead>> parse_response_head(
    std::string_view bytes, HeadLimits limits
) {
    ResponseHeadParser parser{limits};
    auto state = parser.parse(bytes);
    if (!state) {
        return std::move(state).error();
    }
    if (*state == head_state::need_more) {
        return std::optional<ResponseHead>{};
    }
    return std::optional{std::move(parser.head())};
}

}  // namespace fanfetch
