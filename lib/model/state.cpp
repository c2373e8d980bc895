#include "model/state.hpp"

namespace fanfetch {

std::string_view to_string(job_state state) noexcept {
    switch (state) {
        case job_state::pending:
            return "pending";
        case job_state::running:
            return "running";
        case job_state::paused:
            return "paused";
        case job_state::cancelling:
            return "cancelling";
        case job_state::completed:
            return "completed";
        case job_state::cancelled:
            return "cancelled";
        case job_state::expired:
            return "expired";
        case job_state::failed:
            return "failed";
    }
    return "failed";
}

std::string_view to_string(item_state state) noexcept {
    switch (state) {
        case item_state::queued:
            return "queued";
        case item_state::waiting:
            return "waiting";
        case item_state::running:
            return "running";
        case item_state::succeeded:
            return "succeeded";
        case item_state::failed:
            return "failed";
        case item_state::skipped:
            return "skipped";
        case item_state::cancelled:
            return "cancelled";
    }
    return "failed";
}

std::string_view to_string(state_reason reason) noexcept {
    switch (reason) {
        case state_reason::none:
            return "";
        case state_reason::by_user:
            return "by_user";
        case state_reason::client_gone:
            return "client_gone";
        case state_reason::upload_aborted:
            return "upload_aborted";
        case state_reason::deadline:
            return "deadline";
        case state_reason::quota:
            return "quota";
        case state_reason::error_budget:
            return "error_budget";
        case state_reason::internal:
            return "internal";
    }
    return "internal";
}

std::string_view to_string(wait_reason reason) noexcept {
    switch (reason) {
        case wait_reason::none:
            return "";
        case wait_reason::host_rate:
            return "host_rate";
        case wait_reason::host_concurrency:
            return "host_concurrency";
        case wait_reason::retry:
            return "retry";
        case wait_reason::retry_after:
            return "retry_after";
        case wait_reason::robots:
            return "robots";
        case wait_reason::breaker:
            return "breaker";
        case wait_reason::quota:
            return "quota";
    }
    return "";
}

failure_code cancellation_code(state_reason reason) noexcept {
    switch (reason) {
        case state_reason::none:
        case state_reason::by_user:
            return failure_code::cancelled_by_user;
        case state_reason::client_gone:
            return failure_code::cancelled_client_gone;
        case state_reason::upload_aborted:
            return failure_code::cancelled_upload_aborted;
        case state_reason::deadline:
            return failure_code::cancelled_deadline;
        case state_reason::quota:
            return failure_code::cancelled_quota;
        case state_reason::error_budget:
            return failure_code::cancelled_error_budget;
        case state_reason::internal:
            return failure_code::cancelled_internal;
    }
    return failure_code::cancelled_internal;
}

std::optional<job_state> parse_job_state(std::string_view text) noexcept {
    for (std::uint8_t number = 0; number <= static_cast<std::uint8_t>(job_state::failed);
         ++number) {
        if (to_string(static_cast<job_state>(number)) == text) {
            return static_cast<job_state>(number);
        }
    }
    return std::nullopt;
}

std::optional<item_state> parse_item_state(std::string_view text) noexcept {
    constexpr auto last = static_cast<std::uint8_t>(item_state::cancelled);
    for (std::uint8_t number = 0; number <= last; ++number) {
        if (to_string(static_cast<item_state>(number)) == text) {
            return static_cast<item_state>(number);
        }
    }
    return std::nullopt;
}

}  // namespace fanfetch
