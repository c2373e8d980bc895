#include "batch/batch_counts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fanfetch {

std::string_view to_string(item_end end) noexcept {
    switch (end) {
        case item_end::ok:
            return "ok";
        case item_end::not_found:
            return "not_found";
        case item_end::error:
            return "error";
        case item_end::cancelled:
            return "cancelled";
    }
    return {};
}

void BatchCounts::add(item_end end) noexcept {
    switch (end) {
        case item_end::ok:
            ++ok;
            break;
        case item_end::not_found:
            ++not_found;
            break;
        case item_end::error:
            ++error;
            break;
        case item_end::cancelled:
            ++cancelled;
            break;
    }
}

std::string summary_line(const BatchCounts& counts, std::chrono::milliseconds elapsed) {
    const auto total = counts.total();
    const double seconds = std::chrono::duration<double>(elapsed).count();
    auto text = fmt::format(
        "{} {} in {:.2f} s: {} ok", total, total == 1 ? "file" : "files", seconds, counts.ok
    );
    if (counts.not_found > 0) {
        text += fmt::format(", {} not found", counts.not_found);
    }
    if (counts.error > 0) {
        text += fmt::format(", {} {}", counts.error, counts.error == 1 ? "error" : "errors");
    }
    if (counts.cancelled > 0) {
        text += fmt::format(", {} cancelled", counts.cancelled);
    }
    return text;
}

std::size_t effective_concurrency(
    std::size_t requested, std::optional<std::uint64_t> items
) noexcept {
    const auto wanted = std::min(requested, most_concurrency);
    const auto needed = std::min<std::uint64_t>(items.value_or(wanted), wanted);
    return std::max<std::size_t>(1, static_cast<std::size_t>(needed));
}

}  // namespace fanfetch
