#include "url/path.hpp"

#include "url/ascii.hpp"
#include "url/percent.hpp"

namespace fanfetch {
namespace {

constexpr ByteSet slashes{"/\\"};

/// How many dots the segment consists of; 0 when it has anything else, or more than two.
std::size_t dots_alone(std::string_view segment) noexcept {
    std::size_t dots = 0;
    while (!segment.empty()) {
        const bool encoded =
            segment.size() >= 3 && segment.starts_with("%2") && ascii_lower(segment[2]) == 'e';
        if (!encoded && segment.front() != '.') {
            return 0;
        }
        segment.remove_prefix(encoded ? 3 : 1);
        ++dots;
    }
    return dots <= 2 ? dots : 0;
}

}  // namespace

void append_path(std::string& out, std::size_t path_begin, std::string_view path) {
    if (!path.empty() && slashes.contains(path.front())) {
        path.remove_prefix(1);
    }
    while (true) {
        const auto end = slashes.find_in(path);
        const auto segment = path.substr(0, end);
        const bool last = end == path.size();
        const auto dots = dots_alone(segment);
        if (dots == 2) {
            shorten_path(out, path_begin);
        }
        if (dots == 0) {
            out += '/';
            append_percent_encoded(out, segment, path_percent_encode_set);
        } else if (last) {
            out += '/';
        }
        if (last) {
            return;
        }
        path.remove_prefix(end + 1);
    }
}

void shorten_path(std::string& out, std::size_t path_begin) {
    const auto slash = out.rfind('/');
    if (slash != std::string::npos && slash >= path_begin) {
        out.resize(slash);
    }
}

}  // namespace fanfetch
