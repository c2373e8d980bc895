#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string_view>

namespace fanfetch {

/// How long the client prefers to wait for the answer: `wait` of its Prefer fields. The first one
/// counts; a preference that cannot be read is ignored, as is every other.
///
/// Units   seconds; a number beyond a thousand million counts as that
/// Threads any thread
/// Source  RFC 7240 §2, §4.3
[[nodiscard]] std::optional<std::chrono::seconds> preferred_wait(
    std::span<const std::string_view> fields
);

}  // namespace fanfetch
