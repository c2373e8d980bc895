#pragma once

namespace fanfetch {

/// The first line of `main` in a program with process pools:
///
///     if (fanfetch::run_as_worker(argc, argv)) return 0;
///
/// False in a process that was started by a user. In one that was started by a process pool it
/// runs tasks until the pool has no more, and then is true. A worker whose pool is gone, or who
/// cannot go on, does not return but ends.
///
/// Threads  the only one
[[nodiscard]] bool run_as_worker(int argc, char** argv);

namespace detail {

/// Whether this process is a worker.
[[nodiscard]] bool in_worker() noexcept;
/// Whether an image of this program would know that it is one: `main` asked run_as_worker.
[[nodiscard]] bool can_be_worker() noexcept;

}  // namespace detail
}  // namespace fanfetch
