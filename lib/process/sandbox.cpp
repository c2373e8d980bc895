#include "process/sandbox.hpp"

#include "process/codec.hpp"
#include "process/system_calls.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace fanfetch {

template <>
struct Codec<ByteSize> : MemberCodec<&ByteSize::bytes> {};
template <>
struct Codec<SandboxOptions>
    : MemberCodec<
          &SandboxOptions::memory, &SandboxOptions::cpu_time, &SandboxOptions::open_files,
          &SandboxOptions::system_call_list, &SandboxOptions::best_effort> {};

namespace detail {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

/// Notes the first protection that could not be set.
class Protections {
public:
    void set(const char* name, bool done) {
        if (!done && !failure_) {
            failure_ = std::string{name} + ": " + std::generic_category().message(errno);
        }
    }
    void limit(const char* name, __rlimit_resource resource, rlim_t value) {
        const rlimit both{value, value};
        set(name, ::setrlimit(resource, &both) == 0);
    }
    [[nodiscard]] const std::optional<std::string>& failure() const noexcept { return failure_; }

private:
    std::optional<std::string> failure_;
};

}  // namespace

std::optional<std::string> enter_sandbox(const SandboxOptions& options, int socket) {
    Protections protections;
    // A task that prints into a file gets an error rather than the end of its process.
    std::signal(SIGXFSZ, SIG_IGN);
    protections.limit("no core files", RLIMIT_CORE, 0);
    protections.limit("no bytes into files", RLIMIT_FSIZE, 0);
    protections.limit("no further processes", RLIMIT_NPROC, 0);
    protections.limit(
        "the limit on open files", RLIMIT_NOFILE, static_cast<rlim_t>(options.open_files)
    );
    if (options.cpu_time) {
        // The hard limit a second later, so that it is SIGXCPU that ends the worker.
        const auto seconds = static_cast<rlim_t>(options.cpu_time->count());
        const rlimit both{seconds, seconds + 1};
        protections.set("the limit on CPU time", ::setrlimit(RLIMIT_CPU, &both) == 0);
    }
    if (options.memory && !sanitized) {
        protections.limit("the limit on memory", RLIMIT_AS, options.memory->bytes);
    }
    protections.set("no new privileges", ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    const auto calls =
        options.system_call_list ? system_calls::few(socket) : system_calls::no_processes();
    errno = -calls;
    protections.set("the filter of system calls", calls == 0);
    return options.best_effort ? std::nullopt : protections.failure();
}

void append_sandbox(std::string& out, const SandboxOptions& options) {
    Codec<SandboxOptions>::encode(out, options);
}

SandboxOptions read_sandbox(ByteSource& in) {
    return Codec<SandboxOptions>::decode(in);
}

}  // namespace detail
}  // namespace fanfetch
