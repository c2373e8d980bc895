#pragma once

#include "base/time.hpp"
#include "store/job_store.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch {

/// A store that forgets everything when it goes: for the tests of others, and for `get`.
///
/// Keeps JobStore's contract, except that nothing survives. Writes are done before the call
/// returns, so that every future is ready and callbacks run in the caller's thread.
///
/// Threads  any thread; one lock, held for the time of one operation
class MemoryJobStore : public JobStore {
public:
    explicit MemoryJobStore(const Clock& clock = system_clock()) : clock_{clock} {}

    Future<Expected<void>> create_job(JobRecord job) override;
    using JobStore::append_items;
    Future<Expected<Commit>> append_items(
        std::string job_id, std::vector<Item> items, std::optional<RequestKey> key
    ) override;
    Future<Expected<std::vector<Commit>>> record(std::vector<ResultGroup> groups) override;
    Future<Expected<void>> change_job(std::string job_id, JobChange change) override;
    Future<Expected<Commit>> cancel_rest(std::string job_id, failure_code code, JobChange change)
        override;
    Future<Expected<std::uint64_t>> rerun(
        std::string job_id, std::optional<RerunSelection> selection, JobChange change
    ) override;
    Future<Expected<void>> save_key(RequestKey key) override;
    Future<Expected<std::uint64_t>> forget_keys(WallTime before) override;
    [[nodiscard]] std::optional<RequestKey> find_key(
        const std::string& tenant, const std::string& key
    ) override;
    Future<Expected<void>> erase_job(std::string job_id) override;
    Future<Expected<void>> save_hosts(std::vector<HostRecord> hosts) override;
    [[nodiscard]] std::vector<HostRecord> hosts() override;

    [[nodiscard]] std::optional<JobRecord> find_job(const std::string& job_id) override;
    [[nodiscard]] std::vector<JobRecord> list_jobs(const JobQuery& query) override;
    [[nodiscard]] std::vector<JobRecord> unfinished_jobs() override;
    [[nodiscard]] std::vector<std::string> expired_jobs(WallTime now, std::size_t limit) override;
    [[nodiscard]] ItemsFound scan_unfinished(const ItemScan& scan) override;
    [[nodiscard]] std::vector<ItemRow> results_by_seq(const ResultQuery& query) override;
    [[nodiscard]] std::vector<ItemRow> items_by_index(const ResultQuery& query) override;
    [[nodiscard]] std::optional<ItemRow> find_item(const std::string& job_id, std::uint64_t index)
        override;

    [[nodiscard]] std::vector<std::optional<StoredCopy>> find_copies(
        const std::string& tenant, const std::vector<CopyQuery>& wanted, WallTime now
    ) override;

    using JobStore::add_callback;
    Future<Expected<void>> add_callback(CallbackRecord callback, std::optional<RequestKey> key)
        override;
    Future<Expected<void>> remove_callback(std::string job_id, std::string callback_id) override;
    [[nodiscard]] std::vector<CallbackRecord> callbacks(const std::string& job_id) override;
    Future<Expected<bool>> fill_outbox(OutboxFill fill) override;
    [[nodiscard]] DueFound due_deliveries(const DueQuery& query) override;
    Future<Expected<void>> settle_deliveries(std::vector<DeliverySettlement> settled) override;
    [[nodiscard]] std::vector<DeliveryRecord> deliveries(const DeliveryQuery& query) override;
    Future<Expected<DeliveryRecord>> replay_delivery(
        std::string tenant, std::string id, WallTime now
    ) override;
    Future<Expected<bool>> prune_deliveries(DeliveryRetention retention) override;
    void watch_outbox(std::function<void()> told) override;

    [[nodiscard]] Expected<std::string> read_payload(
        const BodyRef& body, std::uint64_t offset, std::size_t length
    ) override;
    [[nodiscard]] Expected<std::string> read_head(const BodyRef& body) override;
    [[nodiscard]] Expected<void> writable() const override;
    [[nodiscard]] std::uint64_t stored_bytes(const std::string& tenant) const override;
    [[nodiscard]] Expected<std::unique_ptr<LongBody>> begin_long_body() override;

private:
    struct Job {
        JobRecord record;
        std::uint64_t stored = 0;  // bytes of bodies
        std::vector<Item> items;
        std::vector<ItemResult> results;                  // by seq - 1
        std::vector<std::uint64_t> seq_of;                // by index; 0: no result
        std::map<RequestDigest, std::uint64_t> requests;  // the first item with each
        std::map<std::uint64_t, std::uint64_t> replaced;  // index -> seq of an item to run again
    };
    struct Callback {
        CallbackRecord record;
        std::uint64_t cursor = 0;  // results up to here have been made deliveries
        bool orphaned = false;     // its job is gone
    };
    struct Delivery {
        DeliveryRecord record;
        std::uint64_t callback = 0;  // its key
        WallTime due_at{};
        std::string payload;
    };
    struct Body {
        std::string head;
        std::optional<std::string> payload;
    };
    struct Copy {
        std::string job_id;
        std::uint64_t seq = 0;
        CopyTerms terms;
    };
    class MemoryLongBody;

    [[nodiscard]] Job* find(const std::string& job_id);
    [[nodiscard]] BodyRef keep_body(Body body);
    void record_one(Job& job, ItemResult result);
    void keep_copy(const Job& job, const CopyTerms& terms);
    [[nodiscard]] static ItemResult copied(const Job& job, std::uint64_t of, ItemResult to);
    void apply(Job& job, const JobChange& wanted);
    void keep_key(RequestKey key);
    void keep_callback(CallbackRecord callback);
    void enqueue(std::uint64_t callback, webhook_event event, WallTime at, std::string payload);
    void tell_of_end(const Job& job, std::optional<std::uint64_t> only);
    void tell_sender();
    void orphan_callbacks(const std::string& job_id);
    [[nodiscard]] std::size_t pending_of(std::uint64_t callback) const;
    void drop_pending(std::uint64_t callback);
    [[nodiscard]] static Commit commit_of(const Job& job);
    [[nodiscard]] static ItemRow row(const Job& job, std::uint64_t index, bool with_attempts);
    [[nodiscard]] Expected<Body> find_body(const BodyRef& body);

    const Clock& clock_;
    mutable std::mutex mutex_;
    std::map<std::string, Job> jobs_;  // ids sort by time
    std::map<std::uint64_t, Body> bodies_;
    std::map<std::string, HostRecord> hosts_;
    std::map<std::pair<std::string, std::string>, RequestKey> keys_;  // by tenant and key
    std::map<std::pair<std::string, RequestDigest>, Copy> copies_;    // by tenant
    std::uint64_t last_body_ = 0;
    std::map<std::uint64_t, Callback> callbacks_;  // keys rise with registration
    std::map<std::uint64_t, Delivery> deliveries_;
    std::uint64_t last_key_ = 0;
    std::function<void()> told_;
};

}  // namespace fanfetch
