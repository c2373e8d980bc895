#include "process/pool_manager.hpp"

#include "process/task_registry.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace fanfetch::detail {
namespace {

using namespace std::chrono_literals;

/// How long a worker that was asked to end may take before it is killed.
constexpr auto goodbye_patience = 5s;
/// How long one may live that has closed its side of the socket: its end is on its way.
constexpr auto deaf_patience = 1s;
/// Reads from one worker before the others get their turn.
constexpr int reads_a_turn = 16;
/// Reads from a worker that has ended: what a socket holds, and no more, whoever else may have it.
constexpr int last_reads = 64;
/// Of what a worker says about its own end.
constexpr std::size_t longest_reason = 1024;

thread_local const ProcessPool* managed = nullptr;

void fail_all(const std::vector<CallPtr>& calls, const std::string& why) {
    for (const auto& call : calls) {
        // An exception object for each: they are rethrown in different threads.
        call->fail(std::make_exception_ptr(BrokenProcessPool{why}));
    }
}

}  // namespace

PoolManager::PoolManager(ProcessPool& pool)
    : pool_{pool}, watch_before_{install(this)}, pool_before_{std::exchange(managed, &pool)} {}

PoolManager::~PoolManager() {
    managed = pool_before_;
    install(watch_before_);
}

const ProcessPool* PoolManager::current() noexcept {
    return managed;
}

void PoolManager::begins(const FutureState* state, bool limited) {
    if (!limited && state != nullptr && state->owner() == &pool_) {
        throw std::system_error{
            std::make_error_code(std::errc::resource_deadlock_would_occur),
            "a done callback waits for a call of the pool that called it"};
    }
}

void PoolManager::run() noexcept {
    (void)::pthread_setname_np(::pthread_self(), "process-pool");
    sigset_t all;
    ::sigfillset(&all);
    (void)::pthread_sigmask(SIG_BLOCK, &all, nullptr);  // they are for the program's own threads
    for (;;) {
        try {
            while (step()) {
            }
            return;
        } catch (...) {
            report_error("managing the workers of a process pool", std::current_exception());
            break_pool("the pool's own thread failed: " + describe(std::current_exception()));
        }
    }
}

/// One turn; false when there is nothing left to do.
bool PoolManager::step() {
    const auto orders = pool_.take_orders();
    ending_ = orders.ending;
    if (orders.signal) {
        send_signal(*orders.signal);
    }
    if (!broken_) {
        start_workers(orders.queued);
        hand_out();
    }
    if (ending_) {
        dismiss_idle();
    }
    pool_.count_workers(workers_.size());
    if (ending_ && workers_.empty() && pool_.queued() == 0) {
        return false;
    }
    wait();
    serve();
    look_at_clock();
    return true;
}

std::size_t PoolManager::count(Worker::phase state) const noexcept {
    return static_cast<std::size_t>(std::ranges::count(workers_, state, [](const auto& worker) {
        return worker->state;
    }));
}

void PoolManager::send_signal(int signal) {
    for (const auto& worker : workers_) {
        worker->state = Worker::phase::leaving;
        worker->reason = "the pool was told to end its workers";
        worker->deadline = Steady::now() + goodbye_patience;
        worker->signal_group(signal);
    }
}

/// One for each bundle that no worker waits for, as far as allowed.
void PoolManager::start_workers(std::size_t queued) {
    auto waiting = count(Worker::phase::idle) + count(Worker::phase::starting);
    while (queued > waiting && workers_.size() - count(Worker::phase::leaving) <
                                   static_cast<std::size_t>(pool_.max_workers())) {
        if (!start_worker()) {
            return;
        }
        ++waiting;
    }
}

/// False when the system refuses: the workers there are do without, and without any it is over.
bool PoolManager::start_worker() {
    const auto& options = pool_.options();
    try {
        auto spawned = spawn_worker(options.program, options.sandbox.has_value());
        workers_.push_back(
            std::make_unique<Worker>(std::move(spawned), ++started_, pool_.longest_payload())
        );
    } catch (const std::system_error& refused) {
        if (count(Worker::phase::idle) + count(Worker::phase::starting) +
                count(Worker::phase::busy) ==
            0) {
            break_pool(std::string{"no worker can be started: "} + refused.what());
        }
        return false;
    }
    workers_.back()->send(start_frame(
        {.longest_payload = pool_.longest_payload(),
         .initializer = options.initializer.task(),
         .initializer_arguments = options.initializer.arguments(),
         .sandbox = options.sandbox}
    ));
    return true;
}

void PoolManager::hand_out() {
    for (const auto& worker : workers_) {
        while (worker->state == Worker::phase::idle) {
            auto bundle = pool_.next_bundle();
            if (!bundle) {
                return;
            }
            hand_to(*worker, std::move(*bundle));
        }
    }
}

/// Leaves the worker idle when every call was cancelled in time.
void PoolManager::hand_to(Worker& worker, CallBundle bundle) {
    std::vector<bool> runs;
    for (const auto& call : bundle.calls) {
        runs.push_back(call->state().set_running_or_notify_cancel());
    }
    const auto running = static_cast<std::size_t>(std::ranges::count(runs, true));
    if (running < runs.size()) {
        bundle.frame.filter(runs.size(), [&runs](std::size_t at) { return runs[at]; });
        auto at = runs.begin();
        std::erase_if(bundle.calls, [&at](const CallPtr&) { return !*at++; });
    }
    if (running == 0) {
        return;
    }
    if (const auto limit = pool_.options().task_time_limit.duration()) {
        auto deadline = Steady::now();
        for (std::size_t i = 0; i < running; ++i) {
            deadline = saturating_add(deadline, *limit);
        }
        worker.deadline = deadline;
    }
    const auto first = std::exchange(next_call_, next_call_ + running);
    worker.give(std::move(bundle.calls), first, std::move(bundle.frame).finish(first, running));
}

void PoolManager::dismiss_idle() {
    if (pool_.queued() > 0) {
        return;
    }
    for (const auto& worker : workers_) {
        if (worker->state == Worker::phase::idle || worker->state == Worker::phase::starting) {
            dismiss(*worker);
        }
    }
}

void PoolManager::dismiss(Worker& worker) {
    worker.say_goodbye();
    worker.deadline = Steady::now() + goodbye_patience;
}

void PoolManager::wait() {
    polled_.assign(1, {pool_.wake_descriptor(), POLLIN, 0});
    Deadline nearest;
    for (const auto& worker : workers_) {
        const auto writes = worker->has_unsent() ? POLLOUT : 0;
        polled_.push_back({worker->process_descriptor(), POLLIN, 0});
        polled_.push_back(
            {worker->deaf ? -1 : worker->socket_descriptor(), static_cast<short>(POLLIN | writes),
             0}
        );
        if (worker->deadline && (!nearest || *worker->deadline < *nearest)) {
            nearest = worker->deadline;
        }
    }
    timespec limit{};
    if (nearest) {
        const auto left = std::max(*nearest - Steady::now(), Steady::duration::zero());
        limit.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
        limit.tv_nsec = std::chrono::nanoseconds{left % 1s}.count();
    }
    if (::ppoll(polled_.data(), polled_.size(), nearest ? &limit : nullptr, nullptr) < 0) {
        for (auto& polled : polled_) {
            polled.revents = 0;
        }
    }
}

void PoolManager::serve() {
    for (std::size_t i = 0; i < workers_.size() && !broken_; ++i) {
        serve_socket(*workers_[i], polled_[2 * i + 2].revents);
    }
    // From the back, because the dead leave the list.
    for (std::size_t i = (polled_.size() - 1) / 2; i-- > 0;) {
        if (polled_[2 * i + 1].revents != 0) {
            bury(i);
        }
    }
}

void PoolManager::serve_socket(Worker& worker, short events) {
    if ((events & POLLOUT) != 0) {
        worker.pump_out();
    }
    if ((events & ~POLLOUT) != 0) {
        receive(worker, reads_a_turn);
    }
}

/// What cannot be read ends the worker: it is broken, or worse.
void PoolManager::receive(Worker& worker, int rounds) {
    try {
        worker.pump_in(rounds, [&](const Frame& frame) { handle(worker, frame); });
    } catch (const std::exception& error) {
        kill(worker, std::string{"it sent what cannot be read: "} + error.what());
    }
    if (worker.deaf && worker.state != Worker::phase::leaving) {
        worker.deadline = Steady::now() + deaf_patience;
    }
}

void PoolManager::handle(Worker& worker, const Frame& frame) {
    if (worker.state == Worker::phase::leaving) {
        return;
    }
    switch (frame.kind) {
        case frame_kind::ready:
            if (worker.state == Worker::phase::starting) {
                worker.state = Worker::phase::idle;
                return;
            }
            break;
        case frame_kind::refused:
            if (worker.state == Worker::phase::starting) {
                break_pool(
                    worker.name() +
                    " did not start: " + std::string{frame.payload.substr(0, longest_reason)}
                );
                return;
            }
            break;
        case frame_kind::results:
            if (worker.state == Worker::phase::busy) {
                deliver(worker, frame.payload);
                return;
            }
            break;
        case frame_kind::last_words:
            worker.reason = frame.payload.substr(0, longest_reason);
            return;
        default:
            break;
    }
    throw DecodeError{"a frame of kind " + std::to_string(static_cast<int>(frame.kind))};
}

void PoolManager::deliver(Worker& worker, std::string_view payload) {
    auto message = read_results(payload);
    if (message.first != worker.next_id || message.count > worker.calls_left()) {
        throw DecodeError{"results of calls that it does not have"};
    }
    for (std::uint32_t i = 0; i < message.count; ++i) {
        const auto outcome = read_outcome(message.outcomes);
        auto& call = worker.first_call();
        if (outcome.kind == outcome_kind::error) {
            auto error = read_error(outcome.bytes);
            auto rebuilt = TaskRegistry::instance().rebuild(error.type, error.text);
            call.fail(
                rebuilt ? rebuilt
                        : std::make_exception_ptr(RemoteError{
                              std::move(error.type), std::move(error.text), worker.name()})
            );
        } else if (!call.complete(outcome.bytes)) {
            throw DecodeError{"a result that is none of its task's"};
        }
        deaths_in_a_row_ = 0;
        worker.call_done();
    }
    message.outcomes.expect_end();
    if (worker.calls_left() == 0) {
        frame_done(worker);
    }
}

void PoolManager::frame_done(Worker& worker) {
    worker.deadline.reset();
    worker.state = Worker::phase::idle;
    const auto& limit = pool_.options().max_tasks_per_child;
    if (++worker.frames_done == limit) {
        dismiss(worker);
    }
}

void PoolManager::look_at_clock() {
    for (const auto& worker : workers_) {
        if (!passed(worker->deadline)) {
            continue;
        }
        worker->deadline.reset();
        if (worker->deaf && worker->state != Worker::phase::leaving) {
            if (worker->reason.empty()) {
                worker->reason = "it closed its connection and stayed";
            }
            worker->signal_group(SIGKILL);
            continue;
        }
        const auto late = worker->state == Worker::phase::busy ? worker->take_calls() : Calls{};
        worker->state = Worker::phase::leaving;
        worker->signal_group(SIGKILL);
        for (const auto& call : late) {
            call->fail(std::make_exception_ptr(TimeoutError{
                "the call took longer than its pool allows; " + worker->name() + " was ended"}));
        }
    }
}

/// Its end will be taken for a crash, which it is.
void PoolManager::kill(Worker& worker, const std::string& why) {
    if (worker.state == Worker::phase::leaving) {
        return;
    }
    worker.reason = why;
    worker.deaf = true;  // nothing more is read from it
    worker.deadline.reset();
    worker.signal_group(SIGKILL);
}

void PoolManager::bury(std::size_t index) {
    auto& worker = *workers_[index];
    // The pid is still the dead worker's, so its group cannot be another's.
    worker.signal_group(SIGKILL);
    receive(worker, last_reads);
    const auto quiet = worker.state == Worker::phase::leaving;
    auto how = worker.name() + ' ' + worker.reap();
    if (!worker.reason.empty()) {
        how += ": " + worker.reason;
    }
    const auto calls = worker.take_calls();
    workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(index));
    pool_.count_workers(workers_.size());
    if (quiet) {
        fail_all(calls, how);
        return;
    }
    crashed(how, calls);
}

void PoolManager::crashed(const std::string& how, const Calls& calls) {
    const auto& options = pool_.options();
    if (options.crash_policy == crash_policy::break_pool) {
        fail_all(calls, how);
        break_pool(how);
        return;
    }
    const auto deaths = ++deaths_in_a_row_;
    fail_all(calls, how);
    if (deaths == options.crash_loop_limit) {
        break_pool(
            std::to_string(deaths) + " workers died and none completed a call; the last: " + how
        );
    }
}

void PoolManager::break_pool(const std::string& why) {
    broken_ = true;
    auto orphans = pool_.break_with(why);
    Calls calls;
    for (const auto& worker : workers_) {
        worker->state = Worker::phase::leaving;
        worker->deadline.reset();
        worker->signal_group(SIGKILL);
        std::ranges::move(worker->take_calls(), std::back_inserter(calls));
    }
    for (auto& bundle : orphans) {
        std::ranges::move(bundle.calls, std::back_inserter(calls));
    }
    fail_all(calls, why);
}

}  // namespace fanfetch::detail
