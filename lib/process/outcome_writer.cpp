#include "process/outcome_writer.hpp"

#include "process/task_registry.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace fanfetch::detail {
namespace {

/// Beyond this the outcomes so far are sent: the pool can deliver them while we go on.
constexpr std::size_t enough = std::size_t{256} << 10U;

constexpr std::size_t longest_error_text = std::size_t{16} << 10U;
constexpr std::size_t outcome_head_size = sizeof(outcome_kind) + sizeof(std::uint32_t);

std::string text_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& thrown) {
        return std::string{thrown.what()}.substr(0, longest_error_text);
    } catch (...) {
        return {};
    }
}

}  // namespace

OutcomeWriter::OutcomeWriter(Send send, std::size_t longest_payload, std::uint64_t first_call)
    : send_{std::move(send)}, longest_payload_{longest_payload}, first_{first_call} {
    begin();
}

void OutcomeWriter::begin() {
    frame_ = begin_frame(frame_kind::results);
    append_number(frame_, first_);
    append_number(frame_, count_);
}

void OutcomeWriter::add(const std::function<void(std::string&)>& make) {
    auto at = frame_.size();
    frame_.append(outcome_head_size, '\0');
    try {
        make(frame_);
        finish_outcome(at, outcome_kind::value);
    } catch (const UnreadableArguments&) {
        throw;
    } catch (...) {
        write_error(at, std::current_exception());
    }
    if (payload_size() > longest_payload_ && count_ > 0) {
        move_to_next_frame(at);
        at = frame_head_size + sizeof first_ + sizeof count_;
    }
    if (payload_size() > longest_payload_) {
        const auto text = "a result makes a frame of " + std::to_string(payload_size()) +
                          " bytes, of which " + std::to_string(longest_payload_) + " are allowed";
        write_error(at, std::make_exception_ptr(std::length_error{text}));
    }
    ++count_;
    if (payload_size() > enough) {
        flush();
    }
}

void OutcomeWriter::finish_outcome(std::size_t at, outcome_kind kind) {
    std::string head;
    append_number(head, kind);
    append_size(head, frame_.size() - at - outcome_head_size);
    frame_.replace(at, head.size(), head);
}

void OutcomeWriter::write_error(std::size_t at, const std::exception_ptr& error) {
    frame_.resize(at + outcome_head_size);
    Codec<ErrorMessage>::encode(frame_, {type_name(error), text_of(error)});
    finish_outcome(at, outcome_kind::error);
}

/// The outcome at `at` does not fit behind the others; they are sent without it.
void OutcomeWriter::move_to_next_frame(std::size_t at) {
    const auto outcome = frame_.substr(at);
    frame_.resize(at);
    flush();
    frame_ += outcome;
}

void OutcomeWriter::flush() {
    if (count_ == 0) {
        return;
    }
    patch_number(frame_, frame_head_size + sizeof first_, count_);
    finish_frame(frame_);
    send_(frame_);
    first_ += std::exchange(count_, 0);
    begin();
}

}  // namespace fanfetch::detail
