#pragma once

#include "process/codec.hpp"
#include "process/frame.hpp"
#include "process/sandbox.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What stands in the frames. Whatever is read here is foreign: the functions throw DecodeError.
namespace fanfetch::detail {

/// The first frame a worker gets.
struct StartMessage {
    std::uint64_t longest_payload = 0;
    std::string initializer;  ///< name of a task; empty: none
    std::string initializer_arguments;
    std::optional<SandboxOptions> sandbox;
};
[[nodiscard]] std::string start_frame(const StartMessage& message);
[[nodiscard]] StartMessage read_start(std::string_view payload);

/// Calls of one task: the number of the first, the task, how many, and the arguments of each.
///
/// The number and the count are filled in when it is sent: until then calls may be cancelled.
class CallsFrame {
public:
    explicit CallsFrame(std::string_view task);

    /// Appends the arguments that `encode(std::string&)` appends; what it throws leaves the frame
    /// as it was.
    template <class Encode>
    void add(Encode encode) {
        const auto before = bytes_.size();
        try {
            append_number(bytes_, std::uint32_t{0});
            encode(bytes_);
            const auto size = bytes_.size() - before - sizeof(std::uint32_t);
            patch_size(before, size);
        } catch (...) {
            bytes_.resize(before);
            throw;
        }
    }
    [[nodiscard]] std::size_t payload_size() const noexcept {
        return bytes_.size() - frame_head_size;
    }
    /// Moves the calls behind the first `payload_size` bytes into a frame of their own.
    [[nodiscard]] CallsFrame split(std::size_t payload_size);
    /// Without any call again.
    void clear() { bytes_.resize(calls_at_); }
    /// Leaves out the calls that `keep(index)` does not want.
    template <class Keep>
    void filter(std::size_t count, Keep keep) {
        std::string kept = bytes_.substr(0, calls_at_);
        ByteSource in{std::string_view{bytes_}.substr(calls_at_)};
        for (std::size_t i = 0; i < count; ++i) {
            const auto arguments = in.take(in.size());
            if (keep(i)) {
                append_size(kept, arguments.size());
                kept += arguments;
            }
        }
        bytes_ = std::move(kept);
    }
    /// The bytes to send.
    [[nodiscard]] std::string finish(std::uint64_t first, std::size_t count) &&;

private:
    void patch_size(std::size_t at, std::size_t size);

    std::string bytes_;
    std::size_t calls_at_ = 0;
};

struct CallsMessage {
    std::uint64_t first = 0;
    std::string_view task;
    std::uint32_t count = 0;
    ByteSource arguments{{}};  ///< of each call: its size, its bytes
};
[[nodiscard]] CallsMessage read_calls(std::string_view payload);

/// How a call ended.
enum class outcome_kind : std::uint8_t { value = 0, error = 1 };

struct ErrorMessage {
    std::string type;
    std::string text;
};

struct ResultsMessage {
    std::uint64_t first = 0;
    std::uint32_t count = 0;
    ByteSource outcomes{{}};  ///< of each call: an outcome_kind, its size, its bytes
};
[[nodiscard]] ResultsMessage read_results(std::string_view payload);

struct Outcome {
    outcome_kind kind{};
    std::string_view bytes;
};
[[nodiscard]] Outcome read_outcome(ByteSource& in);
[[nodiscard]] ErrorMessage read_error(std::string_view bytes);

}  // namespace fanfetch::detail

template <>
struct fanfetch::Codec<fanfetch::detail::ErrorMessage>
    : MemberCodec<&detail::ErrorMessage::type, &detail::ErrorMessage::text> {};
