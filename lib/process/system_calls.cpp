#include "process/system_calls.hpp"

#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <memory>

namespace fanfetch::detail::system_calls {
namespace {

/// Collects rules; the first that is refused is remembered, and nothing is loaded then.
class Filter {
public:
    explicit Filter(std::uint32_t otherwise) : context_{::seccomp_init(otherwise)} {
        if (!context_) {
            error_ = -ENOMEM;
            return;
        }
#if !defined(__SANITIZE_THREAD__)  // whose own thread needs calls that no task does
        note(::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_TSYNC, 1));
#endif
    }

    void add(std::uint32_t action, std::initializer_list<int> calls) {
        for (const int call : calls) {
            add(action, call, {});
        }
    }
    void add(std::uint32_t action, int call, std::initializer_list<scmp_arg_cmp> when) {
        if (error_ == 0) {
            note(::seccomp_rule_add_array(
                context_.get(), action, call, static_cast<unsigned>(when.size()), when.begin()
            ));
        }
    }

    [[nodiscard]] int load() { return error_ != 0 ? error_ : ::seccomp_load(context_.get()); }

private:
    void note(int result) {
        // A call that this architecture does not have needs no rule.
        if (result != 0 && result != -EDOM && error_ == 0) {
            error_ = result;
        }
    }

    using Release = decltype([](void* context) { ::seccomp_release(context); });
    std::unique_ptr<void, Release> context_;
    int error_ = 0;
};

constexpr auto refuse = SCMP_ACT_ERRNO(EPERM);

}  // namespace

int no_processes() {
    Filter filter{SCMP_ACT_ALLOW};
    filter.add(
        refuse,
        {SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(clone), SCMP_SYS(execve), SCMP_SYS(execveat)}
    );
    // As from a kernel without it: its arguments are in memory, where a filter cannot look.
    filter.add(SCMP_ACT_ERRNO(ENOSYS), {SCMP_SYS(clone3)});
    return filter.load();
}

int few(int socket) {
    Filter filter{SCMP_ACT_KILL_PROCESS};
    const auto on_socket = SCMP_A0_32(SCMP_CMP_EQ, static_cast<std::uint32_t>(socket));
    const auto on_us = SCMP_A0_32(SCMP_CMP_EQ, static_cast<std::uint32_t>(::getpid()));
    const auto not_code = SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);

    filter.add(
        SCMP_ACT_ALLOW,
        {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(close),
         SCMP_SYS(fstat), SCMP_SYS(lseek), SCMP_SYS(poll), SCMP_SYS(ppoll)}
    );
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(recvfrom), {on_socket});
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(sendto), {on_socket});

    filter.add(
        SCMP_ACT_ALLOW, {SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise)}
    );
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(mmap), {not_code});
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(mprotect), {not_code});

    filter.add(
        SCMP_ACT_ALLOW,
        {SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(getpid),
         SCMP_SYS(gettid), SCMP_SYS(getrandom), SCMP_SYS(restart_syscall), SCMP_SYS(rt_sigreturn),
         SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(sigaltstack)}
    );
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(tgkill), {on_us});  // how abort() ends

    filter.add(
        SCMP_ACT_ALLOW, {SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday),
                         SCMP_SYS(time), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep)}
    );
    filter.add(SCMP_ACT_ALLOW, {SCMP_SYS(exit), SCMP_SYS(exit_group)});

#if defined(__SANITIZE_ADDRESS__)  // asks a pipe whether memory can be read
    filter.add(SCMP_ACT_ALLOW, {SCMP_SYS(pipe2)});
#endif
    // The C library asks these and does without an answer: what standard output is, how much
    // memory there is to sort in.
    filter.add(refuse, {SCMP_SYS(newfstatat), SCMP_SYS(ioctl), SCMP_SYS(sysinfo)});
    return filter.load();
}

}  // namespace fanfetch::detail::system_calls
