#include "process/system_calls.hpp"

#include <sched.h>
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
        note(::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2)
        );                         // a tree, not a list
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

int service() {
    Filter filter{refuse};
    filter.add(
        SCMP_ACT_KILL_PROCESS, {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace),
                                SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev)}
    );
    // A thread, and nothing but a thread. The newer call has its flags in memory, where a filter
    // cannot look: as from a kernel without it, the C library then uses the older one.
    filter.add(
        SCMP_ACT_ALLOW, SCMP_SYS(clone),
        {SCMP_A0_64(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)}
    );
    filter.add(SCMP_ACT_ERRNO(ENOSYS), {SCMP_SYS(clone3)});

    // Memory. Code is loaded with libraries, which the C library does for iconv and name services
    // also later: pages that are writable and executable at once are what is forbidden.
    filter.add(
        SCMP_ACT_ALLOW, {SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
                         SCMP_SYS(msync), SCMP_SYS(mincore), SCMP_SYS(membarrier)}
    );
    constexpr auto both = PROT_WRITE | PROT_EXEC;
    for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
        for (const std::uint64_t one :
             {std::uint64_t{0}, std::uint64_t{PROT_WRITE}, std::uint64_t{PROT_EXEC}}) {
            filter.add(SCMP_ACT_ALLOW, call, {SCMP_A2_64(SCMP_CMP_MASKED_EQ, both, one)});
        }
    }

    // Threads, signals, time, limits, identity.
    filter.add(
        SCMP_ACT_ALLOW, {SCMP_SYS(futex),
                         SCMP_SYS(set_robust_list),
                         SCMP_SYS(get_robust_list),
                         SCMP_SYS(rseq),
                         SCMP_SYS(set_tid_address),
                         SCMP_SYS(arch_prctl),
                         SCMP_SYS(prctl),
                         SCMP_SYS(sched_yield),
                         SCMP_SYS(sched_getaffinity),
                         SCMP_SYS(sched_setaffinity),
                         SCMP_SYS(getcpu),
                         SCMP_SYS(getpid),
                         SCMP_SYS(getppid),
                         SCMP_SYS(gettid),
                         SCMP_SYS(getuid),
                         SCMP_SYS(geteuid),
                         SCMP_SYS(getgid),
                         SCMP_SYS(getegid),
                         SCMP_SYS(getgroups),
                         SCMP_SYS(exit),
                         SCMP_SYS(exit_group),
                         SCMP_SYS(restart_syscall)}
    );
    filter.add(
        SCMP_ACT_ALLOW, {SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
                         SCMP_SYS(rt_sigtimedwait), SCMP_SYS(rt_sigpending), SCMP_SYS(sigaltstack),
                         SCMP_SYS(tgkill), SCMP_SYS(kill), SCMP_SYS(pidfd_open),
                         SCMP_SYS(pidfd_send_signal), SCMP_SYS(waitid), SCMP_SYS(wait4)}
    );
    filter.add(
        SCMP_ACT_ALLOW,
        {SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time),
         SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(alarm), SCMP_SYS(setitimer),
         SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(getrandom),
         SCMP_SYS(prlimit64), SCMP_SYS(getrlimit)}
    );

    // Descriptors and files; where they lie is for the file system's rights to say.
    filter.add(
        SCMP_ACT_ALLOW, {SCMP_SYS(read),
                         SCMP_SYS(write),
                         SCMP_SYS(readv),
                         SCMP_SYS(writev),
                         SCMP_SYS(pread64),
                         SCMP_SYS(pwrite64),
                         SCMP_SYS(preadv),
                         SCMP_SYS(pwritev),
                         SCMP_SYS(preadv2),
                         SCMP_SYS(pwritev2),
                         SCMP_SYS(lseek),
                         SCMP_SYS(close),
                         SCMP_SYS(close_range),
                         SCMP_SYS(dup),
                         SCMP_SYS(dup2),
                         SCMP_SYS(dup3),
                         SCMP_SYS(fcntl),
                         SCMP_SYS(flock),
                         SCMP_SYS(ioctl),
                         SCMP_SYS(pipe),
                         SCMP_SYS(pipe2),
                         SCMP_SYS(sendfile),
                         SCMP_SYS(copy_file_range),
                         SCMP_SYS(splice)}
    );
    filter.add(
        SCMP_ACT_ALLOW, {SCMP_SYS(open),       SCMP_SYS(openat),    SCMP_SYS(openat2),
                         SCMP_SYS(stat),       SCMP_SYS(fstat),     SCMP_SYS(lstat),
                         SCMP_SYS(newfstatat), SCMP_SYS(statx),     SCMP_SYS(statfs),
                         SCMP_SYS(fstatfs),    SCMP_SYS(access),    SCMP_SYS(faccessat),
                         SCMP_SYS(faccessat2), SCMP_SYS(readlink),  SCMP_SYS(readlinkat),
                         SCMP_SYS(getcwd),     SCMP_SYS(getdents),  SCMP_SYS(getdents64),
                         SCMP_SYS(fsync),      SCMP_SYS(fdatasync), SCMP_SYS(sync_file_range),
                         SCMP_SYS(ftruncate),  SCMP_SYS(truncate),  SCMP_SYS(fallocate),
                         SCMP_SYS(fadvise64),  SCMP_SYS(rename),    SCMP_SYS(renameat),
                         SCMP_SYS(renameat2),  SCMP_SYS(unlink),    SCMP_SYS(unlinkat),
                         SCMP_SYS(mkdir),      SCMP_SYS(mkdirat),   SCMP_SYS(rmdir),
                         SCMP_SYS(link),       SCMP_SYS(linkat),    SCMP_SYS(chmod),
                         SCMP_SYS(fchmod),     SCMP_SYS(fchmodat),  SCMP_SYS(umask),
                         SCMP_SYS(chown),      SCMP_SYS(fchown),    SCMP_SYS(utimensat)}
    );

    // Sockets and waiting for them.
    filter.add(
        SCMP_ACT_ALLOW,
        {SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept),
         SCMP_SYS(accept4), SCMP_SYS(connect), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
         SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(shutdown), SCMP_SYS(sendto),
         SCMP_SYS(recvfrom), SCMP_SYS(sendmsg), SCMP_SYS(recvmsg), SCMP_SYS(sendmmsg),
         SCMP_SYS(recvmmsg)}
    );
    filter.add(
        SCMP_ACT_ALLOW,
        {SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6),
         SCMP_SYS(epoll_create), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait),
         SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(eventfd), SCMP_SYS(eventfd2),
         SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime),
         SCMP_SYS(inotify_init1), SCMP_SYS(inotify_add_watch), SCMP_SYS(inotify_rm_watch)}
    );
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
