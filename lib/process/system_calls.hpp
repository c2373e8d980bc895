#pragma once

/// Filters of system calls, for the calling thread and every one the process has.
///
/// Errors   0, or the negative errno of what the kernel or libseccomp refused
/// Source   seccomp_rule_add(3), seccomp_load(3)
namespace fanfetch::detail::system_calls {

/// Everything but further processes and threads and other programs; these fail with EPERM.
[[nodiscard]] int no_processes();

/// What a program with threads, files, sockets and databases takes, and no other program: execve
/// and looking into other processes kill with SIGSYS; anything else that is not on the list fails
/// with EPERM. In every thread there is and will be.
[[nodiscard]] int service();

/// Little: what computing on bytes takes. Anything else kills the process with SIGSYS.
[[nodiscard]] int few(int socket);

}  // namespace fanfetch::detail::system_calls
