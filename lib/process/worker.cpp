#include "process/worker.hpp"

#include "process/spawn.hpp"
#include "process/spawner.hpp"
#include "process/worker_side.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string_view>

namespace fanfetch {
namespace {

bool is_worker = false;
bool has_asked = false;

/// The pid behind the sign; nullopt: this is not what we were started as.
std::optional<pid_t> parent_in(std::string_view argument, std::string_view sign) {
    if (!argument.starts_with(sign)) {
        return std::nullopt;
    }
    pid_t parent = 0;
    (void)std::from_chars(argument.data() + sign.size(), argument.data() + argument.size(), parent);
    return parent;
}

/// The kernel is to end us with our parent; should that be gone already, we have been adopted.
void end_with(pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(0);
    }
}

}  // namespace

bool run_as_worker(int argc, char** argv) {
    has_asked = true;
    const std::string_view argument = argc == 2 ? argv[1] : "";
    if (const auto parent = parent_in(argument, detail::spawner_argument)) {
        end_with(*parent);
        detail::run_spawner(*parent);
        ::_exit(0);
    }
    const auto parent = parent_in(argument, detail::worker_argument);
    if (!parent) {
        return false;
    }
    end_with(*parent);

    is_worker = true;
    std::signal(SIGPIPE, SIG_IGN);  // whoever reads what tasks print may go
    (void)::fcntl(detail::worker_socket, F_SETFD, FD_CLOEXEC);
    const bool shut_in = detail::WorkerSide{detail::worker_socket}.serve();
    if (shut_in) {  // what statics do when they are destroyed may be forbidden by now
        (void)std::fflush(nullptr);
        ::_exit(0);
    }
    return true;
}

namespace detail {

bool in_worker() noexcept {
    return is_worker;
}

bool can_be_worker() noexcept {
    return has_asked;
}

}  // namespace detail
}  // namespace fanfetch
