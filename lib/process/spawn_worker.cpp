#include "process/spawn_worker.hpp"

#include "process/spawn.hpp"
#include "process/spawner.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace fanfetch::detail {
namespace {

[[noreturn]] void fail(int error, const char* what) {
    throw std::system_error{error, std::generic_category(), what};
}

}  // namespace

SpawnedWorker spawn_worker(const std::string& program, bool empty_environment) {
    auto [ours, theirs] = socket_pair(SOCK_STREAM);
    if (::fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) {
        fail(errno, "making a worker's socket");
    }
    SpawnedWorker worker;
    worker.socket = std::move(ours);
    if (program.empty() && has_spawner()) {
        worker.pid = ask_spawner(theirs.get(), empty_environment);
    } else {
        auto argument = worker_argument + std::to_string(::getpid());
        worker.pid = spawn_image(program, std::move(argument), theirs.get(), empty_environment);
    }
    // Not through <sys/pidfd.h>: in glibc 2.36 its functions cannot be linked from C++.
    worker.process = Descriptor{static_cast<int>(::syscall(SYS_pidfd_open, worker.pid, 0))};
    if (worker.process.get() < 0) {
        const int error = errno;
        ::kill(-worker.pid, SIGKILL);
        ::waitpid(worker.pid, nullptr, 0);
        fail(error, "watching a worker process");
    }
    return worker;
}

}  // namespace fanfetch::detail
