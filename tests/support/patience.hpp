#pragma once

#include <chrono>

namespace fanfetch::testing {

/// How long a test waits for what must happen, and below what it expects to stay when it shows that
/// something is not waited for.
///
/// Far more than the most crowded machine and the slowest sanitizer need, so that only a test that
/// fails waits that long.
inline constexpr std::chrono::seconds patience{60};

}  // namespace fanfetch::testing
