#include "base/uuid.hpp"
#include "future/promise.hpp"
#include "model/webhook_payload.hpp"
#include "store/memory/memory_job_store.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

// The webhooks of MemoryJobStore.

namespace fanfetch {
namespace {

template <class Answer>
Future<Expected<Answer>> ready(Expected<Answer> answer) {
    return make_ready<Expected<Answer>>(std::move(answer));
}

}  // namespace

void MemoryJobStore::keep_callback(CallbackRecord callback) {
    callbacks_[++last_key_].record = std::move(callback);
}

void MemoryJobStore::enqueue(
    std::uint64_t callback, webhook_event event, WallTime at, std::string payload
) {
    const auto& to = callbacks_.at(callback).record;
    Delivery delivery;
    delivery.record.id = make_id("msg");
    delivery.record.job_id = to.job_id;
    delivery.record.callback_id = to.id;
    delivery.record.tenant = to.tenant;
    delivery.record.event = event;
    delivery.record.created_at = at;
    delivery.callback = callback;
    delivery.due_at = at;
    delivery.payload = std::move(payload);
    deliveries_.emplace(++last_key_, std::move(delivery));
    tell_sender();
}

void MemoryJobStore::tell_of_end(const Job& job, std::optional<std::uint64_t> only) {
    const auto& record = job.record;
    const auto event = event_of(record.state);
    JobEnding ending;
    ending.job_id = record.id;
    ending.state = record.state;
    ending.reason = record.reason;
    ending.run = record.run;
    ending.total = job.items.size();
    ending.tally = record.tally;
    ending.finished_at = record.finished_at.value_or(WallTime{});
    for (const auto& [key, callback] : callbacks_) {
        if (event && callback.record.job_id == record.id && (!only || *only == key) &&
            callback.record.state == callback_state::active &&
            callback.record.order.events.has(*event)) {
            enqueue(key, *event, ending.finished_at, job_payload(*event, ending));
        }
    }
}

void MemoryJobStore::tell_sender() {
    if (told_) {
        told_();
    }
}

std::size_t MemoryJobStore::pending_of(std::uint64_t callback) const {
    return static_cast<std::size_t>(std::ranges::count_if(deliveries_, [&](const auto& entry) {
        return entry.second.callback == callback &&
               entry.second.record.state == delivery_state::pending;
    }));
}

void MemoryJobStore::drop_pending(std::uint64_t callback) {
    for (auto& [key, delivery] : deliveries_) {
        if (delivery.callback == callback && delivery.record.state == delivery_state::pending) {
            delivery.record.state = delivery_state::dropped;
        }
    }
}

void MemoryJobStore::orphan_callbacks(const std::string& job_id) {
    for (auto& [key, callback] : callbacks_) {
        callback.orphaned = callback.orphaned || callback.record.job_id == job_id;
    }
}

Future<Expected<void>> MemoryJobStore::add_callback(
    CallbackRecord callback, std::optional<RequestKey> key
) {
    const std::lock_guard lock{mutex_};
    Job* job = find(callback.job_id);
    if (job == nullptr || job->record.tenant != callback.tenant) {
        return ready<void>(failed(
            failure_code::job_not_found, "finding job " + callback.job_id + ": there is none"
        ));
    }
    const auto there = std::ranges::count_if(callbacks_, [&](const auto& entry) {
        return entry.second.record.job_id == callback.job_id;
    });
    if (static_cast<std::size_t>(there) >= most_callbacks) {
        return ready<void>(failed(
            failure_code::callback_limit,
            "adding a callback: the job has " + std::to_string(most_callbacks) + " already"
        ));
    }
    keep_callback(std::move(callback));
    if (is_done(job->record.state)) {
        tell_of_end(*job, last_key_);
    }
    if (key) {
        keep_key(*std::move(key));
    }
    tell_sender();
    return ready<void>({});
}

Future<Expected<void>> MemoryJobStore::remove_callback(
    std::string job_id, std::string callback_id
) {
    const std::lock_guard lock{mutex_};
    const auto found = std::ranges::find_if(callbacks_, [&](const auto& entry) {
        const auto& [key, callback] = entry;
        return callback.record.id == callback_id && callback.record.job_id == job_id &&
               !callback.orphaned;
    });
    if (found == callbacks_.end()) {
        return ready<void>(
            failed(failure_code::callback_not_found, "finding the callback: there is none")
        );
    }
    drop_pending(found->first);
    callbacks_.erase(found);
    return ready<void>({});
}

std::vector<CallbackRecord> MemoryJobStore::callbacks(const std::string& job_id) {
    const std::lock_guard lock{mutex_};
    std::vector<CallbackRecord> list;
    for (const auto& [key, callback] : callbacks_) {
        if (callback.record.job_id == job_id && !callback.orphaned) {
            list.push_back(callback.record);
        }
    }
    return list;
}

Future<Expected<bool>> MemoryJobStore::fill_outbox(OutboxFill fill) {
    const std::lock_guard lock{mutex_};
    auto left = fill.most_results;
    bool more = false;
    for (auto& [key, callback] : callbacks_) {
        const auto& events = callback.record.order.events;
        Job* job = find(callback.record.job_id);
        if (job == nullptr || !events.any_item() ||
            callback.record.state != callback_state::active) {
            continue;
        }
        const auto waiting = pending_of(key);
        auto room = fill.most_pending - std::min(waiting, fill.most_pending);
        while (callback.cursor < job->results.size() && room > 0 && left > 0) {
            const auto& result = job->results[callback.cursor++];
            --left;
            const auto event = event_of(result.state);
            if (event && events.has(*event)) {
                enqueue(
                    key, *event, result.finished_at,
                    item_payload(*event, job->record.id, job->items[result.index], result)
                );
                --room;
            }
        }
        more = more || (left == 0 && callback.cursor < job->results.size());
    }
    return ready<bool>(more);
}

DueFound MemoryJobStore::due_deliveries(const DueQuery& query) {
    const std::lock_guard lock{mutex_};
    DueFound found;
    std::vector<std::tuple<WallTime, std::uint64_t>> order;
    for (const auto& [key, delivery] : deliveries_) {
        if (delivery.record.state != delivery_state::pending) {
            continue;
        }
        if (delivery.due_at > query.now) {
            found.next_due = std::min(found.next_due.value_or(delivery.due_at), delivery.due_at);
        } else if (!query.passes_over || !query.passes_over(delivery.record.tenant)) {
            order.emplace_back(delivery.due_at, key);
        }
    }
    for (const auto& [key, callback] : callbacks_) {
        const Job* job = find(callback.record.job_id);
        found.behind = found.behind || (job != nullptr && callback.cursor < job->results.size() &&
                                        callback.record.order.events.any_item());
    }
    std::ranges::sort(order);
    for (const auto& [due_at, key] : order) {
        const auto& delivery = deliveries_.at(key);
        const auto& callback = callbacks_.at(delivery.callback).record;
        auto endpoint = endpoint_of(callback.order.url);
        if (found.due.size() >= query.limit) {
            found.more = true;
            break;
        }
        auto record = delivery.record;
        record.next_attempt_at = due_at;
        if (!query.takes || query.takes(record, endpoint)) {
            found.due.push_back(
                {std::move(record), std::move(endpoint), delivery.payload, callback.order}
            );
        }
    }
    return found;
}

Future<Expected<void>> MemoryJobStore::settle_deliveries(std::vector<DeliverySettlement> settled) {
    const std::lock_guard lock{mutex_};
    for (const auto& one : settled) {
        const auto found = std::ranges::find_if(deliveries_, [&](const auto& entry) {
            return entry.second.record.id == one.id;
        });
        if (found == deliveries_.end() || found->second.record.state != delivery_state::pending) {
            continue;
        }
        auto& delivery = found->second;
        delivery.record.state = one.state;
        ++delivery.record.attempts;
        delivery.record.last = one.attempt;
        delivery.due_at = one.next_attempt_at.value_or(delivery.due_at);
        if (one.disable_callback) {
            callbacks_.at(delivery.callback).record.state = callback_state::disabled;
            drop_pending(delivery.callback);
        }
        tell_sender();
    }
    return ready<void>({});
}

std::vector<DeliveryRecord> MemoryJobStore::deliveries(const DeliveryQuery& query) {
    const std::lock_guard lock{mutex_};
    std::vector<DeliveryRecord> list;
    for (const auto& [key, delivery] : deliveries_) {
        const auto& record = delivery.record;
        if (record.tenant == query.tenant &&
            (query.job_id.empty() || record.job_id == query.job_id) &&
            (query.callback_id.empty() || record.callback_id == query.callback_id) &&
            (!query.state || record.state == *query.state) &&
            (!query.event || record.event == *query.event) &&
            (query.before_id.empty() || record.id < query.before_id)) {
            auto& shown = list.emplace_back(record);
            if (record.state == delivery_state::pending) {
                shown.next_attempt_at = delivery.due_at;
            }
        }
    }
    std::ranges::sort(list, std::ranges::greater{}, &DeliveryRecord::id);
    list.resize(std::min(list.size(), query.limit));
    return list;
}

Future<Expected<DeliveryRecord>> MemoryJobStore::replay_delivery(
    std::string tenant, std::string id, WallTime now
) {
    const std::lock_guard lock{mutex_};
    const auto found = std::ranges::find_if(deliveries_, [&](const auto& entry) {
        return entry.second.record.id == id && entry.second.record.tenant == tenant;
    });
    if (found == deliveries_.end()) {
        return ready<DeliveryRecord>(
            failed(failure_code::delivery_not_found, "finding the delivery: there is none")
        );
    }
    auto& delivery = found->second;
    const auto callback = callbacks_.find(delivery.callback);
    if (callback == callbacks_.end()) {
        return ready<DeliveryRecord>(failed(
            failure_code::callback_not_found, "replaying the delivery: its callback was removed"
        ));
    }
    callback->second.record.state = callback_state::active;
    delivery.record.state = delivery_state::pending;
    delivery.record.attempts = 0;
    delivery.due_at = now;
    tell_sender();
    auto record = delivery.record;
    record.next_attempt_at = now;
    return ready<DeliveryRecord>(std::move(record));
}

Future<Expected<bool>> MemoryJobStore::prune_deliveries(DeliveryRetention retention) {
    const std::lock_guard lock{mutex_};
    std::map<std::string, std::vector<std::pair<WallTime, std::uint64_t>>> finished;
    for (const auto& [key, delivery] : deliveries_) {
        if (delivery.record.state != delivery_state::pending) {
            finished[delivery.record.tenant].emplace_back(delivery.record.created_at, key);
        }
    }
    for (auto& [tenant, log] : finished) {
        std::ranges::sort(log, std::ranges::greater{});
        for (std::size_t i = 0; i < log.size(); ++i) {
            if (i >= retention.most_finished || log[i].first < retention.before) {
                deliveries_.erase(log[i].second);
            }
        }
    }
    std::set<std::uint64_t> referred;
    for (const auto& [key, delivery] : deliveries_) {
        referred.insert(delivery.callback);
    }
    std::erase_if(callbacks_, [&referred](const auto& entry) {
        return entry.second.orphaned && !referred.contains(entry.first);
    });
    return ready<bool>(false);
}

void MemoryJobStore::watch_outbox(std::function<void()> told) {
    const std::lock_guard lock{mutex_};
    told_ = std::move(told);
}

}  // namespace fanfetch
