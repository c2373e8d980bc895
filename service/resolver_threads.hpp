#pragma once

#include "executor/executor.hpp"

#include <cstddef>

namespace fanfetch {

inline constexpr std::size_t resolver_thread_count = 64;

/// Threads of its own for the C library's resolver, so that slow names keep nobody from the disk.
/// They are never joined: one may sit in getaddrinfo for longer than an end may take.
///
/// Threads  any thread
[[nodiscard]] Executor& resolver_threads();

}  // namespace fanfetch
