#include "cli/get_batch.hpp"

#include "coro/run_in_executor.hpp"
#include "coro/sleep.hpp"
#include "model/retry_policy.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace fanfetch {
namespace {

/// Entries between the input and their end; enough to find work when one host has its fill.
constexpr std::size_t window_size = 10'000;

/// The longest Retry-After that is waited out: somebody sits in front of the screen.
constexpr std::chrono::minutes longest_pause{1};

}  // namespace

GetBatch::GetBatch(Parts parts)
    : parts_{parts}, lineup_{parts.plan->per_host}, window_{window_size} {}

awaitable<void> GetBatch::run() {
    auto body = [this](TaskGroup& group) -> awaitable<void> {
        group_ = &group;
        co_await feed();
    };
    co_await with_task_group(body);
}

void GetBatch::stop() noexcept {
    stopping_ = true;
    if (parts_.input != nullptr) {
        parts_.input->interrupt();
    }
}

std::uint64_t GetBatch::items() const noexcept {
    return std::max(seen_, counted_);
}

awaitable<void> GetBatch::feed() {
    const auto& urls = parts_.plan->urls;
    counted_ = urls.size();
    if (parts_.input == nullptr) {
        parts_.progress->set_total(counted_);
    } else {
        auto count = [input = parts_.input] { return input->count(); };
        const auto listed = co_await run_in_executor(*parts_.reader, std::move(count));
        counted_ += listed.value_or(0);
        if (listed) {
            parts_.progress->set_total(counted_);
        }
    }
    for (const auto& url : urls) {
        ListedUrl entry;
        entry.text = url;
        co_await admit(std::move(entry));
    }
    if (parts_.input != nullptr) {
        co_await feed_input();
    }
    parts_.progress->set_total(seen_);
    counted_ = seen_;
}

awaitable<void> GetBatch::feed_input() {
    while (true) {
        auto read = [input = parts_.input] { return input->read(); };
        auto entries = co_await run_in_executor(*parts_.reader, std::move(read));
        if (!entries) {
            // The rest of the list is one failed entry: nobody can tell how many there are.
            ListedUrl rest;
            rest.failure = entries.error();
            co_await admit(std::move(rest));
            co_return;
        }
        if (!*entries) {
            co_return;
        }
        for (auto& entry : **entries) {
            co_await admit(std::move(entry));
        }
    }
}

awaitable<void> GetBatch::admit(ListedUrl entry) {
    const auto index = seen_++;
    auto url = Url::parse(entry.text);
    if (entry.failure || !url) {
        const auto failure = entry.failure ? *entry.failure : url.error();
        auto refuse = [sink = parts_.sink, entry = std::move(entry), index, failure] {
            sink->refuse(entry, index, failure);
        };
        co_await run_in_executor(*parts_.disk, std::move(refuse));
        co_return;
    }
    auto place = co_await window_.acquire();
    std::move(place).keep();
    GetItem item{.index = index, .line = entry.line, .url = std::move(*url), .name = {}};
    if (parts_.plan->directory) {
        item.name = names_.unique(safe_name(item.url.href()));
    }
    lineup_.add(std::move(item));
    pump();
}

/// Starts whatever may start now.
void GetBatch::pump() {
    while (!stopping_ && in_flight_ < parts_.plan->concurrency) {
        auto item = lineup_.take();
        if (!item) {
            return;
        }
        ++in_flight_;
        group_->spawn(work(std::move(*item)));
    }
}

void GetBatch::slot_free(const GetItem& item) {
    --in_flight_;
    lineup_.ended(item.url);
    pump();
}

/// One attempt. The slot is held until the file is written, so that a slow disk slows the network
/// down and nothing piles up in between.
awaitable<void> GetBatch::work(GetItem item) {
    if (item.attempts++ == 0) {
        item.started_at = parts_.clock->wall();
        item.started = parts_.clock->now();
    }
    FetchOrder order;
    order.url = &item.url;
    order.options = &parts_.plan->fetch;
    order.store_body = parts_.plan->warc ? store_body::always : store_body::success;
    FetchOutcome outcome;
    co_await parts_.fetcher->fetch(order, outcome);
    if (stopping_) {
        co_return;
    }
    if (const auto pause = pause_after(item, outcome)) {
        outcome = {};
        slot_free(item);
        co_await sleep(*pause);
        lineup_.add(std::move(item));
        pump();
        co_return;
    }
    // The call may outlive this coroutine when that is cancelled, so it owns what it works on.
    auto ended = std::make_shared<std::pair<GetItem, FetchOutcome>>(item, std::move(outcome));
    auto hand_over = [sink = parts_.sink, ended] { sink->take(ended->first, ended->second); };
    co_await run_in_executor(*parts_.disk, std::move(hand_over));
    window_.release();
    slot_free(item);
}

std::optional<std::chrono::milliseconds> GetBatch::pause_after(
    const GetItem& item, const FetchOutcome& outcome
) {
    const auto& fetch = parts_.plan->fetch;
    AttemptEnd end;
    end.code = outcome.code;
    end.status = outcome.status;
    end.attempt = item.attempts;
    end.retry_after = outcome.retry_after;
    return RetryPolicy{fetch.retry, fetch.method, longest_pause}.pause_after(end, *parts_.random);
}

}  // namespace fanfetch
