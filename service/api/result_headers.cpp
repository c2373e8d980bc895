#include "api/result_headers.hpp"

#include "base/json_text.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace fanfetch {
namespace {

struct Header {
    std::string name;
    std::vector<std::string_view> values;
};

std::string_view take_line(std::string_view& rest) {
    const auto end = rest.find("\r\n");
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
    return line;
}

std::string_view trim(std::string_view value) {
    const auto first = value.find_first_not_of(" \t");
    const auto last = value.find_last_not_of(" \t");
    return first == std::string_view::npos ? std::string_view{}
                                           : value.substr(first, last - first + 1);
}

std::string lower(std::string_view text) {
    std::string name{text};
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return name;
}

// Header sections are bounded at a few hundred fields, so a search for each is good enough.
std::vector<Header> headers_of(std::string_view head) {
    std::vector<Header> headers;
    take_line(head);  // the status line
    while (!head.empty()) {
        const auto line = take_line(head);
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) {
            continue;
        }
        auto name = lower(line.substr(0, colon));
        auto found = std::ranges::find(headers, name, &Header::name);
        if (found == headers.end()) {
            found = headers.insert(headers.end(), Header{std::move(name), {}});
        }
        found->values.push_back(trim(line.substr(colon + 1)));
    }
    return headers;
}

}  // namespace

void append_headers(std::string& out, std::string_view head) {
    if (head.empty()) {
        out += "null";
        return;
    }
    out += '{';
    bool first = true;
    for (const auto& [name, values] : headers_of(head)) {
        out += first ? "" : ",";
        first = false;
        append_json_string(out, name);
        out += values.size() == 1 ? ":" : ":[";
        for (const auto& value : values) {
            out += &value == values.data() ? "" : ",";
            append_json_string(out, value);
        }
        out += values.size() == 1 ? "" : "]";
    }
    out += '}';
}

}  // namespace fanfetch
