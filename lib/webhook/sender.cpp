#include "webhook/sender.hpp"

#include "coro/await_future.hpp"
#include "coro/run_in_executor.hpp"
#include "future/errors.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace fanfetch {

namespace asio = boost::asio;

namespace {

/// A wall clock that is set is noticed within this time.
constexpr std::chrono::seconds longest_pause{30};

/// How soon the store is asked again when it could not be read.
constexpr std::chrono::seconds pause_after_fault{1};

constexpr std::size_t settled_between_prunes = 1024;
constexpr std::chrono::hours longest_between_prunes{1};

}  // namespace

WebhookMetrics WebhookMetrics::make(MetricRegistry& registry) {
    return {registry.counter(
        {"fanfetch_webhook_attempts_total",
         "Attempts at webhook deliveries.",
         {{"result", {"delivered", "failed", "gone"}}}}
    )};
}

/// A delivery's share of the limits, given back whatever happens.
class WebhookSender::Slot {
public:
    Slot(WebhookSender& sender, const DueDelivery& delivery)
        : sender_{sender}, record_{delivery.record}, endpoint_{delivery.endpoint} {}
    ~Slot() {
        sender_.load_.end(record_.id, record_.tenant, endpoint_);
        sender_.woken_ = true;
        sender_.pause_.cancel();
    }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

private:
    WebhookSender& sender_;
    const DeliveryRecord& record_;
    const std::string& endpoint_;
};

WebhookSender::WebhookSender(Parts parts)
    : parts_{std::move(parts)},
      load_{parts_.options.limits},
      pause_{parts_.loop},
      settled_time_{*parts_.clock} {}

void WebhookSender::wake() {
    if (!wake_posted_.exchange(true)) {
        asio::post(parts_.loop, [this] {
            wake_posted_ = false;
            woken_ = true;
            pause_.cancel();
        });
    }
}

void WebhookSender::stop() {
    stopping_ = true;
    pause_.cancel();
}

awaitable<void> WebhookSender::run() {
    auto body = [this](TaskGroup& group) -> awaitable<void> {
        while (!stopping_) {
            co_await look(group);
            if (!woken_ && !stopping_) {
                co_await pause_.async_wait(no_throw);
            }
        }
    };
    try {
        co_await with_task_group(body);
    } catch (const CancelledError&) {  // what was under way is in the outbox still
    }
    // A request to cancel must not throw in what co_spawn does behind us.
    co_await asio::this_coro::throw_if_cancelled(false);
}

/// One round; what goes wrong with the store is tried again a little later.
awaitable<void> WebhookSender::look(TaskGroup& group) {
    woken_ = false;
    pause_.expires_after(longest_pause);
    if (load_.full()) {
        co_return;  // the end of one wakes us
    }
    try {
        co_await start_due(group);
        co_await prune_log();
    } catch (const CancelledError&) {
        throw;
    } catch (const std::exception& error) {
        parts_.log->error("webhook_outbox_unreadable", {{"detail", error.what()}});
        pause_.expires_after(pause_after_fault);
        woken_ = false;
    }
}

/// Starts all that is due and has room, and sets the pause to when more will be.
awaitable<void> WebhookSender::start_due(TaskGroup& group) {
    auto found = co_await find_due();
    if (found.behind) {
        const auto more = co_await await_future(parts_.store->fill_outbox(parts_.options.fill));
        woken_ = woken_ || (more && *more);
    }
    bool started = false;
    for (auto& one : found.due) {
        if (load_.begin(one.record.id, one.record.tenant, one.endpoint)) {
            group.spawn(attempt(std::move(one)), "webhook");
            started = true;
        }
    }
    const bool looked_at_part = found.more && (started || !found.next_from.empty());
    woken_ = woken_ || (looked_at_part && !load_.full());
    from_ = std::move(found.next_from);
    if (found.next_due) {
        const auto left = *found.next_due - parts_.clock->wall();
        const auto pause = std::clamp<std::chrono::milliseconds>(
            left, std::chrono::milliseconds{1}, longest_pause
        );
        pause_.expires_after(pause);
    }
}

/// Now and then, and when much has been added.
awaitable<void> WebhookSender::prune_log() {
    const auto now = parts_.clock->now();
    if (settled_ < settled_between_prunes && now < next_prune_) {
        co_return;
    }
    DeliveryRetention retention;
    retention.before = settled_time_.wall() - parts_.options.keep_log;
    const auto more = co_await await_future(parts_.store->prune_deliveries(retention));
    if (more && *more) {
        woken_ = true;
        co_return;
    }
    settled_ = 0;
    next_prune_ = now + longest_between_prunes;
}

awaitable<DueFound> WebhookSender::find_due() {
    DueQuery query;
    query.now = parts_.clock->wall();
    query.limit = load_.room();
    query.per_endpoint = 2 * parts_.options.limits.per_endpoint;  // half may be under way
    query.from = from_;
    auto load = std::make_shared<WebhookLoad>(load_);
    query.passes_over = [load](std::string_view tenant) { return load->tenant_full(tenant); };
    query.takes = [load](const DeliveryRecord& record, std::string_view endpoint) {
        return load->begin(record.id, record.tenant, std::string{endpoint});
    };
    auto look = [store = parts_.store, query = std::move(query)] {
        return store->due_deliveries(query);
    };
    auto found = co_await run_in_executor(*parts_.blocking, std::move(look));
    co_return found;
}

awaitable<void> WebhookSender::attempt(DueDelivery delivery) {
    const Slot slot{*this, delivery};
    try {
        co_await attempt_and_settle(delivery);
    } catch (const CancelledError&) {
        throw;
    } catch (const std::exception& error) {  // one delivery's trouble is no other's
        parts_.log->error(
            "webhook_attempt", {{"delivery", delivery.record.id}, {"detail", error.what()}}
        );
    }
}

awaitable<void> WebhookSender::attempt_and_settle(const DueDelivery& delivery) {
    FetchOutcome outcome;
    co_await send(delivery, outcome);
    auto verdict = judge(outcome);
    if (verdict == webhook_verdict::stale_line) {
        outcome = FetchOutcome{};
        co_await send(delivery, outcome);
        verdict = judge(outcome);
    }
    if (verdict == webhook_verdict::stopped) {
        co_return;
    }
    std::vector<DeliverySettlement> settled;
    settled.push_back(settlement(delivery, outcome, verdict));
    note(delivery, settled.front());
    // A failure means that the store is closed: the delivery is in the outbox still.
    const auto known = co_await await_future(parts_.store->settle_deliveries(std::move(settled)));
    settled_ += known ? 1 : 0;
}

awaitable<void> WebhookSender::send(const DueDelivery& delivery, FetchOutcome& outcome) {
    const auto url = Url::parse(delivery.order.url);
    if (!url) {
        outcome.code = url.error().code;
        co_return;
    }
    const auto options = webhook_request(delivery, parts_.clock->wall(), parts_.options.timeout);
    FetchOrder order;
    order.url = &*url;
    order.options = &options;
    order.tenant = delivery.record.tenant;
    order.store_body = store_body::never;
    co_await parts_.fetcher->fetch(std::move(order), outcome);
}

DeliverySettlement WebhookSender::settlement(
    const DueDelivery& delivery, const FetchOutcome& outcome, webhook_verdict verdict
) {
    DeliverySettlement settled;
    settled.id = delivery.record.id;
    settled.attempt.at = parts_.clock->wall();
    settled.attempt.status = outcome.status;
    settled.attempt.size = std::min(outcome.wire_size, longest_webhook_answer);
    if (verdict == webhook_verdict::delivered) {
        return settled;
    }
    settled.attempt.code = outcome.code;
    settled.state = delivery_state::failed;
    if (verdict == webhook_verdict::gone) {
        settled.disable_callback = true;
        return settled;
    }
    const auto pause = pause_before_retry(
        delivery.record.attempts + 1, outcome.retry_after, parts_.options.schedule, *parts_.random
    );
    if (pause) {
        settled.state = delivery_state::pending;
        // The clock's millisecond began before: what a receiver asked for is waited out in full.
        settled.next_attempt_at = settled.attempt.at + std::chrono::milliseconds{1} + *pause;
    }
    return settled;
}

/// Neither the URL, which may hold a secret, nor anything of the answer is logged.
void WebhookSender::note(const DueDelivery& delivery, const DeliverySettlement& settled) {
    const auto& attempt = settled.attempt;
    auto result = delivery_result::delivered;
    if (settled.state != delivery_state::delivered) {
        result = settled.disable_callback ? delivery_result::gone : delivery_result::failed;
        parts_.log->info(
            "webhook_failed", {{"job", delivery.record.job_id},
                               {"delivery", delivery.record.id},
                               {"attempt", delivery.record.attempts + 1},
                               {"status", attempt.status},
                               {"code", dotted(attempt.code, attempt.status)},
                               {"state", to_string(settled.state)}}
        );
    }
    parts_.metrics->attempts.elsewhere(static_cast<std::size_t>(result)).add_shared();
}

}  // namespace fanfetch
