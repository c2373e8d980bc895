#include "executor/thread_pool.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace fanfetch {

namespace {

constexpr std::size_t kernel_name_length = 15;

thread_local std::string thread_name;

void name_this_thread(const std::string& name) {
    thread_name = name;
    (void)::pthread_setname_np(::pthread_self(), name.substr(0, kernel_name_length).c_str());
}

std::string unique_prefix() {
    static std::atomic<unsigned> pools{0};
    return "pool-" + std::to_string(pools++);
}

ThreadPoolOptions completed(ThreadPoolOptions options) {
    if (options.max_workers.value_or(1) < 1) {
        throw std::invalid_argument{
            "a thread pool needs a worker: max_workers is " + std::to_string(*options.max_workers)};
    }
    if (options.name_prefix.empty()) {
        options.name_prefix = unique_prefix();
    }
    return options;
}

}  // namespace

std::string this_thread_name() {
    if (!thread_name.empty()) {
        return thread_name;
    }
    char name[kernel_name_length + 1] = {};
    (void)::pthread_getname_np(::pthread_self(), name, sizeof name);
    return name;
}

int usable_cpus() {
    // The kernel refuses masks shorter than its own, whose length it does not tell.
    for (int cpus = 1024; cpus <= (1 << 20); cpus *= 2) {
        const std::unique_ptr<cpu_set_t, decltype([](cpu_set_t* set) { CPU_FREE(set); })> set{
            CPU_ALLOC(static_cast<std::size_t>(cpus))};
        const auto size = CPU_ALLOC_SIZE(static_cast<std::size_t>(cpus));
        if (set && ::sched_getaffinity(0, size, set.get()) == 0) {
            return CPU_COUNT_S(size, set.get());
        }
        if (errno != EINVAL) {
            break;
        }
    }
    return 1;
}

namespace detail {

/// What a worker's thread knows about itself.
class ThreadPool::Worker final : private BlockingWatch {
public:
    explicit Worker(ThreadPool& pool) : pool_{pool}, before_{std::exchange(current_, this)} {
        install(this);
    }
    ~Worker() override {
        install(nullptr);
        current_ = before_;
    }

    [[nodiscard]] static bool of(const ThreadPool& pool) noexcept {
        return current_ != nullptr && &current_->pool_ == &pool;
    }

private:
    void begins(const FutureState* state, bool limited) override {
        if (limited || state == nullptr || state->owner() != &pool_) {
            return;
        }
        const std::lock_guard lock{pool_.mutex_};
        pool_.waited_for_.push_back(state);
        if (pool_.all_stuck()) {
            pool_.waited_for_.pop_back();
            throw std::system_error{
                std::make_error_code(std::errc::resource_deadlock_would_occur),
                "every worker of the pool waits for a call that no worker is left to make"};
        }
        waiting_for_ = state;
    }

    void ends() noexcept override {
        if (waiting_for_ == nullptr) {
            return;
        }
        const std::lock_guard lock{pool_.mutex_};
        auto& waited_for = pool_.waited_for_;
        waited_for.erase(std::ranges::find(waited_for, std::exchange(waiting_for_, nullptr)));
    }

    static thread_local Worker* current_;

    ThreadPool& pool_;
    Worker* before_;
    const FutureState* waiting_for_ = nullptr;
};

thread_local ThreadPool::Worker* ThreadPool::Worker::current_ = nullptr;

ThreadPool::ThreadPool(ThreadPoolOptions options)
    : options_{completed(std::move(options))},
      // CPython's default: enough for blocking calls on a small machine, bounded on a large one.
      max_workers_{options_.max_workers.value_or(std::min(32, usable_cpus() + 4))} {}

int ThreadPool::workers() const {
    const std::lock_guard lock{mutex_};
    return live_;
}

int ThreadPool::idle_workers() const {
    const std::lock_guard lock{mutex_};
    return idle_;
}

void ThreadPool::enqueue(CallPtr call) {
    call->executor = this;
    bool wake = false;
    {
        const std::lock_guard lock{mutex_};
        if (broken_) {
            throw BrokenThreadPool{"the initializer of a worker failed"};
        }
        if (shutting_down_) {
            throw ExecutorShutdown{};
        }
        if (idle_ > 0) {
            --idle_;
            ++wakes_;
            wake = true;
        } else if (live_ < max_workers_) {
            start_worker();
        }
        queue_.push(std::move(call));
    }
    if (wake) {
        work_.notify_one();
    }
}

/// Under the lock. The new thread asks for the lock first, and so finds what is queued now.
void ThreadPool::start_worker() {
    const auto name = options_.name_prefix + '_' + std::to_string(started_);
    auto body = [self = shared_from_this(), name] { self->worker_main(name); };
    try {
        threads_.reserve(threads_.size() + 1);
        threads_.push_back(
            options_.start_thread != nullptr ? options_.start_thread(std::move(body))
                                             : std::thread{std::move(body)}
        );
    } catch (const std::system_error& refused) {
        if (live_ == 0) {
            throw Error{std::string{"starting the first worker of a pool: "} + refused.what()};
        }
        return;
    }
    ++started_;
    ++live_;
}

void ThreadPool::worker_main(const std::string& name) {
    name_this_thread(name);
    {
        const Worker worker{*this};
        if (initialise()) {
            make_calls();
        }
    }
    const std::lock_guard lock{mutex_};
    --live_;
}

bool ThreadPool::initialise() noexcept {
    if (!options_.initializer) {
        return true;
    }
    try {
        options_.initializer();
        return true;
    } catch (...) {
        report_error("running the initializer of a pool's worker", std::current_exception());
    }
    break_pool();
    return false;
}

void ThreadPool::make_calls() {
    while (const auto call = next_call()) {
        call->run();
    }
}

/// Waits for a call; null when there will be none.
CallPtr ThreadPool::next_call() {
    std::unique_lock lock{mutex_};
    while (queue_.empty()) {
        if (ending()) {
            return nullptr;
        }
        ++idle_;
        work_.wait(lock, [this] { return wakes_ > 0 || ending(); });
        --(wakes_ > 0 ? wakes_ : idle_);
    }
    return queue_.pop();
}

void ThreadPool::break_pool() noexcept {
    auto orphans = [this] {
        const std::lock_guard lock{mutex_};
        broken_ = true;
        return std::move(queue_);
    }();
    work_.notify_all();
    while (!orphans.empty()) {
        // An exception object for each: they are rethrown in different threads.
        orphans.pop()->fail(std::make_exception_ptr(BrokenThreadPool{
            "the initializer of a worker failed; the call was not made"}));
    }
}

void ThreadPool::begin_shutdown(bool cancel_futures) noexcept {
    auto orphans = [this, cancel_futures] {
        const std::lock_guard lock{mutex_};
        shutting_down_ = true;
        return cancel_futures ? std::move(queue_) : CallQueue{};
    }();
    work_.notify_all();
    while (!orphans.empty()) {
        orphans.pop()->state().cancel();
    }
}

void ThreadPool::shutdown(const ShutdownOptions& options) {
    begin_shutdown(options.cancel_futures);
    if (!options.wait) {
        return;
    }
    if (Worker::of(*this)) {
        throw std::system_error{
            std::make_error_code(std::errc::resource_deadlock_would_occur),
            "a worker waits for the end of its own pool"};
    }
    join_workers();
}

/// Several threads may wait at once: those who come later wait for the one that joins.
void ThreadPool::join_workers() noexcept {
    std::unique_lock lock{mutex_};
    auto threads = std::exchange(threads_, {});
    ++joining_;
    lock.unlock();
    for (auto& thread : threads) {
        thread.join();
    }
    lock.lock();
    if (--joining_ == 0) {
        joined_.notify_all();
    }
    joined_.wait(lock, [this] { return joining_ == 0; });
}

void ThreadPool::release() noexcept {
    begin_shutdown(false);
    if (Worker::of(*this)) {
        const std::lock_guard lock{mutex_};
        const auto self = std::ranges::find(
            threads_, std::this_thread::get_id(), [](const auto& thread) { return thread.get_id(); }
        );
        if (self != threads_.end()) {
            ExitGate::instance().adopt(std::move(*self), shared_from_this());
            threads_.erase(self);
        }
    }
    join_workers();
    ExitGate::instance().forget(shared_from_this());
}

void ThreadPool::end_of_program() noexcept {
    const bool abandon = options_.at_exit == exit_policy::abandon;
    begin_shutdown(abandon);
    if (!abandon) {
        join_workers();
        return;
    }
    // What still runs ends with the process, a moment from now: that is what was asked for.
    const std::lock_guard lock{mutex_};
    for (auto& thread : threads_) {
        thread.detach();
    }
    threads_.clear();
}

/// Under the lock. Every live worker sleeps for a call of this pool, and none of these is done.
bool ThreadPool::all_stuck() const noexcept {
    return waited_for_.size() == static_cast<std::size_t>(live_) &&
           std::ranges::none_of(waited_for_, [](const auto* state) { return state->done(); });
}

}  // namespace detail
}  // namespace fanfetch
