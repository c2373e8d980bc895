#pragma once

#include "coro/loop.hpp"
#include "coro/loop_state.hpp"
#include "coro/parking.hpp"
#include "future/errors.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <utility>

namespace fanfetch {

/// The queue was closed: nothing can be put into it, and nothing is left to get.
class QueueClosed : public Error {
public:
    QueueClosed() : Error{"the queue is closed"} {}
    using Error::Error;
};

namespace detail {

/// Coroutines that wait their turn at one end of a queue, woken one by one in order of arrival.
///
/// A turn that was given and cannot be used, because its coroutine was cancelled meanwhile, goes to
/// the next in line.
///
/// Threads  the loop
class TurnQueue {
public:
    /// Suspends until it is the caller's turn. False: the queue was closed first.
    ///
    /// Errors   CancelledError
    [[nodiscard]] awaitable<bool> wait();

    /// Gives a turn to whoever has waited longest; nothing when nobody waits.
    void give();
    /// Sends everyone away.
    void close();

    /// Turns given to coroutines that have not run since: what they will take is not free.
    [[nodiscard]] std::size_t given() const noexcept { return given_; }
    [[nodiscard]] bool waited_for() const noexcept { return !waiters_.empty(); }

private:
    class Waiter : public boost::intrusive::list_base_hook<
                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    public:
        Waiter(TurnQueue& queue, LoopState& loop) noexcept : queue_{queue}, parking_{loop} {}
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
        ~Waiter();

        [[nodiscard]] awaitable<> finish() { return parking_.park(*this); }
        [[nodiscard]] bool use_turn() noexcept;
        void parked() { queue_.waiters_.push_back(*this); }
        void cancel_requested();
        void leave(bool with_turn);

    private:
        TurnQueue& queue_;
        Parking parking_;
        bool has_turn_ = false;
    };

    boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiters_;
    std::size_t given_ = 0;
};

}  // namespace detail

/// A queue between coroutines of one loop: first in, first out, bounded or not.
///
/// Whoever has waited longest is served first and is not overtaken. A getter that is cancelled or
/// timed out leaves its item to the next, a putter never half-puts. `close` lets what is buffered
/// drain, then ends the getters.
///
/// Errors   QueueClosed from `put` after close, from `get` once drained; CancelledError
/// Threads  the loop
/// Source   CPython 3.13, asyncio.Queue
template <class T>
class AsyncQueue {
public:
    static constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

    explicit AsyncQueue(std::size_t capacity = unbounded) noexcept : capacity_{capacity} {}
    AsyncQueue(const AsyncQueue&) = delete;
    AsyncQueue& operator=(const AsyncQueue&) = delete;

    /// Waits for room.
    [[nodiscard]] awaitable<> put(T item) {
        const bool turn = !closed_ && (has_room() || co_await putters_.wait());
        if (!turn || closed_) {
            throw QueueClosed{};
        }
        store(std::move(item));
    }

    /// False when it is full or closed; `item` is left alone then.
    [[nodiscard]] bool try_put(T& item) {
        if (closed_ || !has_room()) {
            return false;
        }
        store(std::move(item));
        return true;
    }

    /// Waits for an item.
    [[nodiscard]] awaitable<T> get() {
        const bool turn = has_item() || (!closed_ && co_await getters_.wait());
        if (!turn) {
            throw QueueClosed{};
        }
        co_return fetch();
    }

    [[nodiscard]] std::optional<T> try_get() {
        if (!has_item()) {
            return std::nullopt;
        }
        return fetch();
    }

    /// Says that the work an item stood for is done.
    ///
    /// Errors   InvalidStateError when called more often than items were put
    void task_done() {
        if (unfinished_ == 0) {
            throw InvalidStateError{"task_done: called more often than items were put"};
        }
        if (--unfinished_ == 0) {
            while (joiners_.waited_for()) {
                joiners_.give();
            }
        }
    }

    /// Waits until every item that was put has been reported done.
    [[nodiscard]] awaitable<> join() {
        while (unfinished_ > 0) {
            (void)co_await joiners_.wait();
        }
    }

    void close() {
        closed_ = true;
        putters_.close();
        getters_.close();  // whoever waits here waits because nothing is left
    }

    [[nodiscard]] bool closed() const noexcept { return closed_; }
    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
    [[nodiscard]] bool empty() const noexcept { return items_.empty(); }

private:
    // Items and room promised to coroutines that have been woken are not for newcomers.
    [[nodiscard]] bool has_item() const noexcept { return items_.size() > getters_.given(); }
    [[nodiscard]] bool has_room() const noexcept {
        return items_.size() + putters_.given() < capacity_ && !putters_.waited_for();
    }
    void store(T item) {
        items_.push_back(std::move(item));
        ++unfinished_;
        getters_.give();
    }
    T fetch() {
        T item = std::move(items_.front());
        items_.pop_front();
        putters_.give();
        return item;
    }

    std::size_t capacity_;
    std::deque<T> items_;
    detail::TurnQueue putters_;
    detail::TurnQueue getters_;
    detail::TurnQueue joiners_;
    std::size_t unfinished_ = 0;
    bool closed_ = false;
};

}  // namespace fanfetch
