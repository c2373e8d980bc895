#include "process/worker_process.hpp"

#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace fanfetch::detail {
namespace {

/// At most this much is sent before the others get their turn.
constexpr std::size_t turn = std::size_t{1} << 20U;

std::string end_of(const siginfo_t& info) {
    const auto status = std::to_string(info.si_status);
    if (info.si_code == CLD_EXITED) {
        return "exited with code " + status;
    }
    const char* const signal = ::sigabbrev_np(info.si_status);
    return "was killed by signal " + status +
           (signal == nullptr ? "" : std::string{" (SIG"} + signal + ")");
}

}  // namespace

WorkerProcess::WorkerProcess(SpawnedWorker spawned, int number, std::size_t longest_payload)
    : spawned_{std::move(spawned)}, number_{number}, reader_{longest_payload} {}

std::string WorkerProcess::name() const {
    return "worker " + std::to_string(number_) + " (pid " + std::to_string(spawned_.pid) + ')';
}

void WorkerProcess::give(std::vector<CallPtr> calls, std::uint64_t first_id, std::string frame) {
    calls_ = std::move(calls);
    calls_done_ = 0;
    next_id = first_id;
    state = phase::busy;
    send(std::move(frame));
}

void WorkerProcess::call_done() noexcept {
    calls_[calls_done_++].reset();
    ++next_id;
}

std::vector<CallPtr> WorkerProcess::take_calls() noexcept {
    auto left = std::exchange(calls_, {});
    left.erase(
        left.begin(), left.begin() + static_cast<std::ptrdiff_t>(std::exchange(calls_done_, 0))
    );
    return left;
}

void WorkerProcess::send(std::string bytes) {
    if (!has_unsent()) {
        outbox_ = std::move(bytes);
        sent_ = 0;
    } else {
        outbox_ += bytes;
    }
    pump_out();
}

void WorkerProcess::pump_out() {
    for (std::size_t budget = turn; has_unsent() && budget > 0;) {
        const auto length = std::min(outbox_.size() - sent_, budget);
        const auto count =
            ::send(socket_descriptor(), outbox_.data() + sent_, length, MSG_NOSIGNAL);
        if (count < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                outbox_.clear();  // it is gone, or going, and the process descriptor will tell
                sent_ = 0;
            }
            return;
        }
        sent_ += static_cast<std::size_t>(count);
        budget -= static_cast<std::size_t>(count);
    }
    if (!has_unsent()) {
        std::string{}.swap(outbox_);
        sent_ = 0;
    }
}

void WorkerProcess::pump_in(int rounds, const std::function<void(const Frame&)>& handle) {
    for (int i = 0; i < rounds && !deaf; ++i) {
        const auto room = reader_.room();
        const auto count = ::recv(socket_descriptor(), room.data(), room.size(), MSG_DONTWAIT);
        if (count < 0) {
            deaf = errno != EAGAIN && errno != EINTR;
            return;
        }
        deaf = count == 0;
        reader_.received(static_cast<std::size_t>(count));
        while (const auto frame = reader_.next()) {
            handle(*frame);
        }
        if (static_cast<std::size_t>(count) < room.size()) {
            return;  // that was all, most likely; else the descriptor is readable at once
        }
    }
}

void WorkerProcess::say_goodbye() noexcept {
    state = phase::leaving;
    ::shutdown(socket_descriptor(), SHUT_WR);
}

void WorkerProcess::signal_group(int signal) const noexcept {
    ::kill(-spawned_.pid, signal);
}

std::string WorkerProcess::reap() noexcept {
    siginfo_t info{};
    // Blocks for no longer than it takes a process that has ended to be collected.
    while (::waitid(P_PIDFD, static_cast<id_t>(process_descriptor()), &info, WEXITED) != 0) {
        if (errno != EINTR) {
            return "ended";  // the program ignores SIGCHLD: nobody knows how
        }
    }
    return end_of(info);
}

}  // namespace fanfetch::detail
