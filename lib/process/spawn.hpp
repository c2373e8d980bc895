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

struct SocketPair {
    Descriptor ours;
    Descriptor theirs;
};

/// Neither end outlives an exec.
///
/// Errors   std::system_error
[[nodiscard]] SocketPair socket_pair(int type);

/// Starts a fresh image of a program with one argument, in a session of its own, with default
/// signals, with the standard streams, `socket` as its descriptor 3, and no other.
///
/// `program` is a path; empty, it is the program that is running, even if its file is gone.
///
/// Errors   std::system_error; nothing is left behind
/// Source   posix_spawn(3)
[[nodiscard]] pid_t spawn_image(
    const std::string& program, std::string argument, int socket, bool empty_environment
);

}  // namespace fanfetch::detail
