#pragma once

#include "base/random.hpp"
#include "model/options.hpp"
#include "model/result.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace fanfetch {

/// The class in which a failure may be retried; nullopt when trying again cannot help.
[[nodiscard]] std::optional<retry_class> retry_class_of(failure_code code) noexcept;

/// Whether `options` ask for another try after this failure. What a result's `error` says.
[[nodiscard]] bool retryable(
    failure_code code, std::uint16_t status, const RetryOptions& options
) noexcept;

/// Whether a request may be sent twice without asking.
///
/// Source  RFC 9110 §9.2.2
[[nodiscard]] bool idempotent(std::string_view method) noexcept;

/// Whether a request only asks and changes nothing.
///
/// Source  RFC 9110 §9.2.1
[[nodiscard]] bool safe(std::string_view method) noexcept;

/// What one attempt came to, as far as the next one is concerned.
struct AttemptEnd {
    failure_code code = failure_code::none;
    std::uint16_t status = 0;
    int attempt = 1;                                       ///< its number, counted from 1
    std::optional<std::chrono::milliseconds> retry_after;  ///< what the origin asked for
};

/// Decides whether a failed item is tried again, and after how long a pause.
///
/// A pause is drawn from [0, ceiling]; the ceiling doubles with every attempt up to
/// `backoff_max`, so that URLs which failed together do not come back together. A Retry-After is
/// waited out in full, up to `longest_pause`, with the same jitter on top.
///
/// Errors   none: every end has an answer
/// Threads  immutable; `random` stays with its owner
/// Source   RFC 9110 §10.2.3 (Retry-After); "full jitter": AWS Architecture Blog, Exponential
///          Backoff And Jitter (2015)
class RetryPolicy {
public:
    RetryPolicy(
        const RetryOptions& options, std::string_view method,
        std::chrono::milliseconds longest_pause
    ) noexcept
        : options_{options}, method_{method}, longest_pause_{longest_pause} {}

    /// The pause before the next attempt, or nullopt when `end` is final.
    [[nodiscard]] std::optional<std::chrono::milliseconds> pause_after(
        const AttemptEnd& end, Random& random
    ) const;

    /// Why there is no next attempt, for the attempt's record.
    [[nodiscard]] std::string_view why_final(const AttemptEnd& end) const noexcept;

private:
    const RetryOptions& options_;
    std::string_view method_;
    std::chrono::milliseconds longest_pause_;
};

}  // namespace fanfetch
