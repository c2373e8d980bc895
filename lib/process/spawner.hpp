#pragma once

#include <sys/types.h>

namespace fanfetch {

/// Starts the spawner: a small process which from now on starts the workers of this one, so that
/// this one can forbid itself to start programs (confine). It is a fresh image of the program, does
/// nothing but that, for nobody else, and ends with us. Its workers are our children all the same.
///
/// Once, before there are other threads: the calling thread is the one whose end ends the workers.
/// `run_as_worker` must be the first line of main. A spawner that has gone is not replaced; pools
/// say so when they want a worker.
///
/// Errors   std::system_error
void start_spawner();

namespace detail {

/// Begins the argument by which a program knows that it is a spawner; its parent's pid follows.
inline constexpr char spawner_argument[] = "--fanfetch-spawner=";

[[nodiscard]] bool has_spawner() noexcept;

/// A fresh image of this program as a worker that finds `socket` as its descriptor 3.
///
/// Errors   std::system_error
/// Threads  any thread
[[nodiscard]] pid_t ask_spawner(int socket, bool empty_environment);

/// What a spawner does until the process it is for has gone.
///
/// Threads  the only one
/// Source   clone(2) CLONE_PARENT, unix(7) SCM_RIGHTS
void run_spawner(pid_t parent);

}  // namespace detail
}  // namespace fanfetch
