#include "fetch/body_collector.hpp"

#include "coro/await_future.hpp"
#include "future/errors.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace fanfetch {
namespace {

using LoopTimer =
    boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>;

}  // namespace

/// What a worker does with one piece. It is shared: when the coroutine is cancelled, a write that
/// is already running outlives it.
struct BodyCollector::Write {
    BodySpill* spill;
    std::shared_ptr<BodyDigests> digests;
    std::unique_ptr<SpilledBody> body;
    std::string bytes;
    std::size_t hashed;  ///< of the bytes, from the front

    Expected<void> run() {
        digests->update(std::string_view{bytes}.substr(hashed));
        if (!body) {
            auto begun = spill->begin();
            if (!begun) {
                return begun.error();
            }
            body = std::move(*begun);
        }
        return body->append(bytes);
    }
};

void BodyCollector::reset(const Order& order) {
    order_ = order;
    on_disk_ = false;
    size_ = 0;
    rests_until_ = {};
    payload_ = {};
    share_ = MemoryShare{*parts_.memory};
    spilled_.reset();
    writing_.reset();
    hashed_ = 0;
    if (digests_.use_count() > 1) {  // a worker has them still: its coroutine was cancelled
        digests_ = std::make_shared<BodyDigests>();
    }
    hash_later_ = order.keep && order.hash_later && !order.md5;
    if (!hash_later_) {
        digests_->sha256.reset();
    }
    digests_->md5.reset();
    if (order.md5) {
        digests_->md5.emplace("MD5");
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
    if (order_.keep) {
        on_disk_ = on_disk_ || !fits_in_memory(bytes.size());
    }
    hash(bytes);
    if (order_.keep) {
        payload_.append(bytes);
    }
    return {};
}

/// A short body is never on disk: what was put off can be caught up with from memory. What is on
/// its way to disk is hashed by the worker who writes it.
void BodyCollector::hash(std::string_view bytes) {
    if (hash_later_ && size_ <= MemoryBudget::free_of_charge) {
        return;
    }
    if (std::exchange(hash_later_, false)) {
        digests_->sha256.reset();
        digests_->sha256.update(payload_);
    }
    if (!on_disk_) {
        digests_->update(bytes);
        hashed_ = payload_.size() + bytes.size();
    }
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

void BodyCollector::received(std::uint64_t bytes) {
    if (parts_.bandwidth != nullptr && parts_.bandwidth->limited()) {
        rests_until_ = parts_.bandwidth->book(bytes, Steady::now());
    }
}

awaitable<void> BodyCollector::rest() const {
    constexpr std::chrono::seconds longest{1};
    const LoopExecutor loop = co_await boost::asio::this_coro::executor;
    LoopTimer timer{loop};
    timer.expires_at(std::min(rests_until_, Steady::now() + longest));
    const auto [stopped] = co_await timer.async_wait(no_throw);
    if (stopped) {
        throw CancelledError{};
    }
}

awaitable<Expected<void>> BodyCollector::flush(bool all) {
    auto written = co_await end_write();
    if (!written) {
        co_return written;
    }
    begin_write();
    if (all) {
        written = co_await end_write();
    }
    co_return written;
}

void BodyCollector::begin_write() {
    writing_ = std::make_shared<Write>();
    writing_->spill = parts_.spill;
    writing_->digests = digests_;
    writing_->body = std::move(spilled_);
    writing_->bytes = std::exchange(payload_, {});
    writing_->hashed = std::exchange(hashed_, 0);
    share_.release();
    written_ = parts_.blocking->submit([write = writing_] { return write->run(); });
}

awaitable<Expected<void>> BodyCollector::end_write() {
    if (!writing_) {
        co_return Expected<void>{};
    }
    auto written = co_await await_future(std::move(*written_));
    spilled_ = std::move(writing_->body);
    writing_.reset();
    co_return written;
}

void BodyCollector::resume(PartialBody& from) {
    hash_later_ = false;
    on_disk_ = true;
    size_ = from.size;
    digests_ = std::move(from.digests);
    spilled_ = std::move(from.spilled);
}

void BodyCollector::suspend(PartialBody& into) {
    into.size = size_;
    into.digests = std::exchange(digests_, std::make_shared<BodyDigests>());
    into.spilled = std::move(spilled_);
}

void BodyCollector::finish(FetchOutcome& outcome) {
    outcome.size = size_;
    if (!hash_later_) {
        outcome.sha256 = digests_->sha256.digest();
    }
    if (digests_->md5) {
        std::array<std::uint8_t, 16> digest{};
        digests_->md5->finish(digest);
        outcome.md5.assign(digest.begin(), digest.end());
    }
    outcome.payload = std::move(payload_);
    outcome.spilled = std::move(spilled_);
    outcome.memory = std::move(share_);
}

}  // namespace fanfetch
