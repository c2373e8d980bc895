#pragma once

#include "base/byte_size.hpp"
#include "process/byte_source.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace fanfetch {

/// What a worker is kept from. All of it comes into force in the worker after the initializer and
/// before the first task, and none of it can be taken back.
///
/// Always: no new privileges, no core files, no bytes into files, no further processes or threads
/// and no other program (also for root, whom the limit on processes does not bind), an empty
/// environment. With or without a sandbox, a worker is a session and a process group of its own.
struct SandboxOptions {
    /// Address space; not in builds with a sanitizer, which map terabytes.
    std::optional<ByteSize> memory{ByteSize{std::uint64_t{512} << 20U}};
    /// Over the whole life of the worker; then it dies of SIGXCPU.
    std::optional<std::chrono::seconds> cpu_time{};
    int open_files = 16;
    /// A list of system calls: memory, clocks, sleeping, the open descriptors and the end. Anything
    /// else kills the worker, so what a task needs from files is the initializer's to read.
    bool system_call_list = false;
    /// Whether a worker starts although a protection could not be set; else it refuses.
    bool best_effort = false;
};

namespace sandbox {

/// The limits alone.
[[nodiscard]] inline SandboxOptions limits() {
    return {};
}
/// The limits and the list of system calls: for code that takes apart untrusted bytes.
[[nodiscard]] inline SandboxOptions strict() {
    SandboxOptions options;
    options.system_call_list = true;
    return options;
}

}  // namespace sandbox

namespace detail {

/// Shuts the calling process in; says why it could not, or nothing.
///
/// `socket` is the descriptor that may be sent to and received from.
///
/// Threads  a process with one thread
/// Source   setrlimit(2), prctl(2) PR_SET_NO_NEW_PRIVS, seccomp(2)
[[nodiscard]] std::optional<std::string> enter_sandbox(const SandboxOptions& options, int socket);

void append_sandbox(std::string& out, const SandboxOptions& options);
[[nodiscard]] SandboxOptions read_sandbox(ByteSource& in);

}  // namespace detail
}  // namespace fanfetch
