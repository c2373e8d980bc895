#pragma once

#include "actor/alarm.hpp"
#include "actor/cell.hpp"
#include "actor/messages.hpp"
#include "future/promise.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

namespace fanfetch::detail {

/// What the actors of one system share: who lives, where they run, dead letters, the alarm. Kept
/// alive by every cell, and so by every address, it may outlive the system; then it only counts
/// dead letters.
///
/// Threads  any thread
class Core final {
public:
    struct Parts {
        std::vector<std::unique_ptr<Runner>> runners;
        DeadLetterHandler on_dead_letter;
        std::optional<std::size_t> capacity;  ///< of mailboxes whose actor does not say
    };

    explicit Core(Parts parts);
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;
    ~Core();

    /// While it lives, the calling thread runs something for the core: a handler, a time limit.
    class Inside {
    public:
        explicit Inside(const Core& core) noexcept;
        Inside(const Inside&) = delete;
        Inside& operator=(const Inside&) = delete;
        ~Inside();

    private:
        const Core* before_;
    };
    [[nodiscard]] bool inside() const noexcept;

    [[nodiscard]] Runner& next_runner() noexcept;
    [[nodiscard]] std::optional<std::size_t> capacity() const noexcept { return parts_.capacity; }
    [[nodiscard]] Alarm& alarm() noexcept { return alarm_; }

    void dead_letter(EnvelopePtr letter, const Address& to, dead_letter_reason reason) noexcept;
    [[nodiscard]] std::uint64_t dead_letters() const noexcept { return dead_letters_.load(); }
    /// The handler hears of no further ones.
    void forget_handler() noexcept;

    /// Counts an actor that is about to live.
    ///
    /// Errors   ExecutorShutdown for one at top level, once the shutdown has begun
    void admit(Cell& cell, bool top_level);
    /// Its parent has ended without it: it is top level now.
    void orphaned(Cell& cell);
    /// It has ended; to be called once, last of all.
    void ended(Cell& cell);
    [[nodiscard]] std::size_t living() const;

    void begin_shutdown();
    /// Done when every actor has ended and no ask is outstanding.
    [[nodiscard]] const Future<void>& over() const noexcept { return over_; }

private:
    /// Whether the last one has ended: under the lock, and true once.
    [[nodiscard]] bool is_over() noexcept;
    void finish();

    Parts parts_;
    std::atomic<std::size_t> turn_{0};
    std::atomic<std::uint64_t> dead_letters_{0};
    Alarm alarm_;

    mutable std::mutex mutex_;  ///< guards everything below
    std::shared_ptr<const DeadLetterHandler> on_dead_letter_;
    std::set<Address> top_level_;  ///< in the order they were created, which is that of exits
    std::size_t living_ = 0;
    bool shutting_down_ = false;
    bool finished_ = false;

    Promise<void> promise_;
    Future<void> over_;
};

}  // namespace fanfetch::detail
