#include "process/spawn.hpp"

#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace fanfetch::detail {
namespace {

void check(int error, const char* what) {
    if (error != 0) {
        throw std::system_error{error, std::generic_category(), what};
    }
}

class Attributes {
public:
    Attributes() {
        check(::posix_spawnattr_init(&raw_), "posix_spawnattr_init");
        sigset_t none;
        sigset_t all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        (void)::posix_spawnattr_setsigmask(&raw_, &none);
        (void)::posix_spawnattr_setsigdefault(&raw_, &all);
        (void)::posix_spawnattr_setflags(
            &raw_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        );
    }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    ~Attributes() { ::posix_spawnattr_destroy(&raw_); }
    [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &raw_; }

private:
    posix_spawnattr_t raw_;
};

class Actions {
public:
    explicit Actions(int socket) {
        check(::posix_spawn_file_actions_init(&raw_), "posix_spawn_file_actions_init");
        // Where the numbers are the same it still clears the close-on-exec flag.
        check(::posix_spawn_file_actions_adddup2(&raw_, socket, worker_socket), "adddup2");
        check(::posix_spawn_file_actions_addclosefrom_np(&raw_, worker_socket + 1), "closefrom");
    }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
    ~Actions() { ::posix_spawn_file_actions_destroy(&raw_); }
    [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &raw_; }

private:
    posix_spawn_file_actions_t raw_;
};

}  // namespace

SocketPair socket_pair(int type) {
    int ends[2];
    check(
        ::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : errno,
        "making a worker's socket"
    );
    return {Descriptor{ends[0]}, Descriptor{ends[1]}};
}

pid_t spawn_image(
    const std::string& program, std::string argument, int socket, bool empty_environment
) {
    const std::string path = program.empty() ? own_image : program;
    std::string name = program.empty() ? ::program_invocation_name : program;
    char* const arguments[] = {name.data(), argument.data(), nullptr};
    char* const nothing[] = {nullptr};
    const Attributes attributes;
    const Actions actions{socket};
    pid_t pid = -1;
    check(
        ::posix_spawn(
            &pid, path.c_str(), actions.get(), attributes.get(), arguments,
            empty_environment ? nothing : ::environ
        ),
        "starting a process"
    );
    return pid;
}

}  // namespace fanfetch::detail
