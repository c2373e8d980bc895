#pragma once

#include "coro/loop.hpp"
#include "coro/parking.hpp"

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

namespace fanfetch {

/// A number of permits, handed out first come, first served.
///
/// A permit that comes back goes to whoever has waited longest, before anyone new. A waiter who is
/// cancelled, even just after it was granted one, passes it on. The semaphore outlives its permits.
///
/// Threads  `acquire` on one loop; the others, and giving a permit back, any thread
/// Source   CPython 3.13, asyncio.Semaphore
class Semaphore {
public:
    /// One permit, given back on destruction.
    class [[nodiscard]] Permit {
    public:
        Permit(Permit&& other) noexcept : from_{std::exchange(other.from_, nullptr)} {}
        Permit& operator=(Permit&& other) noexcept {
            Permit moved{std::move(other)};
            std::swap(from_, moved.from_);
            return *this;
        }
        ~Permit() {
            if (from_ != nullptr) {
                from_->give_back();
            }
        }

        /// Leaves the permit taken; a later `release()` of the semaphore gives it back.
        void keep() && noexcept { from_ = nullptr; }

    private:
        friend class Semaphore;
        explicit Permit(Semaphore& from) noexcept : from_{&from} {}

        Semaphore* from_;
    };

    explicit Semaphore(std::size_t permits) noexcept
        : Semaphore{permits, std::numeric_limits<std::size_t>::max()} {}
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    /// Waits for a permit.
    ///
    /// Errors   CancelledError
    [[nodiscard]] awaitable<Permit> acquire();
    /// A permit if one is free, which it never is while somebody waits.
    [[nodiscard]] std::optional<Permit> try_acquire();

    /// Adds a permit, or gives back one that its guard was told to keep.
    ///
    /// Errors   InvalidStateError from a BoundedSemaphore that would have more than it began with
    void release();

    [[nodiscard]] std::size_t available() const;

protected:
    Semaphore(std::size_t permits, std::size_t limit) noexcept
        : available_{permits}, limit_{limit} {}

private:
    /// One coroutine in the queue. Granting takes it out of the queue, under the mutex; from then
    /// on only its loop touches it.
    class Waiter : public boost::intrusive::list_base_hook<> {
    public:
        Waiter(Semaphore& from, LoopState& loop) noexcept : from_{from}, parking_{loop} {}
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
        ~Waiter();

        [[nodiscard]] awaitable<> finish() { return parking_.park(*this); }
        [[nodiscard]] std::optional<Permit> claim() noexcept;
        void parked();
        void cancel_requested();
        void wake();

        bool granted = false;  ///< guarded by the mutex until the coroutine runs

    private:
        Semaphore& from_;
        Parking parking_;
    };

    void give_back();
    [[nodiscard]] bool take_free();

    mutable std::mutex mutex_;
    std::size_t available_;  ///< guarded by mutex_; zero while anybody waits
    std::size_t limit_;
    boost::intrusive::list<Waiter> waiters_;  ///< guarded by mutex_
};

/// A semaphore that notices when more is given back than was taken.
class BoundedSemaphore : public Semaphore {
public:
    explicit BoundedSemaphore(std::size_t permits) noexcept : Semaphore{permits, permits} {}
};

}  // namespace fanfetch
