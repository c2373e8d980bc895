#include "extract/visible_text.hpp"

#include "base/json_text.hpp"

#include <algorithm>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::string_view space = " \t\n\f\r";

}  // namespace

void VisibleText::add(std::string_view text, bool verbatim) {
    if (verbatim) {
        while (text.starts_with('\n') && (line_due_ || text_.empty())) {
            text.remove_prefix(1);
        }
        if (!text.empty()) {
            append_gap();
            append(text);
        }
        return;
    }
    while (!text.empty()) {
        const auto word = text.substr(0, text.find_first_of(space));
        if (!word.empty()) {
            append_gap();
            append(word);
        }
        text.remove_prefix(word.size());
        const auto next = std::min(text.find_first_not_of(space), text.size());
        space_due_ = space_due_ || next > 0;
        text.remove_prefix(next);
    }
}

void VisibleText::append_gap() {
    if (!text_.empty()) {
        if (line_due_) {
            append("\n");
        } else if (space_due_) {
            append(" ");
        }
    }
    line_due_ = space_due_ = false;
}

void VisibleText::append(std::string_view text) {
    const auto room = truncated_ ? 0 : most_bytes_ - text_.size();
    const auto fits = cut_utf8(text, room);
    truncated_ = truncated_ || fits.size() < text.size();
    text_.append(fits);
}

std::string VisibleText::take() noexcept {
    while (!text_.empty() && space.find(text_.back()) != std::string_view::npos) {
        text_.pop_back();
    }
    return std::exchange(text_, {});
}

}  // namespace fanfetch
