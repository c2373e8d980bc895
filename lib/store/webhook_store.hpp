#pragma once

#include "base/expected.hpp"
#include "base/time.hpp"
#include "future/future.hpp"
#include "model/callback.hpp"
#include "model/delivery.hpp"
#include "store/request_key.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fanfetch {

/// What an attempt means for its delivery.
struct DeliverySettlement {
    std::string id;
    DeliveryAttempt attempt;
    delivery_state state = delivery_state::delivered;
    std::optional<WallTime> next_attempt_at{};  ///< of one that stays pending
    bool disable_callback = false;              ///< 410: nothing more goes there
};

/// Which deliveries are to be sent next.
struct DueQuery {
    WallTime now{};
    std::size_t limit = 64;
    std::size_t per_endpoint = 8;  ///< looked at of each endpoint, however many are due
    std::string from{};  ///< where the last look ended, so that each endpoint has its turn
    /// Whole tenants that are passed over.
    std::function<bool(std::string_view tenant)> passes_over{};
    /// Asked for each in the order of due times (then of making): whether it is taken. Called while
    /// the store is read; short, and not of the store.
    std::function<bool(const DeliveryRecord& record, std::string_view endpoint)> takes{};
};

struct DueFound {
    std::vector<DueDelivery> due;        ///< in the order of due times, then of making
    std::string next_from;               ///< for the next look
    bool more = false;                   ///< endpoints are left to be looked at from there
    bool behind = false;                 ///< results are left for `fill_outbox`
    std::optional<WallTime> next_due{};  ///< the soonest of those that are not due yet
};

/// Which deliveries a list wants, newest first.
struct DeliveryQuery {
    std::string tenant{};
    std::string job_id{};       ///< empty: any
    std::string callback_id{};  ///< empty: any
    std::optional<delivery_state> state{};
    std::optional<webhook_event> event{};
    std::string before_id{};  ///< ids below this one; empty: from the newest
    std::size_t limit = 100;
};

/// How much of the log is kept.
struct DeliveryRetention {
    WallTime before{};                   ///< finished deliveries made before go
    std::size_t most_finished = 10'000;  ///< of one tenant; the oldest go first
};

/// What to catch up with of the items' events.
struct OutboxFill {
    std::size_t most_pending = 64;    ///< deliveries of one callback that wait at a time
    std::size_t most_results = 1024;  ///< looked at in one transaction
};

/// The webhooks of the jobs: who is to be told, what is still to be told, and what was.
///
/// The outbox is as durable as what it tells of. The end of a job and its deliveries are one
/// transaction. The events of items are not written a second time: a callback keeps the seq up to
/// which the results have been turned into deliveries, and `fill_outbox` goes on from there, a
/// bounded number at a time, so that neither a million items nor a dead receiver fill the disk.
///
/// Deliveries outlive their job: one that is erased, or whose time is over, is still told of. The
/// events of its items that were not in the outbox by then end with it.
///
/// Errors   as JobStore: a write that failed changed nothing; reads throw StoreError
/// Threads  any thread
class WebhookStore {
public:
    virtual ~WebhookStore() = default;

    /// Adds a callback to a job of its tenant. When the job is done already its delivery is due at
    /// once; items that have ended already are told of too. `key` is remembered in the same
    /// transaction.
    ///
    /// Errors  job_not_found (also another tenant's), callback_limit
    virtual Future<Expected<void>> add_callback(
        CallbackRecord callback, std::optional<RequestKey> key
    ) = 0;
    Future<Expected<void>> add_callback(CallbackRecord callback) {
        return add_callback(std::move(callback), std::nullopt);
    }

    /// What was not delivered is dropped. Errors: callback_not_found.
    virtual Future<Expected<void>> remove_callback(std::string job_id, std::string callback_id) = 0;

    /// In the order of registration.
    [[nodiscard]] virtual std::vector<CallbackRecord> callbacks(const std::string& job_id) = 0;

    /// Turns results that no delivery tells of yet into deliveries. The answer is whether there
    /// may be more to turn right now.
    virtual Future<Expected<bool>> fill_outbox(OutboxFill fill) = 0;

    [[nodiscard]] virtual DueFound due_deliveries(const DueQuery& query) = 0;

    /// Of a delivery that is not pending any more nothing is changed.
    virtual Future<Expected<void>> settle_deliveries(std::vector<DeliverySettlement> settled) = 0;

    [[nodiscard]] virtual std::vector<DeliveryRecord> deliveries(const DeliveryQuery& query) = 0;

    /// Makes a delivery due again, under its id and with all its attempts ahead of it. A callback
    /// that was disabled is active again: whoever replays has seen to the receiver.
    ///
    /// Errors  delivery_not_found, callback_not_found when that was removed
    virtual Future<Expected<DeliveryRecord>> replay_delivery(
        std::string tenant, std::string id, WallTime now
    ) = 0;

    /// Forgets finished deliveries, some at a time; the answer is whether there are more to forget.
    virtual Future<Expected<bool>> prune_deliveries(DeliveryRetention retention) = 0;

    /// `told` is called after every commit that may have given the sender something to do, on the
    /// writer's thread. Once, before the first write.
    virtual void watch_outbox(std::function<void()> told) = 0;
};

/// "https://hooks.example:443": what a limit for one receiver is for.
[[nodiscard]] std::string endpoint_of(std::string_view url);

}  // namespace fanfetch
