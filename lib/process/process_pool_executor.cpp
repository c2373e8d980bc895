#include "process/process_pool_executor.hpp"

#include "process/process_pool.hpp"

#include <csignal>
#include <utility>

namespace fanfetch {

ProcessPoolExecutor::ProcessPoolExecutor(ProcessPoolOptions options)
    : pool_{std::make_shared<detail::ProcessPool>(std::move(options))} {
    detail::ExitGate::instance().watch(pool_);
}

ProcessPoolExecutor::~ProcessPoolExecutor() {
    pool_->release();
}

void ProcessPoolExecutor::shutdown(ShutdownOptions options) {
    pool_->shutdown(options);
}

void ProcessPoolExecutor::terminate_workers() {
    pool_->end_workers(SIGTERM);
}

void ProcessPoolExecutor::kill_workers() {
    pool_->end_workers(SIGKILL);
}

int ProcessPoolExecutor::max_workers() const noexcept {
    return pool_->max_workers();
}

int ProcessPoolExecutor::workers() const {
    return pool_->workers();
}

std::optional<std::string> ProcessPoolExecutor::broken() const {
    return pool_->broken();
}

void ProcessPoolExecutor::enqueue(detail::CallPtr call) {
    pool_->enqueue(std::move(call));
}

detail::ChunkSink* ProcessPoolExecutor::chunk_sink() noexcept {
    return pool_.get();
}

}  // namespace fanfetch
