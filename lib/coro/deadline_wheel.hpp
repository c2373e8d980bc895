#pragma once

#include "base/time.hpp"
#include "coro/loop.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/intrusive/list.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace fanfetch {

/// Something that happens at a deadline unless it is disarmed first.
///
/// It belongs to its owner, who embeds it; destroying it disarms it.
///
/// Threads  the loop of the wheel it is armed on
class DeadlineEntry : public boost::intrusive::list_base_hook<
                          boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    DeadlineEntry() = default;
    DeadlineEntry(const DeadlineEntry&) = delete;
    DeadlineEntry& operator=(const DeadlineEntry&) = delete;

    [[nodiscard]] bool armed() const noexcept { return is_linked(); }
    /// The deadline it was last armed for.
    [[nodiscard]] Steady::time_point when() const noexcept { return when_; }

protected:
    ~DeadlineEntry() = default;

private:
    friend class DeadlineWheel;

    /// Called at most once per arming, when the entry is no longer armed. It may arm, disarm and
    /// destroy any entry, itself included.
    virtual void expire() noexcept = 0;

    Steady::time_point when_{};
};

/// A deadline that calls what its owner gave it:
///
///     DeadlineCall on_idle_{[this]() noexcept { close(); }};
template <std::invocable Call>
class DeadlineCall final : public DeadlineEntry {
public:
    explicit DeadlineCall(Call call) : call_{std::move(call)} {}

private:
    void expire() noexcept override { call_(); }

    Call call_;
};

/// All the deadlines of a loop behind one timer: for time limits, which are armed a hundred
/// thousand times a second and nearly never reached.
///
/// Arming and disarming link and unlink a list node: constant time, no allocation and, as long as
/// the timer need not ring earlier than planned, no system call. Moving an armed deadline to a
/// later time is a store; the entry is moved on when its old time comes. The price is precision:
/// a deadline is never early, and late by up to `resolution` on an idle loop.
///
/// Pending deadlines do not keep the loop running: whoever waits for one is work by himself.
///
/// Threads  the loop
/// Source   Varghese and Lauck, "Hashed and hierarchical timing wheels", 1987, scheme 6
class DeadlineWheel {
public:
    static constexpr std::chrono::milliseconds resolution{10};

    explicit DeadlineWheel(LoopExecutor loop) : loop_{loop}, timer_{loop} {}
    DeadlineWheel(const DeadlineWheel&) = delete;
    DeadlineWheel& operator=(const DeadlineWheel&) = delete;

    /// Arms `entry`, or moves it when it is armed already. A time in the past expires at the next
    /// turn of the wheel, never inside this call.
    void arm(DeadlineEntry& entry, Steady::time_point when);
    void disarm(DeadlineEntry& entry) noexcept { entry.unlink(); }

private:
    using Tick = std::int64_t;
    using Slot = boost::intrusive::list<DeadlineEntry, boost::intrusive::constant_time_size<false>>;

    /// One turn of the wheel is about ten seconds; what lies beyond is looked at once per turn.
    static constexpr std::size_t slot_count = 1024;
    static constexpr std::size_t word_bits = 64;
    static constexpr Tick asleep = INT64_MAX;
    static constexpr Tick turning = INT64_MIN;

    [[nodiscard]] static Tick tick_of(Steady::time_point when) noexcept;
    [[nodiscard]] static Tick tick_after(Steady::time_point when) noexcept;
    [[nodiscard]] static std::size_t slot_of(Tick tick) noexcept;

    void insert(DeadlineEntry& entry);
    void turn(Steady::time_point now);
    void collect_due(Tick last, Slot& due);
    void aim(Tick tick);
    [[nodiscard]] Tick first_occupied();

    LoopExecutor loop_;
    boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>
        timer_;
    std::array<Slot, slot_count> slots_;
    /// A set bit may be stale, a clear one never is.
    std::array<std::uint64_t, slot_count / word_bits> occupied_{};
    Tick next_ = 0;       ///< the first tick that has not been looked at
    Tick wake_ = asleep;  ///< the tick the timer is set for
};

/// The wheel of the loop behind `loop`.
[[nodiscard]] DeadlineWheel& deadlines_of(LoopExecutor loop);

}  // namespace fanfetch
