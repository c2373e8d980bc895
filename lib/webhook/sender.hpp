#pragma once

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/random.hpp"
#include "base/settled_time.hpp"
#include "base/time.hpp"
#include "coro/loop.hpp"
#include "coro/task_group.hpp"
#include "executor/executor.hpp"
#include "fetch/fetcher.hpp"
#include "store/webhook_store.hpp"
#include "webhook/exchange.hpp"
#include "webhook/load.hpp"
#include "webhook/schedule.hpp"

#include <boost/asio/basic_waitable_timer.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace fanfetch {

/// What became of attempts; in the order of the metric's label.
enum class delivery_result : std::uint8_t { delivered, failed, gone };

struct WebhookMetrics {
    Counter attempts;

    [[nodiscard]] static WebhookMetrics make(MetricRegistry& registry);
};

/// Sends what is in the store's outbox, each delivery until it succeeds or its schedule is over.
///
/// It keeps nothing but what is under way: what is due is read from the store, oldest first and no
/// more than limits let through. First attempts of one job's callbacks begin in the order of their
/// registration. An attempt counts when it is written down; one that a crash or a shutdown cuts off
/// is made again under the same id.
///
/// Threads  the loop, but for `wake`
class WebhookSender {
public:
    struct Options {
        DeliverySchedule schedule;
        std::chrono::milliseconds timeout{20'000};  ///< of one attempt, everything included
        WebhookLimits limits;
        OutboxFill fill;
        std::chrono::milliseconds keep_log{std::chrono::days{7}};  ///< of what is over
    };
    struct Parts {
        explicit Parts(LoopExecutor executor) : loop{executor} {}

        LoopExecutor loop;
        WebhookStore* store = nullptr;
        Executor* blocking = nullptr;
        Fetcher* fetcher = nullptr;
        const Clock* clock = nullptr;
        Random* random = nullptr;
        Logger* log = nullptr;
        const WebhookMetrics* metrics = nullptr;
        Options options;
    };

    explicit WebhookSender(Parts parts);

    /// Sends until `stop`, and then ends what is under way; cancelled, it ends at once.
    awaitable<void> run();
    void stop();

    /// There may be something to do. Any thread.
    void wake();

    [[nodiscard]] std::size_t in_flight() const noexcept { return load_.size(); }

private:
    using LoopTimer =
        boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>;
    class Slot;

    awaitable<void> look(TaskGroup& group);
    awaitable<void> start_due(TaskGroup& group);
    awaitable<DueFound> find_due();
    awaitable<void> prune_log();
    awaitable<void> attempt(DueDelivery delivery);
    awaitable<void> attempt_and_settle(const DueDelivery& delivery);
    awaitable<void> send(const DueDelivery& delivery, FetchOutcome& outcome);
    [[nodiscard]] DeliverySettlement settlement(
        const DueDelivery& delivery, const FetchOutcome& outcome, webhook_verdict verdict
    );
    void note(const DueDelivery& delivery, const DeliverySettlement& settled);

    Parts parts_;
    WebhookLoad load_;
    LoopTimer pause_;
    std::string from_;         // where the next look begins
    std::size_t settled_ = 0;  // since the log was pruned
    Steady::time_point next_prune_{};
    SettledClock settled_time_;  // what the log grows old by
    bool stopping_ = false;
    bool woken_ = true;  // what an earlier process left may be due
    std::atomic<bool> wake_posted_{false};
};

}  // namespace fanfetch
