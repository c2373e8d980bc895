#pragma once

#include "base/time.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace fanfetch {

/// Makes time-ordered ids: UUIDv7 with 62 bits, and the start of the counter, from the kernel's
/// CSPRNG.
///
/// The ids of one program sort in the order they were made, also within a millisecond and when the
/// wall clock steps back.
///
/// Threads  any thread
/// Source   RFC 9562 §5.7, §6.2 (method 1: a counter in rand_a)
[[nodiscard]] std::string make_uuid7(const Clock& clock = system_clock());

/// A prefixed id: `make_id("job")` is "job_0192…", the UUID without hyphens.
[[nodiscard]] std::string make_id(std::string_view prefix, const Clock& clock = system_clock());

}  // namespace fanfetch
