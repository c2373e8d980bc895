#include "model/retry_policy.hpp"

#include <algorithm>
#include <array>

namespace fanfetch {

std::optional<retry_class> retry_class_of(failure_code code) noexcept {
    using enum failure_code;
    switch (code) {
        case connect_refused:
        case connect_unreachable:
        case dns_failure:
            return retry_class::connect;
        case tls_handshake:
            return retry_class::tls;
        case connect_timeout:
        case dns_timeout:
        case timeout_first_byte:
        case timeout_idle:
        case timeout_total:
        case timeout_low_speed:
            return retry_class::timeout;
        case connect_reset:
        case http_truncated:
        case http_h2_error:
            return retry_class::reset;
        default:
            return std::nullopt;
    }
}

bool retryable(failure_code code, std::uint16_t status, const RetryOptions& options) noexcept {
    if (code == failure_code::http_status) {
        return std::ranges::find(options.statuses, status) != options.statuses.end();
    }
    const auto its_class = retry_class_of(code);
    return its_class && (options.on & static_cast<std::uint8_t>(*its_class)) != 0;
}

bool idempotent(std::string_view method) noexcept {
    constexpr std::array<std::string_view, 6> names{"GET",    "HEAD",    "PUT",
                                                    "DELETE", "OPTIONS", "TRACE"};
    return std::ranges::find(names, method) != names.end();
}

bool safe(std::string_view method) noexcept {
    return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

std::optional<std::chrono::milliseconds> RetryPolicy::pause_after(
    const AttemptEnd& end, Random& random
) const {
    if (!why_final(end).empty()) {
        return std::nullopt;
    }
    auto ceiling = options_.backoff_base;
    for (int doubled = 1; doubled < end.attempt && ceiling < options_.backoff_max; ++doubled) {
        ceiling *= 2;
    }
    ceiling = std::min(ceiling, options_.backoff_max);
    const auto limit = static_cast<std::uint64_t>(std::max<std::int64_t>(ceiling.count(), 0));
    const std::chrono::milliseconds jitter{static_cast<std::int64_t>(random.up_to(limit))};
    if (end.retry_after) {
        return std::min(*end.retry_after, longest_pause_) + jitter;
    }
    return jitter;
}

std::string_view RetryPolicy::why_final(const AttemptEnd& end) const noexcept {
    if (end.code == failure_code::none) {
        return "succeeded";
    }
    if (!retryable(end.code, end.status, options_)) {
        return "not retryable";
    }
    if (!idempotent(method_) && !options_.unsafe_methods) {
        return "the method may not be repeated";
    }
    if (end.attempt >= options_.max_attempts) {
        return "attempts are spent";
    }
    return {};
}

}  // namespace fanfetch
