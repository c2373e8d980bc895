#pragma once

#include "process/descriptor.hpp"

#include <string>

#include <sys/types.h>

namespace fanfetch::detail {

/// The descriptor on which a worker finds its socket: the first beside the standard streams.
inline constexpr int worker_socket = 3;

/// Begins the argument by which a program knows that it is a worker; its parent's pid follows.
inline constexpr char worker_argument[] = "--fanfetch-worker=";

/// The running program, even if its file is gone.
inline constexpr char own_image[] = "/proc/self/exe";

struct SpawnedWorker {
    pid_t pid = -1;
    Descriptor process;  ///< readable when the process has ended
    Descriptor socket;   ///< our end; does not block
};

struct SpawnedProcess {
    pid_t pid = -1;
    Descriptor socket;  ///< our end of a pair that keeps packets apart
};

/// Starts a fresh image of this program with one argument, in a session of its own, with default
/// signals, with the standard streams and its socket and no other descriptor.
///
/// Errors   std::system_error; nothing is left behind
[[nodiscard]] SpawnedProcess spawn_process(const std::string& argument);

/// Starts a fresh image of a program as a worker, in the same way; through the spawner, if there
/// is one.
///
/// `program` is a path; empty, it is the program that is running, even if its file is gone.
///
/// Errors   std::system_error; nothing is left behind
/// Threads  the thread that calls lives as long as the worker: the kernel ends the worker with it
/// Source   posix_spawn(3), pidfd_open(2) (Linux 5.3)
[[nodiscard]] SpawnedWorker spawn_worker(const std::string& program, bool empty_environment);

}  // namespace fanfetch::detail
