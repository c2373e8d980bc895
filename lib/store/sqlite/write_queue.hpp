#pragma once

#include "base/time.hpp"
#include "store/sqlite/group_pace.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace fanfetch::sqlite {

class Write;

/// What callers want written, in the order they asked.
///
/// Threads  `push` and `close` from any thread, `take` from the writer
class WriteQueue {
public:
    using Group = std::vector<std::unique_ptr<Write>>;

    WriteQueue();
    ~WriteQueue();

    /// False when the queue is closed; `write` is then untouched.
    [[nodiscard]] bool push(std::unique_ptr<Write>& write);

    /// Waits until there is a group to write and takes it, bounded in size; an empty group when
    /// `until` passes before, nullopt when the queue is closed and empty.
    [[nodiscard]] std::optional<Group> take(std::optional<Steady::time_point> until);
    void close();

private:
    [[nodiscard]] Group take_group();

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<std::unique_ptr<Write>> waiting_;
    std::size_t waiting_items_ = 0;
    std::size_t wake_at_ = 1;  // items that end the writer's sleep; it needs no call for less
    bool closed_ = false;
    GroupPace pace_;
};

}  // namespace fanfetch::sqlite
