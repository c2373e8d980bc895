#pragma once

#include "process/messages.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>

namespace fanfetch::detail {

/// Writes the outcomes of one frame's calls, in order, into frames that are not too long.
///
/// A value that does not fit into a frame becomes the error std::length_error.
///
/// Threads  one
class OutcomeWriter {
public:
    using Send = std::function<void(const std::string& frame)>;

    OutcomeWriter(Send send, std::size_t longest_payload, std::uint64_t first_call);

    /// Adds the outcome of the next call: the value that `make(std::string&)` appends, or what it
    /// throws. UnreadableArguments passes through.
    void add(const std::function<void(std::string&)>& make);
    /// Sends what there is.
    void flush();

private:
    void begin();
    [[nodiscard]] std::size_t payload_size() const noexcept {
        return frame_.size() - frame_head_size;
    }
    void finish_outcome(std::size_t at, outcome_kind kind);
    void write_error(std::size_t at, const std::exception_ptr& error);
    void move_to_next_frame(std::size_t at);

    Send send_;
    std::size_t longest_payload_;
    std::uint64_t first_;
    std::uint32_t count_ = 0;
    std::string frame_;
};

}  // namespace fanfetch::detail
