#include "client/line_splitter.hpp"

#include <algorithm>

namespace fanfetch {

void LineSplitter::feed(std::string_view piece) {
    bytes_.erase(0, begin_);
    scanned_ -= std::min(scanned_, begin_);
    begin_ = 0;
    bytes_ += piece;
}

Expected<bool> LineSplitter::next(std::string_view& line) {
    const auto end = bytes_.find('\n', std::max(scanned_, begin_));
    if (end == std::string::npos) {
        scanned_ = bytes_.size();
        if (bytes_.size() - begin_ > longest) {
            return failed(failure_code::http_malformed, "reading the stream: a line has no end");
        }
        return false;
    }
    line = std::string_view{bytes_}.substr(begin_, end - begin_);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    begin_ = end + 1;
    scanned_ = begin_;
    return true;
}

}  // namespace fanfetch
