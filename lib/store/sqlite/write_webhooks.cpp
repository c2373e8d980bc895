#include "base/uuid.hpp"
#include "store/block_codec.hpp"
#include "store/row_codec.hpp"
#include "store/sqlite/delivery_row.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/write_session.hpp"

#include <optional>
#include <string>
#include <utility>

// The part of WriteSession that keeps callbacks and the outbox.

namespace fanfetch::sqlite {
namespace {

std::int64_t stored(WallTime time) {
    return std::int64_t{time.time_since_epoch().count()};
}

WallTime wall_time(std::int64_t milliseconds) {
    return WallTime{std::chrono::milliseconds{milliseconds}};
}

Failure no_such_callback() {
    return failed(failure_code::callback_not_found, "finding the callback: there is none");
}

}  // namespace

/// A callback with events of items, and how far it has got.
struct WriteSession::FollowingCallback {
    std::int64_t key = 0;
    std::int64_t job = 0;
    std::string job_id;
    EventSet events;
    std::uint64_t cursor = 0;
    std::uint64_t last_seq = 0;
    bool job_done = false;
};

void WriteSession::find_callbacks(OpenJob& job) {
    std::uint8_t bits = 0;
    Rows rows{find_events_.bind(job.key)};
    while (rows.next()) {
        bits |= static_cast<std::uint8_t>(find_events_.number(0));
    }
    job.events = EventSet{bits};
}

void WriteSession::insert_callback(const OpenJob& job, const CallbackRecord& callback) {
    const auto order = to_json(callback.order);
    const auto endpoint = endpoint_of(callback.order.url);
    Statement insert{
        connection_,
        "INSERT INTO callbacks(id, job, job_id, tenant, endpoint, json, made, events, state,"
        " created_at, cursor, following) VALUES(?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, ?)"};
    insert
        .bind(
            callback.id, job.key, job.id, callback.tenant, endpoint, order, callback.secret_made,
            callback.order.events.bits(), stored(callback.created_at),
            callback.order.events.any_item()
        )
        .run();
}

Expected<void> WriteSession::add_callback(const CallbackRecord& callback) {
    OpenJob* job = find(callback.job_id);
    if (job == nullptr) {
        return no_such_job(callback.job_id);
    }
    Statement find_end{
        connection_,
        "SELECT tenant, reason, finished_at, (SELECT count(*) FROM callbacks WHERE job = jobs.key)"
        " FROM jobs WHERE key = ?"};
    if (!find_end.bind(job->key).step() || find_end.text(0) != callback.tenant) {
        return no_such_job(callback.job_id);
    }
    if (static_cast<std::size_t>(find_end.number(3)) >= most_callbacks) {
        return failed(
            failure_code::callback_limit,
            "adding a callback: the job has " + std::to_string(most_callbacks) + " already"
        );
    }
    insert_callback(*job, callback);
    const auto key = connection_.number("SELECT last_insert_rowid()");
    find_callbacks(*job);
    outbox_grew_ = true;
    if (is_done(job->state)) {
        JobEnding ending;
        ending.state = job->state;
        ending.reason = static_cast<state_reason>(find_end.number(1));
        ending.finished_at = wall_time(find_end.number(2));
        enqueue_ending(*job, ending, key);
    }
    return {};
}

/// Makes deliveries of the end for the callbacks that want to hear of it: all, or one alone.
void WriteSession::enqueue_ending(const OpenJob& job, const JobEnding& ending, std::int64_t only) {
    const auto event = event_of(ending.state);
    if (!event) {
        return;
    }
    auto told = ending;
    told.job_id = job.id;
    told.run = static_cast<std::uint32_t>(job.run);
    told.total = job.total;
    told.tally = job.tally;
    const auto payload = job_payload(*event, told);
    Statement find{
        connection_,
        "SELECT key, events FROM callbacks WHERE job = ?1 AND state = 0"
        " AND (?2 = 0 OR key = ?2) ORDER BY key"};
    find.bind(job.key, only);
    while (find.step()) {
        if (EventSet{static_cast<std::uint8_t>(find.number(1))}.has(*event)) {
            const auto id = make_id("msg");
            insert_delivery_
                .bind(
                    find.number(0), id, static_cast<int>(*event), told.run,
                    stored(told.finished_at), payload
                )
                .run();
        }
    }
    outbox_grew_ = true;
}

void WriteSession::tell_of_end(const OpenJob& job, const JobChange& change) {
    JobEnding ending;
    ending.state = job.state;
    ending.reason = change.reason.value_or(state_reason::none);
    ending.finished_at = change.finished_at.value_or(WallTime{});
    enqueue_ending(job, ending, 0);
}

Expected<void> WriteSession::remove_callback(
    const std::string& job_id, const std::string& callback_id
) {
    Statement find{
        connection_, "SELECT key FROM callbacks WHERE id = ? AND job_id = ? AND job > 0"};
    if (!find.bind(callback_id, job_id).step()) {
        return no_such_callback();
    }
    const auto key = find.number(0);
    Statement{connection_, "UPDATE deliveries SET state = 3 WHERE callback = ? AND state = 0"}
        .bind(key)
        .run();
    Statement{connection_, "DELETE FROM callbacks WHERE key = ?"}.bind(key).run();
    if (const auto known = open_.find(job_id); known != open_.end()) {
        find_callbacks(known->second);
    }
    return {};
}

/// The callbacks stay for the deliveries that are under way or may be replayed.
void WriteSession::orphan_callbacks(const OpenJob& job) {
    if (!job.events.empty()) {
        Statement{connection_, "UPDATE callbacks SET job = 0, following = 0 WHERE job = ?"}
            .bind(job.key)
            .run();
    }
}

/// The job runs again: who wants to hear of items follows it again.
void WriteSession::follow_again(const OpenJob& job) {
    if (!job.events.any_item()) {
        return;
    }
    Statement find{connection_, "SELECT key, events FROM callbacks WHERE job = ? AND state = 0"};
    Statement follow{connection_, "UPDATE callbacks SET following = 1 WHERE key = ?"};
    find.bind(job.key);
    while (find.step()) {
        if (EventSet{static_cast<std::uint8_t>(find.number(1))}.any_item()) {
            follow.bind(find.number(0)).run();
        }
    }
}

std::vector<WriteSession::FollowingCallback> WriteSession::following() {
    Statement find{
        connection_,
        "SELECT c.key, c.job, c.job_id, c.events, c.cursor, j.last_seq, j.state FROM callbacks c"
        " JOIN jobs j ON j.key = c.job WHERE c.following = 1 ORDER BY c.key <= ?, c.key"};
    find.bind(last_followed_);
    std::vector<FollowingCallback> found;
    while (find.step()) {
        FollowingCallback one;
        one.key = find.number(0);
        one.job = find.number(1);
        one.job_id = find.text(2);
        one.events = EventSet{static_cast<std::uint8_t>(find.number(3))};
        one.cursor = static_cast<std::uint64_t>(find.number(4));
        one.last_seq = static_cast<std::uint64_t>(find.number(5));
        one.job_done = is_done(static_cast<job_state>(find.number(6)));
        found.push_back(std::move(one));
    }
    return found;
}

bool WriteSession::fill_outbox(const OutboxFill& fill) {
    auto left = fill.most_results;
    Statement pending{
        connection_, "SELECT count(*) FROM deliveries WHERE callback = ? AND state = 0"};
    for (auto& callback : following()) {
        if (left == 0) {
            return true;
        }
        last_followed_ = callback.key;
        pending.bind(callback.key);
        const auto waiting = pending.step() ? static_cast<std::size_t>(pending.number(0)) : 0;
        pending.reset();
        if (waiting < fill.most_pending &&
            catch_up(std::move(callback), fill.most_pending - waiting, left)) {
            return true;
        }
    }
    return false;
}

/// Turns results into deliveries, at most `room` of them; `left` is how many may still be looked
/// at in this transaction. True when that was not enough.
bool WriteSession::catch_up(FollowingCallback callback, std::size_t room, std::size_t& left) {
    const auto before = callback.cursor;
    while (callback.cursor < callback.last_seq && room > 0 && left > 0) {
        const auto result = recorded_at(callback.job, callback.cursor + 1);
        ++callback.cursor;
        --left;
        const auto event = event_of(result.state);
        if (!event || !callback.events.has(*event)) {
            continue;
        }
        const auto item = item_at(callback.job, result.index);
        const auto id = make_id("msg");
        const auto payload = item_payload(*event, callback.job_id, item, result);
        insert_delivery_
            .bind(
                callback.key, id, static_cast<int>(*event), 1, stored(result.finished_at), payload
            )
            .run();
        --room;
        outbox_grew_ = true;
    }
    // Results of this very group are counted in the row when it is committed, so not yet.
    const auto open = open_.find(callback.job_id);
    const bool row_is_behind = open != open_.end() && open->second.changed;
    const bool caught_up = callback.cursor == callback.last_seq;
    const bool over = callback.job_done && caught_up && !row_is_behind;
    if (callback.cursor != before || over) {
        Statement move{
            connection_, "UPDATE callbacks SET cursor = ?2, following = ?3 WHERE key = ?1"};
        move.bind(callback.key, callback.cursor, !over).run();
    }
    return left == 0 && !caught_up;
}

ItemResult WriteSession::recorded_at(std::int64_t job, std::uint64_t seq) {
    const Rows rows{find_results_};
    if (!find_results_.bind(row_key(job, 0), row_key(job, seq)).step()) {
        throw_damaged("a block of results is missing");
    }
    auto skip = seq - low_half(find_results_.number(0));
    BlockReader block{find_results_.blob(1), result_block_version};
    auto record = block.next();
    for (; record && skip > 0; --skip) {
        record = block.next();
    }
    auto result = record ? decode_result(*record, result_detail::without_attempts) : std::nullopt;
    if (!result) {
        throw_damaged("a result cannot be read");
    }
    result->seq = seq;
    return *std::move(result);
}

Item WriteSession::item_at(std::int64_t job, std::uint64_t index) {
    Statement find{
        connection_,
        "SELECT pos, block FROM items WHERE pos BETWEEN ? AND ? ORDER BY pos DESC LIMIT 1"};
    if (!find.bind(row_key(job, 0), row_key(job, index)).step()) {
        throw_damaged("a block of items is missing");
    }
    auto skip = index - low_half(find.number(0));
    BlockReader block{find.blob(1), item_block_version};
    auto record = block.next();
    for (; record && skip > 0; --skip) {
        record = block.next();
    }
    auto item = record ? decode_item(*record) : std::nullopt;
    if (!item) {
        throw_damaged("an item cannot be read");
    }
    item->index = index;
    return *std::move(item);
}

void WriteSession::settle(const DeliverySettlement& settled) {
    const auto& attempt = settled.attempt;
    Statement update{
        connection_,
        "UPDATE deliveries SET state = ?2, attempts = attempts + 1, last_at = ?3, last_status = ?4,"
        " last_size = ?5, last_code = ?6, due_at = coalesce(?7, due_at)"
        " WHERE id = ?1 AND state = 0 RETURNING callback"};
    std::optional<std::int64_t> next;
    if (settled.next_attempt_at) {
        next = stored(*settled.next_attempt_at);
    }
    update.bind(
        settled.id, static_cast<int>(settled.state), stored(attempt.at), attempt.status,
        attempt.size, static_cast<int>(attempt.code), next
    );
    if (!update.step()) {
        return;
    }
    const auto callback = update.number(0);
    update.reset();
    outbox_grew_ = true;  // there is room for another, or a time to wait for
    if (settled.disable_callback) {
        Statement{connection_, "UPDATE callbacks SET state = 1, following = 0 WHERE key = ?"}
            .bind(callback)
            .run();
        Statement{connection_, "UPDATE deliveries SET state = 3 WHERE callback = ? AND state = 0"}
            .bind(callback)
            .run();
    }
}

Expected<DeliveryRecord> WriteSession::replay(
    const std::string& tenant, const std::string& id, WallTime now
) {
    Statement find{connection_, "SELECT callback FROM deliveries WHERE tenant = ? AND id = ?"};
    if (!find.bind(tenant, id).step()) {
        return failed(failure_code::delivery_not_found, "finding the delivery: there is none");
    }
    const auto callback = find.number(0);
    find.reset();
    Statement revive{
        connection_,
        "UPDATE callbacks SET state = 0,"
        " following = CASE WHEN job > 0 AND events >= 16 THEN 1 ELSE 0 END"
        " WHERE key = ?"};
    revive.bind(callback).run();
    if (connection_.changes() == 0) {
        return failed(
            failure_code::callback_not_found, "replaying the delivery: its callback was removed"
        );
    }
    Statement{
        connection_, "UPDATE deliveries SET state = 0, attempts = 0, due_at = ?2 WHERE id = ?1"}
        .bind(id, stored(now))
        .run();
    outbox_grew_ = true;
    Statement read{connection_, std::string{delivery_columns} + " FROM deliveries WHERE id = ?"};
    if (!read.bind(id).step()) {
        throw_damaged("a delivery is there and cannot be found");
    }
    return delivery_record(read);
}

bool WriteSession::prune_deliveries(const DeliveryRetention& retention) {
    constexpr std::size_t at_a_time = 1024;
    std::size_t gone = 0;
    std::string tenant;
    Statement next{
        connection_,
        "SELECT tenant FROM deliveries WHERE state <> 0 AND tenant > ?"
        " ORDER BY tenant LIMIT 1"};
    Statement cut{
        connection_,
        "SELECT created_at FROM deliveries WHERE state <> 0 AND tenant = ?"
        " ORDER BY created_at DESC LIMIT 1 OFFSET ?"};
    Statement erase{
        connection_,
        "DELETE FROM deliveries WHERE key IN (SELECT key FROM deliveries"
        " WHERE state <> 0 AND tenant = ? AND created_at <= ?"
        " ORDER BY created_at LIMIT ?)"};
    while (gone < at_a_time && next.bind(tenant).step()) {
        tenant = next.text(0);
        next.reset();
        auto before = stored(retention.before) - 1;
        if (cut.bind(tenant, retention.most_finished).step()) {
            before = std::max(before, cut.number(0));
        }
        cut.reset();
        erase.bind(tenant, before, at_a_time - gone).run();
        gone += static_cast<std::size_t>(connection_.changes());
    }
    Statement orphans{
        connection_,
        "DELETE FROM callbacks WHERE key IN (SELECT key FROM callbacks c WHERE job = 0"
        " AND NOT EXISTS (SELECT 1 FROM deliveries WHERE callback = c.key) LIMIT ?)"};
    orphans.bind(at_a_time).run();
    return gone >= at_a_time || connection_.changes() >= static_cast<std::int64_t>(at_a_time);
}

}  // namespace fanfetch::sqlite
