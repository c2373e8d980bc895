#pragma once

#include "store/segment_writer.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/open.hpp"
#include "store/sqlite/write.hpp"
#include "store/sqlite/write_queue.hpp"
#include "store/sqlite/write_session.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace fanfetch::sqlite {

/// The thread that writes: takes what is queued, makes the bodies of the group durable, commits
/// its rows in one transaction, and then answers, in the order of asking.
///
/// It owns the only connection that writes and checkpoints. What takes longer than one transaction
/// (cancelling or erasing a large job) goes on a step at a time beside the groups. After a failure
/// it tries again every second, with whatever has to be written in any case or with an empty
/// transaction, so that everything goes on by itself when there is room again.
///
/// `erased` is called when all that was to be erased is.
///
/// Threads  `push` and `writable` from any thread; answers are given on the writer's
class GroupWriter {
public:
    GroupWriter(
        std::unique_ptr<Connection> connection, std::shared_ptr<SegmentFiles> files,
        SegmentWriter segments, const StoreOptions& options, std::function<void()> erased
    );
    /// Writes what is queued, and ends.
    ~GroupWriter();
    GroupWriter(const GroupWriter&) = delete;
    GroupWriter& operator=(const GroupWriter&) = delete;

    /// Queues a write; one that comes too late is answered with store_unavailable at once.
    void push(std::unique_ptr<Write> write);

    [[nodiscard]] Expected<void> writable() const;
    [[nodiscard]] std::uint64_t stored_bytes(const std::string& tenant) const {
        return session_.stored_bytes(tenant);
    }

    /// `told` is called after groups that may have given the webhooks' sender something to do.
    void watch_outbox(std::function<void()> told);

private:
    using Writes = std::vector<std::unique_ptr<Write>>;

    void run();
    void write(Writes group);
    [[nodiscard]] Expected<void> write_group(Writes& writes, std::vector<bool>& finished);
    [[nodiscard]] Expected<void> write_bodies(Writes& writes, std::vector<bool>& finished);
    void write_rows(Writes& writes, std::vector<bool>& finished);
    void before(store_step step) const;
    [[nodiscard]] Expected<void> enough_room() const;
    [[nodiscard]] std::optional<Steady::time_point> next_look() const;
    void note(const Expected<void>& outcome);
    void bound_wal();
    void tell_sender();

    const StoreOptions& options_;
    const std::function<void()> erased_;
    std::unique_ptr<Connection> connection_;
    std::shared_ptr<SegmentFiles> files_;
    SegmentWriter segments_;
    WriteSession session_;
    WriteQueue queue_;
    Writes unfinished_;  // long operations between two of their steps, and what failed and waits
    bool closing_ = false;
    bool erasing_ = true;  // there may be rows of jobs that vanished
    int wal_pages_ = 0;
    mutable std::mutex mutex_;
    std::optional<Failure> failing_;  // the newest group failed; guarded by mutex_
    std::function<void()> told_;      // guarded by mutex_
    std::jthread thread_;             // last: it uses all of the above
};

}  // namespace fanfetch::sqlite
