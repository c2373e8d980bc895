#include "coro/loop_state.hpp"

#include <utility>

namespace fanfetch {
namespace {

thread_local LoopState* running = nullptr;

}  // namespace

boost::asio::execution_context::id LoopState::id;

LoopState::LoopState(boost::asio::io_context& context)
    : service{context},
      executor_{context.get_executor()},
      weak_{executor_},
      deadlines_{executor_} {}

void LoopState::cancel_tasks() {
    while (!tasks_.empty()) {
        auto& task = tasks_.front();
        tasks_.pop_front();
        leaving_.push_back(task);
        task.cancel();
    }
}

void LoopState::shutdown() noexcept {
    weak_.cut();
    for (auto* tasks : {&tasks_, &leaving_}) {
        while (!tasks->empty()) {
            auto& task = tasks->front();
            tasks->pop_front();
            task.loop_ended();
        }
    }
    while (!parked_.empty()) {
        parked_.front().abandon();
    }
}

LoopState& loop_state(LoopExecutor loop) {
    // The registry takes a lock and walks a list; a loop's own thread knows the answer.
    if (running != nullptr && running->executor() == loop) {
        return *running;
    }
    return boost::asio::use_service<LoopState>(loop.context());
}

LoopState* running_loop() noexcept {
    return running;
}

RunningLoop::RunningLoop(LoopState& state) noexcept : before_{std::exchange(running, &state)} {}

RunningLoop::~RunningLoop() {
    running = before_;
}

WeakLoop weak_loop(LoopExecutor loop) {
    return loop_state(loop).weak();
}

}  // namespace fanfetch
