#include "process/worker_side.hpp"

#include "process/outcome_writer.hpp"
#include "process/task_registry.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <limits>

namespace fanfetch::detail {
namespace {

/// How a worker ends that says why: told apart from tasks that call exit.
constexpr int exit_with_reason = 70;  // EX_SOFTWARE of sysexits.h

/// The start frame comes before its own limit is known.
constexpr std::size_t longest_start = std::numeric_limits<std::uint32_t>::max();

}  // namespace

bool WorkerSide::serve() {
    FrameReader starting{longest_start};
    bool shut_in = false;
    for (;;) {
        if (const auto frame = starting.next()) {
            if (frame->kind != frame_kind::start) {
                end(frame_kind::refused, "the first frame is not a start");
            }
            shut_in = start(frame->payload);
            break;  // nothing follows before we have answered
        }
        if (!receive(starting)) {
            return false;
        }
    }
    send(text_frame(frame_kind::ready, {}));

    FrameReader reader{longest_payload_};
    try {
        for (;;) {
            while (const auto frame = reader.next()) {
                if (frame->kind != frame_kind::calls) {
                    throw DecodeError{"a frame of an unknown kind"};
                }
                make_calls(frame->payload);
            }
            if (!receive(reader)) {
                return shut_in;
            }
        }
    } catch (const std::exception& error) {
        end(frame_kind::last_words, error.what());
    }
}

bool WorkerSide::start(std::string_view payload) {
    try {
        const auto message = read_start(payload);
        longest_payload_ = static_cast<std::size_t>(message.longest_payload);
        if (!message.initializer.empty()) {
            const auto* const body = TaskRegistry::instance().find(message.initializer);
            if (body == nullptr) {
                end(frame_kind::refused, "no initializer is registered as " + message.initializer);
            }
            std::string ignored;
            body->run(message.initializer_arguments, ignored);
        }
        if (message.sandbox) {
            if (const auto failure = enter_sandbox(*message.sandbox, socket_)) {
                end(frame_kind::refused, "the sandbox cannot be set up: " + *failure);
            }
        }
        return message.sandbox.has_value();
    } catch (...) {
        end(frame_kind::refused, "starting: " + describe(std::current_exception()));
    }
}

void WorkerSide::make_calls(std::string_view payload) {
    auto message = read_calls(payload);
    const auto* const body = TaskRegistry::instance().find(message.task);
    if (body == nullptr) {
        throw DecodeError{"no task is registered as " + std::string{message.task}};
    }
    OutcomeWriter outcomes{
        [this](const std::string& frame) { send(frame); }, longest_payload_, message.first};
    for (std::uint32_t i = 0; i < message.count; ++i) {
        const auto arguments = message.arguments.take(message.arguments.size());
        outcomes.add([&](std::string& result) { body->run(arguments, result); });
    }
    outcomes.flush();
}

/// False when the pool has closed its side, which it does between frames.
bool WorkerSide::receive(FrameReader& reader) {
    const auto room = reader.room();
    for (;;) {
        const auto count = ::recv(socket_, room.data(), room.size(), 0);
        if (count > 0) {
            reader.received(static_cast<std::size_t>(count));
            return true;
        }
        if (count == 0 && !reader.mid_frame()) {
            return false;
        }
        if (count == 0 || errno != EINTR) {
            ::_exit(exit_with_reason);  // the pool is gone: there is nobody to tell
        }
    }
}

void WorkerSide::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0 && errno != EINTR) {
            ::_exit(exit_with_reason);  // likewise
        }
        bytes.remove_prefix(count < 0 ? 0 : static_cast<std::size_t>(count));
    }
}

void WorkerSide::end(frame_kind kind, const std::string& why) {
    send(text_frame(kind, why));
    (void)std::fflush(nullptr);
    ::_exit(exit_with_reason);
}

}  // namespace fanfetch::detail
