#include "process/spawner.hpp"

#include "process/descriptor.hpp"
#include "process/spawn.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace fanfetch {
namespace detail {
namespace {

/// What is wanted: a worker with an empty environment, or with ours. Its socket comes with it.
struct Order {
    bool empty_environment = false;
};

/// What came of it.
struct Answer {
    pid_t pid = -1;
    int error = 0;
};

struct Spawner {
    Descriptor socket;
    std::mutex mutex;  // one order at a time
};

/// Lives as long as the process, whose end the spawner waits for.
std::optional<Spawner>& the_spawner() {
    static auto& spawner = *new std::optional<Spawner>;
    return spawner;
}

/// A packet of one byte-wise structure, and perhaps a descriptor with it.
template <class Payload>
class Packet {
public:
    explicit Packet(Payload& payload) {
        piece_ = {&payload, sizeof(Payload)};
        header_.msg_iov = &piece_;
        header_.msg_iovlen = 1;
        header_.msg_control = room_.data();
        header_.msg_controllen = room_.size();
    }
    Packet(const Packet&) = delete;
    Packet& operator=(const Packet&) = delete;

    [[nodiscard]] bool send(int socket, std::optional<int> descriptor) {
        header_.msg_controllen = descriptor ? room_.size() : 0;
        if (descriptor) {
            cmsghdr* const control = CMSG_FIRSTHDR(&header_);
            control->cmsg_level = SOL_SOCKET;
            control->cmsg_type = SCM_RIGHTS;
            control->cmsg_len = CMSG_LEN(sizeof(int));
            std::memcpy(CMSG_DATA(control), &*descriptor, sizeof(int));
        }
        return again([&] { return ::sendmsg(socket, &header_, MSG_NOSIGNAL); }) ==
               ssize_t{sizeof(Payload)};
    }

    /// False at the end of the stream, or when it was no such packet.
    [[nodiscard]] bool receive(int socket) {
        return again([&] { return ::recvmsg(socket, &header_, MSG_CMSG_CLOEXEC); }) ==
               ssize_t{sizeof(Payload)};
    }
    [[nodiscard]] Descriptor descriptor() {
        const cmsghdr* const control = CMSG_FIRSTHDR(&header_);
        if (control == nullptr || control->cmsg_type != SCM_RIGHTS) {
            return {};
        }
        int number = -1;
        std::memcpy(&number, CMSG_DATA(control), sizeof(int));
        return Descriptor{number};
    }

private:
    template <class Call>
    static ssize_t again(Call call) {
        ssize_t count = -1;
        do {
            count = call();
        } while (count < 0 && errno == EINTR);
        return count;
    }

    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room_{};
    iovec piece_{};
    msghdr header_{};
};

/// In the new process: becomes a worker, or says why not.
[[noreturn]] void become_worker(int socket, bool empty_environment, pid_t parent, int complaints) {
    ::setsid();
    std::string name = ::program_invocation_name;
    std::string argument = worker_argument + std::to_string(parent);
    char* const arguments[] = {name.data(), argument.data(), nullptr};
    char* const nothing[] = {nullptr};
    // All that we have beside the standard streams closes with the new image.
    if (::dup2(socket, worker_socket) == worker_socket) {
        ::execve(own_image, arguments, empty_environment ? nothing : ::environ);
    }
    const int error = errno;
    const auto told = ::write(complaints, &error, sizeof(error));
    ::_exit(told == ssize_t{sizeof(error)} ? 127 : 126);
}

/// A worker that is a child of `parent`, as we are.
Answer start_worker(const Descriptor& socket, const Order& order, pid_t parent) {
    int ends[2];
    if (socket.get() < 0 || ::pipe2(ends, O_CLOEXEC) != 0) {
        return {-1, socket.get() < 0 ? EBADF : errno};
    }
    const Descriptor hear{ends[0]};
    Descriptor complain{ends[1]};
    // As fork, which is safe with one thread, but for whose child it is.
    const auto pid = ::syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        become_worker(socket.get(), order.empty_environment, parent, complain.get());
    }
    if (pid < 0) {
        return {-1, errno};
    }
    complain = Descriptor{};
    int error = 0;
    const bool refused = ::read(hear.get(), &error, sizeof(error)) == ssize_t{sizeof(error)};
    return {static_cast<pid_t>(pid), refused ? error : 0};
}

}  // namespace

bool has_spawner() noexcept {
    return the_spawner().has_value();
}

pid_t ask_spawner(int socket, bool empty_environment) {
    auto& spawner = *the_spawner();
    const std::lock_guard lock{spawner.mutex};
    Order order{empty_environment};
    Answer answer;
    const int there = spawner.socket.get();
    if (!Packet{order}.send(there, socket) || !Packet{answer}.receive(there)) {
        throw std::system_error{ECHILD, std::generic_category(), "asking for a worker process"};
    }
    if (answer.error != 0) {
        if (answer.pid > 0) {
            ::waitpid(answer.pid, nullptr, 0);
        }
        throw std::system_error{answer.error, std::generic_category(), "starting a worker process"};
    }
    return answer.pid;
}

void run_spawner(pid_t parent) {
    (void)::fcntl(worker_socket, F_SETFD, FD_CLOEXEC);
    for (;;) {
        Order order;
        Packet packet{order};
        if (!packet.receive(worker_socket)) {
            return;
        }
        auto answer = start_worker(packet.descriptor(), order, parent);
        if (!Packet{answer}.send(worker_socket, std::nullopt)) {
            return;
        }
    }
}

}  // namespace detail

void start_spawner() {
    auto& spawner = detail::the_spawner();
    if (!spawner) {
        auto argument = detail::spawner_argument + std::to_string(::getpid());
        auto [ours, theirs] = detail::socket_pair(SOCK_SEQPACKET);  // keeps packets apart
        (void)detail::spawn_image({}, std::move(argument), theirs.get(), false);
        spawner.emplace();
        spawner->socket = std::move(ours);
    }
}

}  // namespace fanfetch
