#include "coro/event_loop.hpp"

#include "executor/off_loop.hpp"
#include "future/errors.hpp"

#include <pthread.h>
#include <cassert>
#include <exception>

namespace fanfetch {
namespace {

constexpr std::size_t longest_thread_name = 15;  // pthread_setname_np(3)

class StopWhenDone final : public TaskObserver {
public:
    explicit StopWhenDone(boost::asio::io_context& context) : context_{context} {}

private:
    void task_ended(TaskBase&) override { context_.stop(); }

    boost::asio::io_context& context_;
};

}  // namespace

/// While it lives, the calling thread runs the loop, and no other thread may.
class EventLoop::Run {
public:
    explicit Run(EventLoop& loop) : loop_{loop}, here_{loop.state_} {}
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run() { loop_.running_.store(false); }

private:
    EventLoop& loop_;
    RunningLoop here_;
    LoopThreadMark mark_;
};

EventLoop::EventLoop(std::string name)
    : name_{std::move(name)}, state_{loop_state(context_.get_executor())} {}

EventLoop::~EventLoop() {
    context_.stop();
    join();
    state_.weak().cut();  // before the sockets go, and the coroutines that wait for them
}

void EventLoop::claim() {
    if (running_.exchange(true)) {
        throw InvalidStateError{"running loop " + name_ + ": it is running already"};
    }
}

void EventLoop::start() {
    claim();
    guard_.emplace(executor());
    context_.restart();
    auto body = [this] {
        pthread_setname_np(pthread_self(), name_.substr(0, longest_thread_name).c_str());
        const Run run{*this};
        run_out();
    };
    thread_ = std::thread{body};
}

void EventLoop::stop() {
    post([this] { guard_.reset(); });
}

void EventLoop::join() {
    if (thread_.joinable()) {
        thread_.join();
    }
}

void EventLoop::drive(TaskBase& task) {
    claim();
    const Run run{*this};
    StopWhenDone observer{context_};
    task.observe(observer);
    context_.restart();
    run_out();
    assert(task.done());
}

void EventLoop::end_tasks() {
    claim();
    const Run run{*this};
    while (state_.has_tasks()) {
        state_.cancel_tasks();
        context_.restart();
        guarded([this] { context_.run_one(); });
    }
}

void EventLoop::run_out() {
    while (!guarded([this] { context_.run(); })) {
    }
}

template <class Call>
bool EventLoop::guarded(Call call) {
    try {
        call();
        return true;
    } catch (...) {
        report_error("a call posted to loop " + name_, std::current_exception());
        return false;
    }
}

}  // namespace fanfetch
