#include "process/process_pool.hpp"

#include "process/pool_manager.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace fanfetch::detail {
namespace {

void refuse_in_worker() {
    if (in_worker()) {
        throw std::logic_error{"a process pool in a worker process"};
    }
}

ProcessPoolOptions checked(ProcessPoolOptions options) {
    refuse_in_worker();
    auto at_least_one = [](const std::optional<int>& value, const char* name) {
        if (value && *value < 1) {
            throw std::invalid_argument{
                std::string{"a process pool: "} + name + " is " + std::to_string(*value)};
        }
    };
    at_least_one(options.max_workers, "max_workers");
    at_least_one(options.max_tasks_per_child, "max_tasks_per_child");
    at_least_one(options.crash_loop_limit, "crash_loop_limit");
    const auto bytes = options.max_frame_bytes.bytes;
    // A frame with the reason why another is too long still fits.
    if (bytes < 1024 || bytes > std::numeric_limits<std::uint32_t>::max()) {
        throw std::invalid_argument{"a process pool: max_frame_bytes is " + std::to_string(bytes)};
    }
    if (options.program.empty() && !can_be_worker()) {
        throw std::logic_error{
            "a process pool in a program whose main does not call run_as_worker: its workers "
            "would run main"};
    }
    return options;
}

Descriptor make_wake() {
    Descriptor wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (wake.get() < 0) {
        throw std::system_error{errno, std::generic_category(), "eventfd"};
    }
    return wake;
}

}  // namespace

ProcessPool::ProcessPool(ProcessPoolOptions options)
    : options_{checked(std::move(options))},
      max_workers_{options_.max_workers.value_or(usable_cpus())},
      wake_{make_wake()} {}

std::optional<std::string> ProcessPool::broken() const {
    const std::lock_guard lock{mutex_};
    return broken_;
}

void ProcessPool::enqueue(CallPtr call) {
    CallQueue one;
    one.push(std::move(call));
    enqueue_chunk(one);
}

/// A call that cannot be encoded fails by itself; a frame that would be too long becomes several.
void ProcessPool::enqueue_chunk(CallQueue& calls) {
    refuse_in_worker();
    {
        const std::lock_guard lock{mutex_};
        if (broken_) {
            throw BrokenProcessPool{*broken_};
        }
        if (shutting_down_) {
            throw ExecutorShutdown{};
        }
    }
    std::vector<CallBundle> bundles;
    while (!calls.empty()) {
        auto call = calls.pop();
        call->executor = this;
        const auto task = call->remote_name();
        if (task.empty()) {
            throw std::invalid_argument{"a call for another process that is no registered task"};
        }
        if (bundles.empty()) {
            bundles.push_back({{}, CallsFrame{task}});
        }
        auto encode = [&call](std::string& out) { call->encode(out); };
        auto* frame = &bundles.back().frame;
        const auto before = frame->payload_size();
        try {
            frame->add(encode);
            if (frame->payload_size() > longest_payload() && !bundles.back().calls.empty()) {
                auto next = frame->split(before);
                bundles.push_back({{}, std::move(next)});
                frame = &bundles.back().frame;
            }
            if (frame->payload_size() > longest_payload()) {
                const auto size = frame->payload_size();
                frame->clear();
                throw std::length_error{
                    "arguments make a frame of " + std::to_string(size) + " bytes, of which " +
                    std::to_string(longest_payload()) + " are allowed"};
            }
            bundles.back().calls.push_back(std::move(call));
        } catch (...) {
            call->fail(std::current_exception());
        }
    }
    queue(bundles);
}

void ProcessPool::queue(std::vector<CallBundle>& bundles) {
    std::erase_if(bundles, [](const CallBundle& bundle) { return bundle.calls.empty(); });
    if (bundles.empty()) {
        return;
    }
    std::exception_ptr refusal;
    {
        const std::lock_guard lock{mutex_};
        if (broken_) {
            refusal = std::make_exception_ptr(BrokenProcessPool{*broken_});
        } else if (shutting_down_) {
            refusal = std::make_exception_ptr(ExecutorShutdown{});
        } else {
            start_manager();
            for (auto& bundle : bundles) {
                queue_.push_back(std::move(bundle));
            }
        }
    }
    if (refusal) {
        for (const auto& bundle : bundles) {
            for (const auto& call : bundle.calls) {
                call->state().mark_looked_at();  // submit throws it
                call->fail(refusal);
            }
        }
        std::rethrow_exception(refusal);
    }
    wake_manager();
}

/// Under the lock.
void ProcessPool::start_manager() {
    if (manager_.joinable()) {
        return;
    }
    try {
        manager_ = std::thread{[self = shared_from_this()] { PoolManager{*self}.run(); }};
    } catch (const std::system_error& refused) {
        throw Error{std::string{"starting the thread of a process pool: "} + refused.what()};
    }
}

/// One write for all that is queued before the manager looks.
void ProcessPool::wake_manager() noexcept {
    if (!wake_sent_.exchange(true)) {
        const std::uint64_t one = 1;
        (void)!::write(wake_.get(), &one, sizeof one);
    }
}

ProcessPool::Orders ProcessPool::take_orders() {
    // In this order: whoever finds the flag still set has queued before we take the lock.
    std::uint64_t count = 0;
    (void)!::read(wake_.get(), &count, sizeof count);
    wake_sent_ = false;
    const std::lock_guard lock{mutex_};
    return {
        .ending = shutting_down_ || broken_,
        .queued = queue_.size(),
        .signal = std::exchange(signal_, std::nullopt)};
}

std::size_t ProcessPool::queued() const {
    const std::lock_guard lock{mutex_};
    return queue_.size();
}

std::optional<CallBundle> ProcessPool::next_bundle() {
    const std::lock_guard lock{mutex_};
    if (queue_.empty()) {
        return std::nullopt;
    }
    std::optional<CallBundle> first{std::move(queue_.front())};
    queue_.pop_front();
    return first;
}

std::deque<CallBundle> ProcessPool::break_with(const std::string& why) {
    const std::lock_guard lock{mutex_};
    if (!broken_) {
        broken_ = why;
    }
    return std::exchange(queue_, {});
}

void ProcessPool::begin_shutdown(bool cancel_futures, std::optional<int> signal) noexcept {
    std::deque<CallBundle> orphans;
    {
        const std::lock_guard lock{mutex_};
        shutting_down_ = true;
        if (signal) {
            signal_ = signal;
        }
        if (cancel_futures) {
            orphans.swap(queue_);
        }
    }
    wake_manager();
    for (const auto& bundle : orphans) {
        for (const auto& call : bundle.calls) {
            call->state().cancel();
        }
    }
}

void ProcessPool::shutdown(const ShutdownOptions& options) {
    refuse_in_worker();
    begin_shutdown(options.cancel_futures, std::nullopt);
    if (!options.wait) {
        return;
    }
    if (in_manager()) {
        throw std::system_error{
            std::make_error_code(std::errc::resource_deadlock_would_occur),
            "a done callback waits for the end of the pool that called it"};
    }
    join_manager();
}

void ProcessPool::end_workers(int signal) {
    refuse_in_worker();
    begin_shutdown(true, signal);
}

bool ProcessPool::in_manager() const noexcept {
    return PoolManager::current() == this;
}

/// Several threads may wait at once: those who come later wait for the one that joins.
void ProcessPool::join_manager() noexcept {
    std::unique_lock lock{mutex_};
    auto manager = std::exchange(manager_, {});
    ++joining_;
    lock.unlock();
    if (manager.joinable()) {
        manager.join();
    }
    lock.lock();
    if (--joining_ == 0) {
        joined_.notify_all();
    }
    joined_.wait(lock, [this] { return joining_ == 0; });
}

void ProcessPool::release() noexcept {
    begin_shutdown(false, std::nullopt);
    if (!in_manager()) {
        join_manager();
    } else if (const std::lock_guard lock{mutex_}; manager_.joinable()) {
        ExitGate::instance().adopt(std::move(manager_), shared_from_this());
    }
    ExitGate::instance().forget(shared_from_this());
}

void ProcessPool::end_of_program() noexcept {
    const bool abandon = options_.at_exit == exit_policy::abandon;
    begin_shutdown(abandon, abandon ? std::optional{SIGKILL} : std::nullopt);
    join_manager();
}

}  // namespace fanfetch::detail
