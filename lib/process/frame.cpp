#include "process/frame.hpp"

#include <algorithm>
#include <cstring>

namespace fanfetch::detail {
namespace {

/// What a socket gives at once, and all that most frames need.
constexpr std::size_t usual_capacity = std::size_t{64} << 10U;

}  // namespace

FrameReader::FrameReader(std::size_t longest_payload)
    : longest_payload_{longest_payload},
      capacity_{usual_capacity},
      buffer_{std::make_unique_for_overwrite<char[]>(usual_capacity)} {}

std::span<char> FrameReader::room() {
    if (begin_ == end_) {
        begin_ = end_ = 0;
        if (capacity_ > usual_capacity) {  // the room of a large frame is not kept
            buffer_ = std::make_unique_for_overwrite<char[]>(usual_capacity);
            capacity_ = usual_capacity;
        }
    }
    std::size_t needed = frame_head_size;
    if (end_ - begin_ >= frame_head_size) {
        std::uint32_t length = 0;
        std::memcpy(&length, buffer_.get() + begin_, sizeof length);
        needed += length;  // `next` has looked at it
    }
    make_room(needed);
    return {buffer_.get() + end_, capacity_ - end_};
}

/// So that `needed` bytes from `begin_` fit, and at least one byte is free.
void FrameReader::make_room(std::size_t needed) {
    const auto held = end_ - begin_;
    if (begin_ + needed <= capacity_ && end_ < capacity_) {
        return;
    }
    if (std::max(needed, held + 1) <= capacity_) {
        std::memmove(buffer_.get(), buffer_.get() + begin_, held);
    } else {
        auto larger = std::make_unique_for_overwrite<char[]>(needed);
        std::memcpy(larger.get(), buffer_.get() + begin_, held);
        buffer_ = std::move(larger);
        capacity_ = needed;
    }
    begin_ = 0;
    end_ = held;
}

std::optional<Frame> FrameReader::next() {
    if (end_ - begin_ < frame_head_size) {
        return std::nullopt;
    }
    const char* const head = buffer_.get() + begin_;
    std::uint32_t length = 0;
    std::memcpy(&length, head, sizeof length);
    if (length > longest_payload_) {
        throw DecodeError{
            "a frame of " + std::to_string(length) + " bytes, of which " +
            std::to_string(longest_payload_) + " are allowed"};
    }
    if (end_ - begin_ < frame_head_size + length) {
        return std::nullopt;
    }
    begin_ += frame_head_size + length;
    return Frame{
        static_cast<frame_kind>(static_cast<unsigned char>(head[sizeof length])),
        std::string_view{head + frame_head_size, length}};
}

std::string begin_frame(frame_kind kind) {
    std::string frame(sizeof(std::uint32_t), '\0');
    frame += static_cast<char>(kind);
    return frame;
}

void finish_frame(std::string& frame) noexcept {
    patch_number(frame, 0, static_cast<std::uint32_t>(frame.size() - frame_head_size));
}

std::string text_frame(frame_kind kind, std::string_view text) {
    auto frame = begin_frame(kind);
    frame += text;
    finish_frame(frame);
    return frame;
}

}  // namespace fanfetch::detail
