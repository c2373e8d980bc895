#include "process/parallel_for.hpp"

#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>

namespace fanfetch::detail {
namespace {

/// One parallel_for in threads: shares of its indices, taken by whoever is free.
class Run {
public:
    Run(std::size_t count, const ParallelForOptions& options,
        const std::function<void(std::size_t)>& each)
        : count_{count},
          options_{options},
          each_{each},
          stripes_{workers_for(parallel_policy::per_cpu, count)} {}

    [[nodiscard]] std::size_t shares() const noexcept {
        switch (options_.policy) {
            case parallel_policy::per_cpu:
                return stripes_;
            case parallel_policy::per_item:
                return count_;
            default:
                return (count_ - 1) / options_.grain + 1;
        }
    }

    /// Works until there is no share left.
    void take_part() noexcept {
        for (auto share = next_++; share < shares(); share = next_++) {
            work_on(share);
        }
    }

    void throw_failure() const {
        if (failure_) {
            std::rethrow_exception(failure_);
        }
    }

private:
    void work_on(std::size_t share) noexcept {
        if (options_.policy == parallel_policy::per_cpu) {
            walk(share, count_, stripes_);
        } else if (options_.policy == parallel_policy::per_item) {
            walk(share, share + 1, 1);
        } else {
            const auto first = share * options_.grain;
            walk(first, first + std::min(options_.grain, count_ - first), 1);
        }
    }

    void walk(std::size_t first, std::size_t end, std::size_t step) noexcept {
        for (auto index = first; index < end && !failed_; index += step) {
            try {
                each_(index);
            } catch (...) {
                note(std::current_exception());
            }
        }
    }

    void note(const std::exception_ptr& error) noexcept {
        {
            const std::lock_guard lock{mutex_};
            failed_ = true;
            if (!failure_) {
                failure_ = error;
                return;
            }
        }
        report_error("another failure in a parallel_for", error);
    }

    const std::size_t count_;
    const ParallelForOptions options_;
    const std::function<void(std::size_t)>& each_;
    const std::size_t stripes_;
    std::atomic<std::size_t> next_ = 0;
    std::atomic<bool> failed_ = false;
    std::mutex mutex_;
    std::exception_ptr failure_;
};

}  // namespace

std::size_t workers_for(parallel_policy policy, std::size_t count) {
    if (policy == parallel_policy::per_item) {
        return count;
    }
    return std::min(count, static_cast<std::size_t>(usable_cpus()));
}

void for_each_index(
    std::size_t count, const ParallelForOptions& options,
    const std::function<void(std::size_t)>& each
) {
    if (options.grain == 0) {
        throw std::invalid_argument{"a parallel_for: grain is 0"};
    }
    if (count == 0) {
        return;
    }
    Run run{count, options, each};
    {
        const auto helpers = std::min(workers_for(options.policy, count), run.shares()) - 1;
        std::vector<std::jthread> threads;
        threads.reserve(helpers);
        try {
            while (threads.size() < helpers) {
                threads.emplace_back([&run] { run.take_part(); });
            }
        } catch (const std::system_error&) {
            // The system gives no more: those there are take all shares.
        }
        run.take_part();
    }
    run.throw_failure();
}

}  // namespace fanfetch::detail
