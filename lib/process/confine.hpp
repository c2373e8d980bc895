#pragma once

#include <optional>
#include <string>

namespace fanfetch {

/// Leaves the process the system calls that a network service needs, for good: no other program
/// (trying one kills it), no further process, no look into others; what is on no list fails with
/// EPERM. What bytes from outside may ever make of it, it cannot become a shell.
///
/// Pools of processes need `start_spawner` before. Says why it could not, or nothing; a build with
/// a sanitizer, whose runtime needs more, is left as it is.
///
/// Threads  holds for every thread there is and will be
/// Source   seccomp(2), prctl(2) PR_SET_NO_NEW_PRIVS
[[nodiscard]] std::optional<std::string> confine();

}  // namespace fanfetch
