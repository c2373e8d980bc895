#pragma once

#include "future/time_limit.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace fanfetch::detail {

/// What has to happen at some moment, unless it is taken back before.
class AlarmEntry {
public:
    AlarmEntry() = default;
    AlarmEntry(const AlarmEntry&) = delete;
    AlarmEntry& operator=(const AlarmEntry&) = delete;
    virtual ~AlarmEntry() = default;

    /// The moment has come.
    virtual void due() noexcept = 0;
    /// There will be no moment: the alarm is closed.
    virtual void closed() noexcept = 0;
    /// Nobody is interested any more; the entry may be thrown away.
    [[nodiscard]] virtual bool stale() const noexcept = 0;
};

/// Keeps what waits for its moment: wake-ups, and the asks that have no reply yet. Its thread is
/// started by the first entry with a moment, and woken only for one that is sooner than all.
///
/// Entries without a deadline are kept until they are taken back or the alarm is closed. Stale
/// ones are thrown away as new ones come, at constant cost each.
///
/// Threads  any thread; entries are called and destroyed without the lock, those that are due on
///          the alarm's thread
class Alarm {
public:
    /// Names an entry; the sequence number tells those of one moment apart.
    using Ticket = std::pair<Steady::time_point, std::uint64_t>;

    /// `on_start` is called first on the alarm's thread.
    explicit Alarm(std::function<void()> on_start) : on_start_{std::move(on_start)} {}
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;
    ~Alarm();

    /// The entry's ticket, which is never given again.
    [[nodiscard]] Ticket reserve(const Deadline& deadline) noexcept;
    /// Takes the entry over; on a closed alarm it is told so at once.
    void add(const Ticket& ticket, std::unique_ptr<AlarmEntry> entry);
    /// Throws an entry away, if it is still there.
    void remove(const Ticket& ticket);

    /// Lets go of every entry and takes no more. The thread ends.
    void close() noexcept;
    /// Waits for the thread; after `close`, and not on that thread.
    void join() noexcept;

    [[nodiscard]] std::size_t entries() const;

private:
    using Entries = std::map<Ticket, std::unique_ptr<AlarmEntry>>;

    void ring();
    [[nodiscard]] std::unique_ptr<AlarmEntry> next_due();
    [[nodiscard]] std::vector<std::unique_ptr<AlarmEntry>> take_stale();

    const std::function<void()> on_start_;
    std::atomic<std::uint64_t> last_{0};
    mutable std::mutex mutex_;  ///< guards everything below
    std::condition_variable changed_;
    Entries entries_;
    std::size_t look_at_ = 64;  ///< so many entries are looked through for stale ones
    bool closed_ = false;
    std::thread thread_;
};

}  // namespace fanfetch::detail
