#include "store/sqlite/group_writer.hpp"

#include "future/errors.hpp"
#include "store/store_error.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>

#include <pthread.h>

namespace fanfetch::sqlite {
namespace {

// A checkpoint holds up the writer, so it is done often and small; when readers have kept it from
// starting the WAL afresh for long, it waits for them.
constexpr int checkpoint_pages = 2048;
constexpr int longest_wal_pages = 12'288;  // 48 MiB

constexpr std::chrono::seconds between_probes{1};

int remember_pages(void* pages, sqlite3*, const char*, int count) {
    *static_cast<int*>(pages) = count;
    return SQLITE_OK;
}

}  // namespace

GroupWriter::GroupWriter(
    std::unique_ptr<Connection> connection, std::shared_ptr<SegmentFiles> files,
    SegmentWriter segments, const StoreOptions& options, std::function<void()> erased
)
    : options_{options},
      erased_{std::move(erased)},
      connection_{std::move(connection)},
      files_{std::move(files)},
      segments_{std::move(segments)},
      session_{*connection_, *files_, segments_} {
    sqlite3_wal_hook(connection_->handle(), remember_pages, &wal_pages_);
    thread_ = std::jthread{[this] { run(); }};
}

GroupWriter::~GroupWriter() {
    queue_.close();
    thread_.join();
}

void GroupWriter::push(std::unique_ptr<Write> write) {
    if (!queue_.push(write)) {
        write->fail(failed(failure_code::store_unavailable, "writing: the store is closed"));
        write->acknowledge();
    }
}

void GroupWriter::run() {
    pthread_setname_np(pthread_self(), "store-writer");
    while (auto group = queue_.take(next_look())) {
        write(*std::move(group));
    }
    closing_ = true;
    while (!unfinished_.empty()) {
        write({});
    }
}

/// When to look again although nothing has been asked for; never, when there is nothing to do.
std::optional<Steady::time_point> GroupWriter::next_look() const {
    const std::lock_guard lock{mutex_};
    if (failing_) {
        return Steady::now() + between_probes;
    }
    return erasing_ || !unfinished_.empty() ? std::optional{Steady::now()} : std::nullopt;
}

void GroupWriter::write(Writes group) {
    std::move(unfinished_.begin(), unfinished_.end(), std::back_inserter(group));
    unfinished_.clear();
    std::vector<bool> finished(group.size(), false);
    const bool was_erasing = erasing_;
    const auto began = Steady::now();
    const auto outcome = write_group(group, finished);
    if (options_.metrics != nullptr && outcome && !group.empty()) {
        const std::chrono::duration<double> took = Steady::now() - began;
        options_.metrics->commit_seconds.observe_elsewhere(took.count());
    }
    note(outcome);
    if (outcome && was_erasing && !erasing_) {
        erased_();
    }
    for (std::size_t i = 0; i < group.size(); ++i) {
        const bool goes_on = outcome ? !finished[i] : !closing_ && group[i]->try_again();
        if (goes_on) {
            unfinished_.push_back(std::move(group[i]));
            continue;
        }
        if (!outcome) {
            group[i]->fail(outcome.error());
        }
        group[i]->acknowledge();
    }
    tell_sender();
    bound_wal();
}

void GroupWriter::watch_outbox(std::function<void()> told) {
    const std::lock_guard lock{mutex_};
    told_ = std::move(told);
}

void GroupWriter::tell_sender() {
    if (!session_.take_news()) {
        return;
    }
    const std::lock_guard lock{mutex_};
    if (told_) {
        told_();
    }
}

void GroupWriter::note(const Expected<void>& outcome) {
    const std::lock_guard lock{mutex_};
    if (!outcome && !failing_) {
        report_error("writing to the store", std::make_exception_ptr(StoreError{outcome.error()}));
    }
    failing_ = outcome ? std::nullopt : std::optional{outcome.error()};
}

Expected<void> GroupWriter::write_group(Writes& writes, std::vector<bool>& finished) try {
    if (auto written = write_bodies(writes, finished); !written) {
        segments_.roll_back();
        return written;
    }
    write_rows(writes, finished);
    segments_.keep();
    if (options_.seams.before) {
        options_.seams.before(store_step::committed);
    }
    return {};
} catch (const DatabaseError& error) {
    session_.roll_back();
    segments_.roll_back();
    return error.failure();
} catch (const std::exception& error) {  // out of memory, say: the next group may fare better
    session_.roll_back();
    segments_.roll_back();
    return failed(failure_code::store_unavailable, std::string{"writing a group: "} + error.what());
}

Expected<void> GroupWriter::write_bodies(Writes& writes, std::vector<bool>& finished) {
    std::optional<Expected<void>> room;  // asked for once, if at all
    for (std::size_t i = 0; i < writes.size(); ++i) {
        if (writes[i]->brings_work() && !room) {
            room = enough_room();
        }
        if (writes[i]->brings_work() && !*room) {
            writes[i]->fail(room->error());
            finished[i] = true;
            continue;
        }
        if (auto written = writes[i]->write_bodies(segments_); !written) {
            return written;
        }
    }
    return segments_.flush();
}

void GroupWriter::write_rows(Writes& writes, std::vector<bool>& finished) {
    before(store_step::begin);
    session_.begin();
    for (std::size_t i = 0; i < writes.size(); ++i) {
        if (!finished[i]) {
            before(store_step::rows);
            finished[i] = writes[i]->write_rows(session_);
        }
    }
    // Also after an erasure in this very group: the flag only ever says that there may be some.
    erasing_ = session_.erase_some();
    before(store_step::commit);
    session_.commit();
}

void GroupWriter::before(store_step step) const {
    const int error = options_.seams.before ? options_.seams.before(step) : 0;
    if (error != 0) {
        throw DatabaseError{
            error == ENOSPC ? SQLITE_FULL : SQLITE_IOERR, std::generic_category().message(error)};
    }
}

Expected<void> GroupWriter::enough_room() const {
    if (files_->refused_body_lately()) {
        return failed(
            failure_code::disk_low, "taking new work: a body found no room on the disk just now"
        );
    }
    const auto left = free_bytes(options_);
    if (left && *left < options_.min_free.bytes) {
        return failed(
            failure_code::disk_low, "taking new work: " + to_string(ByteSize{*left}) +
                                        " left on the disk, less than data.min_free"
        );
    }
    return {};
}

Expected<void> GroupWriter::writable() const {
    {
        const std::lock_guard lock{mutex_};
        if (failing_) {
            return *failing_;
        }
    }
    return enough_room();
}

void GroupWriter::bound_wal() {
    if (wal_pages_ < checkpoint_pages ||
        (options_.seams.before && options_.seams.before(store_step::checkpoint) != 0)) {
        return;
    }
    const int how =
        wal_pages_ < longest_wal_pages ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
    // One that fails is tried again after the next group; until then the WAL holds the rows.
    if (sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr, how, nullptr, nullptr) ==
        SQLITE_OK) {
        wal_pages_ = 0;
    }
}

}  // namespace fanfetch::sqlite
