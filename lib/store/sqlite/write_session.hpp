#pragma once

#include "base/time.hpp"
#include "model/webhook_payload.hpp"
#include "store/job_store.hpp"
#include "store/segment_holes.hpp"
#include "store/segment_writer.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/open_job.hpp"
#include "store/sqlite/stored_bytes.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace fanfetch::sqlite {

/// Everything that one group of writes does to the database, between `begin` and `commit`.
///
/// The rows of a group are collected per job and written by `commit`: blocks of results, the
/// outcomes they changed, one row of counters for each job. A Failure of one operation leaves the
/// others of its group alone; a DatabaseError takes the whole group with it, and `roll_back` must
/// follow.
///
/// Errors   Failures as JobStore says; DatabaseError from SQLite
/// Threads  one owner: the thread that writes
class WriteSession {
public:
    WriteSession(Connection& connection, SegmentFiles& files, SegmentWriter& segments);

    void begin();
    void commit();
    void roll_back() noexcept;

    [[nodiscard]] Expected<void> create_job(const JobRecord& job);
    [[nodiscard]] Expected<Commit> append_items(
        const std::string& job_id, const std::vector<Item>& items, WallTime now
    );
    /// An empty Commit when the job is gone.
    [[nodiscard]] Commit record(const ResultGroup& group);
    [[nodiscard]] Expected<void> change_job(const std::string& job_id, const JobChange& change);

    /// Cancels some items from `cursor` on and moves it; at the job's total there are none left.
    [[nodiscard]] Expected<Commit> cancel_some(
        const std::string& job_id, failure_code code, WallTime now, std::uint64_t& cursor
    );

    /// Puts some items of a done job back to be run again, from `cursor` on, and moves it.
    struct RerunStep {
        bool complete = false;         ///< there are none left
        std::uint64_t unfinished = 0;  ///< items that have no result now
    };
    [[nodiscard]] Expected<RerunStep> rerun_some(
        const std::string& job_id, const RerunSelection& selection, const JobChange& change,
        std::uint64_t& cursor
    );
    /// What a crash interrupted; nullopt when nothing was.
    [[nodiscard]] Expected<std::optional<RerunSelection>> interrupted_rerun(
        const std::string& job_id
    );

    void save_key(const RequestKey& key);
    /// Forgets some older keys; how many went.
    [[nodiscard]] std::uint64_t forget_some_keys(WallTime before);

    void save_hosts(const std::vector<HostRecord>& hosts);

    // Webhooks, as WebhookStore has them.
    [[nodiscard]] Expected<void> add_callback(const CallbackRecord& callback);
    [[nodiscard]] Expected<void> remove_callback(
        const std::string& job_id, const std::string& callback_id
    );
    [[nodiscard]] bool fill_outbox(const OutboxFill& fill);
    void settle(const DeliverySettlement& settled);
    [[nodiscard]] Expected<DeliveryRecord> replay(
        const std::string& tenant, const std::string& id, WallTime now
    );
    [[nodiscard]] bool prune_deliveries(const DeliveryRetention& retention);
    /// Whether a group that was committed may have given the sender something to do; asked once.
    [[nodiscard]] bool take_news() noexcept { return std::exchange(news_, false); }

    /// Makes a job vanish; its rows go by `erase_some`.
    [[nodiscard]] Expected<void> begin_erase(const std::string& job_id);
    /// Deletes some rows of jobs that vanished. False when there are none left.
    [[nodiscard]] bool erase_some();

    /// What a tenant has in segments. Any thread.
    [[nodiscard]] std::uint64_t stored_bytes(const std::string& tenant) const {
        return stored_.of(tenant);
    }

private:
    [[nodiscard]] OpenJob* find(const std::string& job_id);
    [[nodiscard]] OpenJob::Outcomes& outcomes_of(OpenJob& job, std::uint64_t index);
    /// False when the item has a result already or does not exist.
    bool record_one(OpenJob& job, const ItemResult& result);
    void record_copy(OpenJob& job, const ResultToRecord& done);
    void keep_copy(const OpenJob& job, const CopyTerms& terms);
    [[nodiscard]] std::optional<std::uint64_t> first_with(
        OpenJob& job, const Item& item, std::uint64_t index
    );
    [[nodiscard]] std::optional<ItemResult> result_at(OpenJob& job, std::uint64_t index);
    [[nodiscard]] ItemResult result_of_seq(
        OpenJob& job, std::uint32_t seq, result_detail wanted = result_detail::without_attempts
    );
    /// The block of results that was read last: neighbours stand in it.
    struct ReadBlock {
        std::uint64_t first = 0;
        std::vector<std::string> records;
    };
    [[nodiscard]] ItemResult result_in(OpenJob& job, std::uint32_t seq, ReadBlock& block);
    void begin_rerun(OpenJob& job, const RerunSelection& selection, const JobChange& change);
    void take_back(OpenJob& job, const ItemResult& result, std::uint32_t& slot);
    void write_state(OpenJob& job, const JobChange& change);
    struct FollowingCallback;
    void find_callbacks(OpenJob& job);
    void insert_callback(const OpenJob& job, const CallbackRecord& callback);
    void enqueue_ending(const OpenJob& job, const JobEnding& ending, std::int64_t only);
    void tell_of_end(const OpenJob& job, const JobChange& change);
    [[nodiscard]] std::vector<FollowingCallback> following();
    [[nodiscard]] bool catch_up(FollowingCallback callback, std::size_t room, std::size_t& left);
    [[nodiscard]] Item item_at(std::int64_t job, std::uint64_t index);
    [[nodiscard]] ItemResult recorded_at(std::int64_t job, std::uint64_t seq);
    void orphan_callbacks(const OpenJob& job);
    void follow_again(const OpenJob& job);
    void touch(OpenJob& job);
    void write_results(OpenJob& job);
    void write_job(OpenJob& job);
    void advance_low_water(OpenJob& job);
    void drop_finished_blocks(OpenJob& job);
    void note_body(OpenJob* job, const ResultToRecord& done, bool recorded);
    enum class referring : std::uint8_t { owner, copy };
    void refer_to(OpenJob& job, const BodyRef& body, referring as);
    void write_holdings(OpenJob& job);
    void write_segments();
    void claim_segments();
    void collect_dead_segments();
    void find_erased();
    [[nodiscard]] bool erase_results(std::int64_t job);
    [[nodiscard]] bool erase_rows(const char* sql, std::int64_t job);
    [[nodiscard]] bool erase_keyed(const char* sql, std::int64_t job);
    void forget_group() noexcept;
    [[nodiscard]] static Commit commit_of(const OpenJob& job);
    [[nodiscard]] static Failure no_such_job(const std::string& id);

    /// What one group adds to the row of a segment.
    struct SegmentRows {
        std::uint64_t references = 0;
        std::uint64_t end = 0;
    };

    Connection& connection_;
    SegmentFiles& files_;
    SegmentWriter& segments_;
    StoredBytes stored_;

    std::unordered_map<std::string, OpenJob> open_;
    std::vector<OpenJob*> changed_;
    std::map<std::uint64_t, SegmentRows> references_;  // of this group, by segment
    std::vector<std::uint64_t> unclaimed_;  // segments of long bodies whose result was dropped
    std::vector<std::uint64_t> dead_;       // without a row after the commit: the file goes then
    std::vector<std::int64_t> erasing_;     // keys of jobs that vanished
    bool erasing_known_ = false;
    bool erasure_began_ = false;  // in this group
    SegmentHoles holes_;
    bool outbox_grew_ = false;        // in this group
    bool news_ = false;               // in a group that was committed
    std::int64_t last_followed_ = 0;  // where catching up goes on
    std::string scratch_;

    Statement begin_;
    Statement commit_;
    Statement rollback_;
    Statement count_commit_;
    Statement find_job_;
    Statement insert_job_;
    Statement insert_options_;
    Statement update_options_;
    Statement update_job_;
    Statement update_state_;
    Statement insert_items_;
    Statement insert_results_;
    Statement find_outcomes_;
    Statement put_outcomes_;
    Statement put_segment_;
    Statement put_holding_;
    Statement has_segment_;
    Statement put_host_;
    Statement forget_host_;
    Statement insert_request_;
    Statement find_request_;
    Statement put_copy_;
    Statement find_results_;
    Statement find_events_;
    Statement insert_delivery_;
    Statement put_key_;
    Statement forget_keys_;
};

}  // namespace fanfetch::sqlite
