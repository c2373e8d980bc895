#include "model/webhook_event.hpp"

#include <algorithm>

namespace fanfetch {

std::optional<webhook_event> parse_webhook_event(std::string_view word) noexcept {
    const auto* const found = std::ranges::find(webhook_event_words, word);
    if (found == webhook_event_words.end()) {
        return std::nullopt;
    }
    return static_cast<webhook_event>(found - webhook_event_words.begin());
}

std::optional<webhook_event> event_of(job_state state) noexcept {
    switch (state) {
        case job_state::completed:
            return webhook_event::job_completed;
        case job_state::cancelled:
            return webhook_event::job_cancelled;
        case job_state::expired:
            return webhook_event::job_expired;
        case job_state::failed:
            return webhook_event::job_failed;
        default:
            return std::nullopt;
    }
}

std::optional<webhook_event> event_of(item_state state) noexcept {
    switch (state) {
        case item_state::succeeded:
            return webhook_event::item_succeeded;
        case item_state::failed:
            return webhook_event::item_failed;
        default:
            return std::nullopt;
    }
}

}  // namespace fanfetch
