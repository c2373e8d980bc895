#include "batch/drivers.hpp"

#include "coro/event_loop.hpp"
#include "coro/task_group.hpp"
#include "executor/thread_pool_executor.hpp"
#include "future/as_completed.hpp"

#include <ranges>
#include <stdexcept>
#include <unordered_map>
#include <utility>

namespace fanfetch {
namespace {

/// One batch under way: who may begin, and what has come out.
///
/// Threads  `begin` and `work` any thread, the rest the caller's of run_batch
class Batch {
public:
    Batch(std::size_t items, const BatchWork& work, const BatchOptions& options)
        : items_{items}, work_{work}, options_{options} {
        report_.ends.assign(items, item_end::cancelled);
        report_.order.reserve(items);
    }

    [[nodiscard]] std::size_t items() const noexcept { return items_; }
    [[nodiscard]] std::size_t concurrency() const noexcept {
        return effective_concurrency(options_.concurrency, items_);
    }

    /// One item, blocking.
    [[nodiscard]] item_end work(std::size_t item) const noexcept {
        if (options_.stop.stop_requested()) {
            return item_end::cancelled;
        }
        try {
            return counted(work_.blocking(item));
        } catch (...) {
            return counted(item_end::error);
        }
    }

    /// One item, suspending.
    [[nodiscard]] awaitable<item_end> work_suspending(std::size_t item) const {
        if (options_.stop.stop_requested()) {
            co_return item_end::cancelled;
        }
        auto end = item_end::error;
        try {
            end = co_await work_.suspending(item);
        } catch (...) {
            end = item_end::error;
        }
        co_return counted(end);
    }

    void ended(std::size_t item, item_end end) {
        report_.ends[item] = end;
        report_.order.push_back(item);
        report_.counts.add(end);
    }

    [[nodiscard]] BatchReport report() && {
        using std::chrono::milliseconds;
        report_.elapsed = std::chrono::duration_cast<milliseconds>(Steady::now() - started_);
        return std::move(report_);
    }

private:
    [[nodiscard]] item_end counted(item_end end) const noexcept {
        if (options_.progress != nullptr) {
            options_.progress->item_done();
        }
        return end;
    }

    std::size_t items_;
    const BatchWork& work_;
    const BatchOptions& options_;
    Steady::time_point started_ = Steady::now();
    BatchReport report_;
};

void run_sequential(Batch& batch) {
    for (std::size_t item = 0; item < batch.items(); ++item) {
        batch.ended(item, batch.work(item));
    }
}

void run_pool_map(Batch& batch) {
    ThreadPoolExecutor pool{{.max_workers = static_cast<int>(batch.concurrency())}};
    const auto work = [&batch](std::size_t item) { return batch.work(item); };
    std::size_t item = 0;
    for (const auto end : pool.map(work, std::views::iota(std::size_t{0}, batch.items()))) {
        batch.ended(item++, end);
    }
}

void run_pool_as_completed(Batch& batch) {
    ThreadPoolExecutor pool{{.max_workers = static_cast<int>(batch.concurrency())}};
    std::unordered_map<Future<item_end>, std::size_t> item_of;
    for (std::size_t item = 0; item < batch.items(); ++item) {
        item_of.emplace(pool.submit([&batch, item] { return batch.work(item); }), item);
    }
    for (const auto& future : as_completed(std::views::keys(item_of))) {
        batch.ended(item_of.at(future), future.result());
    }
}

/// Takes the next item as soon as the last one ended, until there is none.
awaitable<> run_lane(Batch& batch, std::size_t& next) {
    while (next < batch.items()) {
        const auto item = next++;
        const auto end = co_await batch.work_suspending(item);
        batch.ended(item, end);
    }
}

void run_coroutines(Batch& batch) {
    std::size_t next = 0;
    auto lanes = [&](TaskGroup& group) -> awaitable<> {
        for (std::size_t lane = 0; lane < batch.concurrency(); ++lane) {
            group.spawn(run_lane(batch, next));
        }
        co_return;
    };
    EventLoop loop{"batch"};
    loop.run(with_task_group(lanes));
}

}  // namespace

std::string_view to_string(batch_style style) noexcept {
    switch (style) {
        case batch_style::sequential:
            return "sequential";
        case batch_style::pool_map:
            return "pool + map";
        case batch_style::pool_as_completed:
            return "pool + as_completed";
        case batch_style::coroutines:
            return "coroutines";
    }
    return "";
}

BatchReport run_batch(
    batch_style style, std::size_t items, const BatchWork& work, const BatchOptions& options
) {
    if (options.concurrency == 0) {
        throw std::invalid_argument{"running a batch: concurrency is below 1"};
    }
    if (options.progress != nullptr) {
        options.progress->set_total(items);
    }
    Batch batch{items, work, options};
    switch (style) {
        case batch_style::sequential:
            run_sequential(batch);
            break;
        case batch_style::pool_map:
            run_pool_map(batch);
            break;
        case batch_style::pool_as_completed:
            run_pool_as_completed(batch);
            break;
        case batch_style::coroutines:
            run_coroutines(batch);
            break;
    }
    return std::move(batch).report();
}

}  // namespace fanfetch
