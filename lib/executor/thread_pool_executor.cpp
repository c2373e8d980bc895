#include "executor/thread_pool_executor.hpp"

#include "executor/exit_gate.hpp"
#include "executor/thread_pool.hpp"

#include <utility>

namespace fanfetch {

ThreadPoolExecutor::ThreadPoolExecutor(ThreadPoolOptions options)
    : pool_{std::make_shared<detail::ThreadPool>(std::move(options))} {
    detail::ExitGate::instance().watch(pool_);
}

ThreadPoolExecutor::~ThreadPoolExecutor() {
    pool_->release();
}

void ThreadPoolExecutor::shutdown(ShutdownOptions options) {
    pool_->shutdown(options);
}

int ThreadPoolExecutor::max_workers() const noexcept {
    return pool_->max_workers();
}

int ThreadPoolExecutor::workers() const {
    return pool_->workers();
}

int ThreadPoolExecutor::idle_workers() const {
    return pool_->idle_workers();
}

void ThreadPoolExecutor::enqueue(detail::CallPtr call) {
    pool_->enqueue(std::move(call));
}

}  // namespace fanfetch
