#pragma once

#include "process/descriptor.hpp"

#include <string>

#include <sys/types.h>

namespace fanfetch::detail {

struct SpawnedWorker {
    pid_t pid = -1;
    Descriptor process;  ///< readable when the process has ended
    Descriptor socket;   ///< our end; does not block
};

/// Starts a fresh image of a program (spawn_image) as a worker; through the spawner, if there is
/// one.
///
/// Errors   std::system_error; nothing is left behind
/// Threads  the thread that calls lives as long as the worker: the kernel ends the worker with it
/// Source   pidfd_open(2) (Linux 5.3)
[[nodiscard]] SpawnedWorker spawn_worker(const std::string& program, bool empty_environment);

}  // namespace fanfetch::detail
