#pragma once

#include "process/messages.hpp"

#include <string>

namespace fanfetch::detail {

/// What a worker does: reads frames of calls from its socket, makes the calls, answers.
///
/// Threads  the worker's only one
class WorkerSide {
public:
    explicit WorkerSide(int socket) noexcept : socket_{socket} {}

    /// Serves until the pool closes its side, then tells whether the process is in a sandbox. Ends
    /// the process when the pool is gone, or when going on makes no sense.
    [[nodiscard]] bool serve();

private:
    [[nodiscard]] bool start(std::string_view payload);
    void make_calls(std::string_view payload);
    [[nodiscard]] bool receive(FrameReader& reader);
    void send(std::string_view bytes);
    [[noreturn]] void end(frame_kind kind, const std::string& why);

    int socket_;
    std::size_t longest_payload_ = 0;
};

}  // namespace fanfetch::detail
