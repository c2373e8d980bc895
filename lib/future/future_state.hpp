#pragma once

#include "future/time_limit.hpp"

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>

namespace fanfetch {

/// Names one registration of a done callback; a default one names none.
struct CallbackToken {
    std::uint64_t id = 0;
    friend bool operator==(CallbackToken, CallbackToken) = default;
};

namespace detail {

class FutureState;
using StatePtr = boost::intrusive_ptr<FutureState>;

/// A registered done callback, linked into its state's list.
class Callback {
public:
    virtual ~Callback() = default;
    virtual void call(FutureState& state) = 0;

    Callback* next = nullptr;
    std::uint64_t id = 0;
};

/// A place in a state where `wait` or `as_completed` listens; it belongs to the listener.
///
/// `completed` is called once, under the state's lock, so that `FutureState::unlink` is also a
/// promise that no call is in progress. It is our own code and must take only its own lock.
class Listener {
public:
    virtual void completed(bool failed) noexcept = 0;

protected:
    ~Listener() = default;

private:
    friend class FutureState;
    Listener* next_ = nullptr;
    Listener* previous_ = nullptr;
    bool linked_ = false;
};

/// What the handles of one future share, whatever its type: state word, exception, callbacks.
///
/// One 32-bit word holds the phase and some flags; everything that races is decided by a
/// compare-and-exchange on it, and sleepers sleep on it. The mutex guards the two lists and is not
/// touched by a future without callbacks. See README.md.
///
/// Threads  any thread, but for the members that say otherwise
class FutureState {
public:
    FutureState() = default;
    FutureState(const FutureState&) = delete;
    FutureState& operator=(const FutureState&) = delete;

    [[nodiscard]] bool done() const noexcept { return is_done(load()); }
    [[nodiscard]] bool running() const noexcept;
    [[nodiscard]] bool cancelled() const noexcept;

    bool cancel();

    /// pending to running, or cancelled to cancelled_and_notified; InvalidStateError elsewhere.
    bool set_running_or_notify_cancel();

    /// Reserves the right to complete: exactly one caller gets true. It then fills in the outcome
    /// and calls `publish`, or gives the right back with `unclaim`.
    [[nodiscard]] bool claim() noexcept;
    void unclaim() noexcept;

    /// Makes the outcome visible, wakes everyone, runs the callbacks. The caller holds a reference
    /// and the right to complete.
    void publish() noexcept;

    void set_exception(std::exception_ptr error) noexcept { exception_ = std::move(error); }
    bool try_set_exception(const std::exception_ptr& error) noexcept;

    /// Whether it is done, at the latest at `deadline`.
    [[nodiscard]] bool wait_until(const Deadline& deadline) const;
    /// Waits, then returns the stored exception; TimeoutError, CancelledError.
    [[nodiscard]] std::exception_ptr wait_for_exception(const TimeLimit& limit);
    /// Waits, then throws unless there is a value that nobody has taken.
    void wait_for_value(const TimeLimit& limit);
    /// As `wait_for_value`; exactly one caller gets through.
    void wait_to_take(const TimeLimit& limit);

    /// Whether it finished with an exception. Does not count as looking at it.
    [[nodiscard]] bool failed() const noexcept { return done() && exception_ != nullptr; }

    /// Makes a callback that `attach` takes; the first small one of a state allocates nothing.
    template <class Made, class... Args>
    [[nodiscard]] Callback* make_callback(Args&&... args) {
        if constexpr (sizeof(Made) <= inline_size && alignof(Made) <= alignof(void*)) {
            if ((word_.fetch_or(inline_used, std::memory_order_acquire) & inline_used) == 0) {
                try {
                    return ::new (static_cast<void*>(inline_callback_))
                        Made{std::forward<Args>(args)...};
                } catch (...) {
                    word_.fetch_and(~inline_used, std::memory_order_release);
                    throw;
                }
            }
        }
        return new Made{std::forward<Args>(args)...};
    }

    /// Registers the callback, or runs it at once when the state is done.
    CallbackToken attach(Callback* callback) noexcept;
    bool detach(CallbackToken token) noexcept;
    /// Calls and logs what is thrown; the outcome counts as looked at.
    void run(Callback& callback) noexcept;

    /// Listens, unless the state is done: then it returns false and calls nothing.
    [[nodiscard]] bool link(Listener& listener) noexcept;
    void unlink(Listener& listener) noexcept;

    /// Nobody else has a handle and nobody waits to be called.
    [[nodiscard]] bool unobserved() const noexcept;
    /// Does not report the exception when the state dies.
    void mark_looked_at() noexcept { word_.fetch_or(looked_at, std::memory_order_relaxed); }

    /// Identifies the executor that will complete it; null when anybody may. Only compared.
    [[nodiscard]] virtual const void* owner() const noexcept { return nullptr; }

    /// "pending", "finished with a value", "finished with std::runtime_error" ...
    [[nodiscard]] std::string describe() const;

    friend void intrusive_ptr_add_ref(const FutureState* state) noexcept {
        state->references_.fetch_add(1, std::memory_order_relaxed);
    }
    friend void intrusive_ptr_release(const FutureState* state) noexcept {
        if (state->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            delete state;
        }
    }

protected:
    virtual ~FutureState();

private:
    // The phase: the lowest three bits. `claimed` is a flag over pending and running.
    static constexpr std::uint32_t pending = 0;
    static constexpr std::uint32_t is_running = 1;
    static constexpr std::uint32_t claimed = 2;
    static constexpr std::uint32_t finished = 4;
    static constexpr std::uint32_t is_cancelled = 5;
    static constexpr std::uint32_t cancelled_and_notified = 6;
    static constexpr std::uint32_t phase_mask = 7;
    // The flags.
    static constexpr std::uint32_t has_sleepers = 1U << 3U;
    static constexpr std::uint32_t has_observers = 1U << 4U;  ///< a list is not empty, or was not
    static constexpr std::uint32_t inline_used = 1U << 5U;
    static constexpr std::uint32_t looked_at = 1U << 6U;
    static constexpr std::uint32_t taken = 1U << 7U;

    static constexpr std::size_t inline_size = sizeof(Callback) + 32;

    static constexpr bool is_done(std::uint32_t word) noexcept { return (word & finished) != 0; }
    [[nodiscard]] std::uint32_t load() const noexcept {
        return word_.load(std::memory_order_acquire);
    }
    bool announce_observer() noexcept;
    void wake_everyone(std::uint32_t word) noexcept;
    void run_callbacks() noexcept;
    void discard(Callback* callback) noexcept;
    void throw_failure(std::uint32_t word);

    mutable std::atomic<std::uint32_t> references_{0};
    mutable std::atomic<std::uint32_t> word_{pending};
    std::exception_ptr exception_;  ///< written by whoever holds the claim, read when done
    std::mutex mutex_;              ///< guards the lists
    Callback* first_callback_ = nullptr;
    Callback* last_callback_ = nullptr;
    std::uint64_t last_id_ = 0;
    Listener* listeners_ = nullptr;
    alignas(void*) std::byte inline_callback_[inline_size];
};

}  // namespace detail
}  // namespace fanfetch
