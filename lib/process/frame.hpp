#pragma once

#include "process/byte_source.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fanfetch::detail {

/// What a frame is; the first group goes to the worker, the second comes from it.
enum class frame_kind : std::uint8_t {
    start = 1,  ///< who the worker is, its limits, its initializer: the first, once
    calls = 2,  ///< some calls of one task

    ready = 16,       ///< the worker has started: the first, once
    results = 17,     ///< the outcomes of calls, in the order they were given
    refused = 18,     ///< why the worker could not start; it ends
    last_words = 19,  ///< why the worker ends although nobody asked it to
};

struct Frame {
    frame_kind kind{};
    std::string_view payload;
};

/// Cuts a stream of bytes into frames: a length in four bytes, a kind in one, the payload.
///
/// The stream is the other process's and may hold anything. A length is compared with the limit
/// before room is made for it, and the room is not touched before bytes come to fill it.
///
/// Errors   DecodeError for a frame that is too long; the stream cannot be read further then
/// Threads  one owner at a time
class FrameReader {
public:
    explicit FrameReader(std::size_t longest_payload);

    /// Where the next bytes are to be put; never empty. Frames given before are gone.
    [[nodiscard]] std::span<char> room();
    /// How many of them were.
    void received(std::size_t count) noexcept { end_ += count; }
    /// The next frame, valid until `room` is asked for; none when bytes are missing.
    [[nodiscard]] std::optional<Frame> next();
    /// Whether the stream stops in the middle of a frame.
    [[nodiscard]] bool mid_frame() const noexcept { return begin_ != end_; }

private:
    void make_room(std::size_t needed);

    std::size_t longest_payload_;
    std::size_t capacity_;
    std::unique_ptr<char[]> buffer_;
    std::size_t begin_ = 0;  ///< of what was received and not given
    std::size_t end_ = 0;
};

/// The bytes before a payload.
inline constexpr std::size_t frame_head_size = sizeof(std::uint32_t) + sizeof(frame_kind);

/// A frame whose payload is still to be appended.
[[nodiscard]] std::string begin_frame(frame_kind kind);
/// Fills in the length.
void finish_frame(std::string& frame) noexcept;
/// A frame with this text.
[[nodiscard]] std::string text_frame(frame_kind kind, std::string_view text);

}  // namespace fanfetch::detail
