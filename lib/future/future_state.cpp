#include "future/future_state.hpp"

#include "future/blocking_watch.hpp"
#include "future/errors.hpp"
#include "future/futex.hpp"

#include <utility>

namespace fanfetch::detail {

FutureState::~FutureState() {
    if (exception_ && (load() & looked_at) == 0) {
        report_error("nobody looked at the exception of a future", exception_);
    }
}

bool FutureState::running() const noexcept {
    const auto word = load();
    return !is_done(word) && (word & is_running) != 0;
}

bool FutureState::cancelled() const noexcept {
    const auto phase = load() & phase_mask;
    return phase == is_cancelled || phase == cancelled_and_notified;
}

bool FutureState::cancel() {
    auto word = load();
    while ((word & phase_mask) == pending) {
        if (word_.compare_exchange_weak(
                word, word ^ (pending ^ is_cancelled), std::memory_order_acq_rel,
                std::memory_order_acquire
            )) {
            wake_everyone(word);
            return true;
        }
    }
    return cancelled();
}

bool FutureState::set_running_or_notify_cancel() {
    auto word = load();
    for (;;) {
        const auto phase = word & phase_mask;
        if (phase != pending && phase != is_cancelled) {
            throw InvalidStateError{"the future is already " + describe()};
        }
        const auto next = phase == pending ? is_running : cancelled_and_notified;
        if (word_.compare_exchange_weak(
                word, word ^ (phase ^ next), std::memory_order_acq_rel, std::memory_order_acquire
            )) {
            return next == is_running;
        }
    }
}

bool FutureState::claim() noexcept {
    auto word = load();
    while ((word & phase_mask) == pending || (word & phase_mask) == is_running) {
        if (word_.compare_exchange_weak(
                word, word | claimed, std::memory_order_acq_rel, std::memory_order_acquire
            )) {
            return true;
        }
    }
    return false;
}

void FutureState::unclaim() noexcept {
    word_.fetch_and(~claimed, std::memory_order_acq_rel);
}

void FutureState::publish() noexcept {
    // Only the holder of the claim changes the phase, so it cannot move between these two lines.
    const auto phase = word_.load(std::memory_order_relaxed) & phase_mask;
    wake_everyone(word_.fetch_xor(phase ^ finished, std::memory_order_acq_rel));
}

bool FutureState::try_set_exception(const std::exception_ptr& error) noexcept {
    if (!claim()) {
        return false;
    }
    set_exception(error);
    publish();
    return true;
}

/// `word` is what stood there before the state became done. Sleepers come before callbacks, so
/// that a slow callback delays nobody's result().
void FutureState::wake_everyone(std::uint32_t word) noexcept {
    if ((word & has_sleepers) != 0) {
        futex_wake_all(word_);
    }
    if ((word & has_observers) != 0) {
        run_callbacks();
    }
}

void FutureState::run_callbacks() noexcept {
    const StatePtr keep{this};  // a callback may drop every other reference
    std::unique_lock lock{mutex_};
    while (listeners_ != nullptr) {
        auto* const listener = listeners_;
        listeners_ = listener->next_;
        listener->linked_ = false;
        listener->completed(exception_ != nullptr);
    }
    while (first_callback_ != nullptr) {
        auto* const callback = first_callback_;
        first_callback_ = callback->next;
        lock.unlock();
        run(*callback);
        discard(callback);
        lock.lock();
    }
}

void FutureState::run(Callback& callback) noexcept {
    mark_looked_at();
    try {
        callback.call(*this);
    } catch (...) {
        report_error("running a done callback", std::current_exception());
    }
}

void FutureState::discard(Callback* callback) noexcept {
    if (static_cast<void*>(callback) != static_cast<void*>(inline_callback_)) {
        delete callback;
        return;
    }
    callback->~Callback();
    word_.fetch_and(~inline_used, std::memory_order_release);
}

/// Under the lock. Once this returned true, whoever completes the state takes the lock too, and so
/// finds what is linked before the lock is given back.
bool FutureState::announce_observer() noexcept {
    auto word = load();
    while (!is_done(word)) {
        if (word_.compare_exchange_weak(
                word, word | has_observers, std::memory_order_acq_rel, std::memory_order_acquire
            )) {
            return true;
        }
    }
    return false;
}

CallbackToken FutureState::attach(Callback* callback) noexcept {
    {
        const std::lock_guard lock{mutex_};
        if (announce_observer()) {
            auto*& end = first_callback_ == nullptr ? first_callback_ : last_callback_->next;
            end = callback;
            last_callback_ = callback;
            callback->id = ++last_id_;
            return CallbackToken{callback->id};
        }
    }
    run(*callback);
    discard(callback);
    return {};
}

bool FutureState::detach(CallbackToken token) noexcept {
    if (token == CallbackToken{}) {
        return false;
    }
    Callback* found = nullptr;
    {
        const std::lock_guard lock{mutex_};
        Callback* previous = nullptr;
        for (found = first_callback_; found != nullptr && found->id != token.id;
             found = found->next) {
            previous = found;
        }
        if (found == nullptr) {
            return false;
        }
        (previous == nullptr ? first_callback_ : previous->next) = found->next;
        if (last_callback_ == found) {
            last_callback_ = previous;
        }
    }
    discard(found);
    return true;
}

bool FutureState::link(Listener& listener) noexcept {
    const std::lock_guard lock{mutex_};
    if (!announce_observer()) {
        return false;
    }
    listener.next_ = listeners_;
    listener.previous_ = nullptr;
    if (listeners_ != nullptr) {
        listeners_->previous_ = &listener;
    }
    listeners_ = &listener;
    listener.linked_ = true;
    return true;
}

void FutureState::unlink(Listener& listener) noexcept {
    const std::lock_guard lock{mutex_};
    if (!listener.linked_) {
        return;
    }
    listener.linked_ = false;
    if (listener.next_ != nullptr) {
        listener.next_->previous_ = listener.previous_;
    }
    (listener.previous_ == nullptr ? listeners_ : listener.previous_->next_) = listener.next_;
}

bool FutureState::unobserved() const noexcept {
    if (references_.load(std::memory_order_acquire) != 1) {
        return false;
    }
    // With one reference left, the caller's, nobody can be changing the lists.
    return first_callback_ == nullptr && listeners_ == nullptr;
}

bool FutureState::wait_until(const Deadline& deadline) const {
    auto word = load();
    if (is_done(word) || passed(deadline)) {
        return is_done(load());
    }
    const BlockingScope scope{this, deadline.has_value()};
    while (!is_done(word)) {
        if ((word & has_sleepers) == 0) {
            if (!word_.compare_exchange_weak(
                    word, word | has_sleepers, std::memory_order_acq_rel, std::memory_order_acquire
                )) {
                continue;
            }
            word |= has_sleepers;
        }
        if (!futex_wait(word_, word, deadline)) {
            return done();
        }
        word = load();
    }
    return true;
}

std::exception_ptr FutureState::wait_for_exception(const TimeLimit& limit) {
    if (!done() && !wait_until(limit.deadline())) {
        throw TimeoutError{"waiting for a future: timed out"};
    }
    if (cancelled()) {
        throw CancelledError{};
    }
    mark_looked_at();
    return exception_;
}

void FutureState::wait_for_value(const TimeLimit& limit) {
    if (!done() && !wait_until(limit.deadline())) {
        throw TimeoutError{"waiting for a future: timed out"};
    }
    const auto word = load();
    if (exception_ || (word & (phase_mask | taken)) != finished) {
        throw_failure(word);
    }
}

void FutureState::wait_to_take(const TimeLimit& limit) {
    wait_for_value(limit);
    if ((word_.fetch_or(taken, std::memory_order_acq_rel) & taken) != 0) {
        throw_failure(load());
    }
}

void FutureState::throw_failure(std::uint32_t word) {
    if ((word & phase_mask) != finished) {
        throw CancelledError{};
    }
    if (exception_) {
        mark_looked_at();
        std::rethrow_exception(exception_);
    }
    throw InvalidStateError{"the value of the future has been taken"};
}

std::string FutureState::describe() const {
    const auto word = load();
    switch (word & phase_mask) {
        case finished:
            return exception_ ? "finished with " + type_name(exception_) : "finished with a value";
        case is_cancelled:
            return "cancelled";
        case cancelled_and_notified:
            return "cancelled and notified";
        default:
            return (word & is_running) != 0 ? "running" : "pending";
    }
}

}  // namespace fanfetch::detail
