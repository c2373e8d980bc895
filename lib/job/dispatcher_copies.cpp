#include "job/dispatcher.hpp"

#include "coro/run_in_executor.hpp"
#include "fetch/reuse.hpp"
#include "future/errors.hpp"
#include "job/host_key.hpp"
#include "job/outcome_record.hpp"
#include "job/stored_copy.hpp"
#include "model/item_extras.hpp"
#include "store/result_copy.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

// The part of Dispatcher that gives items the stored response of an earlier job, when they ask for
// that and there is one. It comes before everything else: a copy is no request, so neither hosts
// nor permits have to do with it.

namespace fanfetch {

namespace asio = boost::asio;

namespace {

/// Enough to make a round trip to the pool cheap; what is looked up waits for nobody's body.
constexpr std::size_t looked_up_at_once = 256;
constexpr std::uint64_t read_at_once = 1U << 20U;
/// Then others have their turn on the loop, and quotas are weighed.
constexpr std::size_t ended_at_once = 16;

/// What a look-up came to: short bodies are read along with it, as far as they go.
struct CopiesFound {
    std::vector<std::optional<StoredCopy>> copies;
    std::vector<std::optional<CopyInHand>> hands;  // of those that have been read
};

/// A store that cannot be read has no copies.
CopiesFound find_and_read(
    JobStore& store, const std::string& tenant, const std::vector<CopyQuery>& wanted, WallTime now,
    CopyOrder order
) {
    CopiesFound found;
    try {
        found.copies = store.find_copies(tenant, wanted, now);
    } catch (const std::exception&) {
        report_error("looking for stored copies", std::current_exception());
        found.copies.resize(wanted.size());
    }
    found.hands.resize(found.copies.size());
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < found.copies.size() && bytes < read_at_once; ++i) {
        auto& copy = found.copies[i];
        if (!copy || copy->result.size > MemoryBudget::free_of_charge) {
            continue;
        }
        bytes += copy->result.size;
        order.copy = *copy;
        if (auto read = read_copy(store, order)) {
            found.hands[i] = std::move(*read);
        } else {
            copy.reset();
        }
    }
    return found;
}

}  // namespace

/// An item, and what was found for it.
struct Dispatcher::Sought {
    PendingItem item;
    std::optional<StoredCopy> copy{};
    std::optional<CopyInHand> hand{};  ///< it has been read
};

/// Has the items of the job that just came looked for, if anything of it may start at all.
void Dispatcher::search_copies(JobRunner& runner) {
    auto* const search = runner.copies.get();
    if (search == nullptr || search->items.empty() || search->stop != nullptr || stopping_ ||
        runner.stopped || runner.suspended()) {
        return;
    }
    const auto lane = lanes_.emplace(lanes_.end());
    search->stop = &lane->stop;
    launch(lane, [&] { return run_search(*lane, runner); });
}

/// The job is being dropped: what has not been looked for is not, and with `abort` no copy is
/// waited for.
void Dispatcher::forget_search(JobRunner& runner, bool abort) {
    auto* const search = runner.copies.get();
    if (search == nullptr) {
        return;
    }
    runner.dropped += std::exchange(search->items, {}).size();
    if (abort && search->stop != nullptr) {
        search->stop->emit(asio::cancellation_type::terminal);
    }
}

/// Takes some items, and finds out for each whether a copy will do: then it has a digest. The
/// rules of today decide, not those the copy was fetched by.
void Dispatcher::begin_search(JobRunner& runner, std::vector<Sought>& sought) {
    auto& search = *runner.copies;
    const auto& job = runner.job();
    sought.reserve(std::min(search.items.size(), looked_up_at_once));
    while (!search.items.empty() && sought.size() < looked_up_at_once) {
        auto& item = sought.emplace_back(Sought{std::move(search.items.front())}).item;
        search.items.pop_front();
        search.in_hand.emplace(item.item.index, host_id_of(host_key_of(item.item.url)));
        const auto& extras = item.item.extras;
        const bool plain = extras.empty() ? may_reuse(job.options().fetch)
                                          : may_reuse(item_options(job.options().fetch, extras));
        const auto url = plain ? Url::parse(item.item.url) : Expected<Url>{Failure{}};
        if (url && (!parts_.may_fetch || parts_.may_fetch(job.tenant(), *url))) {
            item.digest = search.digester.digest_of(item.item);
        }
    }
}

/// The coroutine is done with an item that it has not ended: it stands in line with its host, or
/// goes with its job.
void Dispatcher::end_search(JobRunner& runner, Sought& sought) {
    runner.copies->in_hand.erase(sought.item.item.index);
    if (runner.stopped) {
        ++runner.dropped;
        return;
    }
    auto& queue = queue_of(runner, host_key_of(sought.item.item.url));
    enqueue(queue, std::move(sought.item), false);
}

/// Looks for the copies of items that have a digest.
awaitable<void> Dispatcher::find_copies(JobRunner& runner, std::vector<Sought>& sought) {
    std::vector<CopyQuery> wanted;
    const auto now = parts_.clock->wall();
    const auto born_after = now - *runner.job().options().max_age;
    for (const auto& one : sought) {
        if (one.item.digest) {
            wanted.push_back({*one.item.digest, born_after});
        }
    }
    if (wanted.empty()) {
        co_return;
    }
    CopyOrder order;
    order.keep_payload = runner.job().options().store_body != store_body::never;
    order.memory = parts_.memory;
    auto find = [store = parts_.store, tenant = runner.job().tenant(), wanted = std::move(wanted),
                 now, order = std::move(order)] {
        return find_and_read(*store, tenant, wanted, now, order);
    };
    auto found = co_await run_in_executor(*parts_.blocking, std::move(find));
    std::size_t next = 0;
    for (auto& one : sought) {
        if (!one.item.digest) {
            continue;
        }
        one.copy = std::move(found.copies[next]);
        one.hand = std::move(found.hands[next]);
        ++next;
    }
}

/// Reads the item's copy and makes its result of it; false when it came to nothing.
awaitable<bool> Dispatcher::end_as_copy(JobRunner& runner, Sought& sought) {
    const auto& options = runner.job().options();
    const auto begun = parts_.clock->wall();
    const auto& found = sought.copy->terms;
    if (!answers(found, {found.digest, begun - *options.max_age}, begun)) {
        co_return false;  // it has grown stale behind other copies
    }
    const auto terms = found;
    if (!sought.hand) {
        CopyOrder order;
        order.copy = std::move(*sought.copy);
        order.url = sought.item.item.url;
        order.keep_payload = options.store_body != store_body::never;
        order.memory = parts_.memory;
        auto read = [store = parts_.store, order = std::move(order)] {
            return read_copy(*store, order);
        };
        auto hand = co_await run_in_executor(*parts_.blocking, std::move(read));
        if (!hand) {
            co_return false;  // erased just now, most likely
        }
        sought.hand = std::move(*hand);
    }
    auto* const hand = &*sought.hand;
    auto& outcome = hand->outcome;
    auto& item = sought.item;
    std::string extracted;
    if (const auto wanted = parts_to_extract(options, outcome); wanted != 0) {
        extracted = co_await extract(item, wanted, outcome, hand->body);
    }
    runner.copies->in_hand.erase(item.item.index);
    const auto now = parts_.clock->wall();
    item.started_at = now;
    const bool kept = outcome.keep_payload && outcome.code == failure_code::none;
    auto& record =
        runner.finished.emplace_back(record_of(std::move(item), std::move(outcome), now));
    auto& result = record.result;
    result.reused = true;
    result.owns_body = true;
    result.attempts.clear();
    result.attempts_made = 0;
    record.extract = std::move(extracted);
    if (record.response) {
        record.response->fetched_at = terms.fetched_at;
    }
    if (hand->body) {
        record.response.reset();
        result.body = *hand->body;
    }
    if (kept) {
        record.copy = terms;  // it stays as long as this job, whatever becomes of the first
    }
    runner.started_at = runner.started_at.value_or(now);
    weigh_failure(runner, result);
    settle_followers(runner, result.index);
    co_return true;
}

/// Sends those without a copy to their hosts; the others are `found`, first those that are read.
void Dispatcher::pass_on(
    JobRunner& runner, std::vector<Sought>& sought, std::deque<Sought>& found
) {
    for (auto& one : sought) {
        if (one.hand) {
            found.push_front(std::move(one));
        } else if (one.copy) {
            found.push_back(std::move(one));
        } else {
            end_search(runner, one);
        }
    }
    sought.clear();
    pump(runner);
}

/// Goes through a job's items, looking up what comes before it reads what was found, so that no
/// item that is to be fetched waits for more than one body.
awaitable<void> Dispatcher::run_search(Lane& lane, JobRunner& runner) {
    struct Ending {
        std::weak_ptr<Dispatcher*> alive;
        JobRunner& runner;
        ~Ending() {
            if (const auto self = alive.lock()) {
                runner.copies->stop = nullptr;
                (*self)->touch(runner);
            }
        }
    };
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await asio::post(parts_.loop, no_throw);
    auto& search = *runner.copies;
    const Ending ending{alive_, runner};
    std::vector<Sought> sought;
    std::deque<Sought> found;
    bool cancelled = lane.aborted;
    bool broken = false;
    std::size_t steps = 0;
    try {
        while (!cancelled && !stopping_ && !runner.stopped && !runner.suspended() &&
               !(search.items.empty() && found.empty())) {
            const bool read = !found.empty() && found.front().hand;
            if (!read && !search.items.empty()) {
                begin_search(runner, sought);
                co_await find_copies(runner, sought);
                pass_on(runner, sought, found);
            } else {
                const bool ended = co_await end_as_copy(runner, found.front());
                if (!ended) {
                    end_search(runner, found.front());
                }
                found.pop_front();
            }
            touch(runner);
            if (++steps % ended_at_once == 0) {
                co_await asio::post(parts_.loop, no_throw);
                cancelled = lane.aborted;
            }
        }
    } catch (const CancelledError&) {
        cancelled = true;
    } catch (const std::exception&) {  // the pool has been shut down: there are no copies
        broken = true;
    }
    std::move(sought.begin(), sought.end(), std::back_inserter(found));
    for (auto& one : found) {
        if (cancelled) {
            search.in_hand.erase(one.item.item.index);
            ++runner.dropped;
        } else if (broken || runner.stopped) {
            end_search(runner, one);
        } else {  // for when it goes on
            search.in_hand.erase(one.item.item.index);
            search.items.push_back(std::move(one.item));
        }
    }
    pump(runner);
}

}  // namespace fanfetch
