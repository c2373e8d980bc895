#include "fetch/body_collector.hpp"

#include "coro/run_in_executor.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace fanfetch {

void BodyCollector::reset(const Order& order) {
    order_ = order;
    on_disk_ = false;
    size_ = 0;
    payload_ = {};
    share_ = MemoryShare{*parts_.memory};
    spilled_.reset();
    hash_later_ = order.keep && order.hash_later;
    if (!hash_later_) {
        hasher_.reset();
    }
    md5_.reset();
    if (order.md5) {
        md5_.emplace("MD5");
    }
    if (order.keep && order.announced && *order.announced <= MemoryBudget::free_of_charge) {
        payload_.reserve(static_cast<std::size_t>(*order.announced));
    }
}

Expected<void> BodyCollector::append(std::string_view bytes) {
    size_ += bytes.size();
    if (size_ > order_.max_bytes) {
        return failed(
            failure_code::limit_body_size,
            "reading the body: more than " + std::to_string(order_.max_bytes) + " bytes"
        );
    }
    hash(bytes);
    if (md5_) {
        md5_->update(bytes);
    }
    if (!order_.keep) {
        return {};
    }
    on_disk_ = on_disk_ || !fits_in_memory(bytes.size());
    payload_.append(bytes);
    return {};
}

/// A short body is never on disk: what was put off can be caught up with from memory.
void BodyCollector::hash(std::string_view bytes) {
    if (hash_later_ && size_ <= MemoryBudget::free_of_charge) {
        return;
    }
    if (std::exchange(hash_later_, false)) {
        hasher_.reset();
        hasher_.update(payload_);
    }
    hasher_.update(bytes);
}

/// Grows the share in steps that double, so that a body asks the budget a handful of times.
bool BodyCollector::fits_in_memory(std::size_t more) noexcept {
    const auto needed = payload_.size() + more;
    if (needed > most_in_memory) {
        return false;
    }
    const auto covered = MemoryBudget::free_of_charge + share_.bytes();
    return needed <= covered || share_.try_grow(std::max<std::uint64_t>(covered, needed - covered));
}

awaitable<Expected<void>> BodyCollector::flush() {
    // The state is shared with the worker: when this coroutine is cancelled, a write that is
    // already running outlives it.
    struct Write {
        BodySpill* spill;
        std::unique_ptr<SpilledBody> body;
        std::string bytes;
    };
    auto write = std::make_shared<Write>();
    write->spill = parts_.spill;
    write->body = std::move(spilled_);
    write->bytes = std::exchange(payload_, {});
    share_.release();
    auto work = [write]() -> Expected<void> {
        if (!write->body) {
            auto begun = write->spill->begin();
            if (!begun) {
                return begun.error();
            }
            write->body = std::move(*begun);
        }
        return write->body->append(write->bytes);
    };
    auto written = co_await run_in_executor(*parts_.blocking, std::move(work));
    spilled_ = std::move(write->body);
    co_return written;
}

void BodyCollector::resume(PartialBody& from) {
    hash_later_ = false;
    on_disk_ = true;
    size_ = from.size;
    hasher_ = std::exchange(from.sha256, Sha256Hasher{});
    md5_ = std::exchange(from.md5, std::nullopt);
    spilled_ = std::move(from.spilled);
}

void BodyCollector::suspend(PartialBody& into) {
    into.size = size_;
    into.sha256 = std::exchange(hasher_, Sha256Hasher{});
    into.md5 = std::exchange(md5_, std::nullopt);
    into.spilled = std::move(spilled_);
}

void BodyCollector::finish(FetchOutcome& outcome) {
    outcome.size = size_;
    if (!hash_later_) {
        outcome.sha256 = hasher_.digest();
    }
    if (md5_) {
        std::array<std::uint8_t, 16> digest{};
        md5_->finish(digest);
        outcome.md5.assign(digest.begin(), digest.end());
    }
    outcome.payload = std::move(payload_);
    outcome.spilled = std::move(spilled_);
    outcome.memory = std::move(share_);
}

}  // namespace fanfetch
