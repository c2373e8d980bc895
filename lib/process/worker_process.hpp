#pragma once

#include "executor/queued_call.hpp"
#include "future/time_limit.hpp"
#include "process/frame.hpp"
#include "process/spawn_worker.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace fanfetch::detail {

/// A worker as its pool sees it: a process, a socket that never blocks us, the calls it has.
///
/// Threads  the manager's
class WorkerProcess {
public:
    enum class phase {
        starting,  ///< has not said that it is ready
        idle,
        busy,
        leaving,  ///< was asked to go, or killed: its end surprises nobody
    };

    WorkerProcess(SpawnedWorker spawned, int number, std::size_t longest_payload);

    phase state = phase::starting;
    Deadline deadline;          ///< of the calls, or of the patience with one that is to go
    bool deaf = false;          ///< has closed its side of the socket
    std::string reason;         ///< why it ends, as far as that is known
    int frames_done = 0;        ///< frames of calls whose results are all here
    std::uint64_t next_id = 0;  ///< the number of the first call that is not done

    /// Gives it calls; they run from now on.
    void give(std::vector<CallPtr> calls, std::uint64_t first_id, std::string frame);
    [[nodiscard]] std::size_t calls_left() const noexcept { return calls_.size() - calls_done_; }
    /// The first call that is not done; it stays ours until `call_done`.
    [[nodiscard]] QueuedCall& first_call() const noexcept { return *calls_[calls_done_]; }
    void call_done() noexcept;
    [[nodiscard]] std::vector<CallPtr> take_calls() noexcept;

    void send(std::string bytes);
    /// Sends what the socket takes, a part of a large frame only.
    void pump_out();
    [[nodiscard]] bool has_unsent() const noexcept { return sent_ < outbox_.size(); }

    /// Reads what is there, in `rounds` reads at most, and hands on whole frames.
    ///
    /// Errors   DecodeError; what `handle` throws
    void pump_in(int rounds, const std::function<void(const Frame&)>& handle);

    /// Says that there will be no more calls.
    void say_goodbye() noexcept;
    /// Sends a signal to the worker and to whatever it has started.
    void signal_group(int signal) const noexcept;
    /// After its process descriptor has become readable: how it ended, for people.
    [[nodiscard]] std::string reap() noexcept;

    [[nodiscard]] int process_descriptor() const noexcept { return spawned_.process.get(); }
    [[nodiscard]] int socket_descriptor() const noexcept { return spawned_.socket.get(); }
    /// "worker 3 (pid 4711)"
    [[nodiscard]] std::string name() const;

private:
    SpawnedWorker spawned_;
    int number_;
    FrameReader reader_;
    std::string outbox_;
    std::size_t sent_ = 0;
    std::vector<CallPtr> calls_;
    std::size_t calls_done_ = 0;
};

}  // namespace fanfetch::detail
