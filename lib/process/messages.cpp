#include "process/messages.hpp"

#include <utility>

namespace fanfetch::detail {

std::string start_frame(const StartMessage& message) {
    auto frame = begin_frame(frame_kind::start);
    append_number(frame, message.longest_payload);
    Codec<std::string>::encode(frame, message.initializer);
    Codec<std::string>::encode(frame, message.initializer_arguments);
    Codec<bool>::encode(frame, message.sandbox.has_value());
    if (message.sandbox) {
        append_sandbox(frame, *message.sandbox);
    }
    finish_frame(frame);
    return frame;
}

StartMessage read_start(std::string_view payload) {
    ByteSource in{payload};
    StartMessage message;
    message.longest_payload = in.number<std::uint64_t>();
    message.initializer = Codec<std::string>::decode(in);
    message.initializer_arguments = Codec<std::string>::decode(in);
    if (Codec<bool>::decode(in)) {
        message.sandbox = read_sandbox(in);
    }
    in.expect_end();
    return message;
}

CallsFrame::CallsFrame(std::string_view task) : bytes_{begin_frame(frame_kind::calls)} {
    append_number(bytes_, std::uint64_t{0});
    append_number(bytes_, std::uint32_t{0});
    append_size(bytes_, task.size());
    bytes_ += task;
    calls_at_ = bytes_.size();
}

void CallsFrame::patch_size(std::size_t at, std::size_t size) {
    std::string number;
    append_size(number, size);  // throws for what four bytes cannot hold
    bytes_.replace(at, number.size(), number);
}

CallsFrame CallsFrame::split(std::size_t payload_size) {
    const auto at = payload_size + frame_head_size;
    auto rest = *this;
    rest.bytes_.replace(calls_at_, at - calls_at_, "");
    bytes_.resize(at);
    return rest;
}

std::string CallsFrame::finish(std::uint64_t first, std::size_t count) && {
    patch_number(bytes_, frame_head_size, first);
    patch_number(bytes_, frame_head_size + sizeof first, static_cast<std::uint32_t>(count));
    finish_frame(bytes_);
    return std::move(bytes_);
}

CallsMessage read_calls(std::string_view payload) {
    ByteSource in{payload};
    CallsMessage message;
    message.first = in.number<std::uint64_t>();
    message.count = in.number<std::uint32_t>();
    message.task = in.take(in.size());
    in.expect(message.count, sizeof(std::uint32_t));
    message.arguments = in;
    return message;
}

ResultsMessage read_results(std::string_view payload) {
    ByteSource in{payload};
    ResultsMessage message;
    message.first = in.number<std::uint64_t>();
    message.count = in.number<std::uint32_t>();
    if (message.count == 0) {
        throw DecodeError{"results of no call"};
    }
    in.expect(message.count, sizeof(outcome_kind) + sizeof(std::uint32_t));
    message.outcomes = in;
    return message;
}

Outcome read_outcome(ByteSource& in) {
    Outcome outcome;
    outcome.kind = in.number<outcome_kind>();
    if (outcome.kind != outcome_kind::value && outcome.kind != outcome_kind::error) {
        throw DecodeError{
            "a call that ended in way " + std::to_string(static_cast<int>(outcome.kind))};
    }
    outcome.bytes = in.take(in.size());
    return outcome;
}

ErrorMessage read_error(std::string_view bytes) {
    ByteSource in{bytes};
    auto error = Codec<ErrorMessage>::decode(in);
    in.expect_end();
    return error;
}

}  // namespace fanfetch::detail
