#pragma once

#include "store/job_store.hpp"
#include "store/sqlite/compactor.hpp"
#include "store/sqlite/data_directory.hpp"
#include "store/sqlite/group_writer.hpp"
#include "store/sqlite/open.hpp"
#include "store/sqlite/read_pool.hpp"

#include <memory>
#include <string>
#include <vector>

namespace fanfetch::sqlite {

/// The store of one machine: SQLite for rows, segments for bodies. See lib/store/README.md.
///
/// Errors   as JobStore; reads throw StoreError
/// Threads  any thread. Destroying it writes what is queued; by then nobody may use it
class SqliteJobStore final : public JobStore {
public:
    /// Takes a database that has been judged, and the segments as recovery left them.
    SqliteJobStore(
        DataDirectory directory, StoreOptions options, std::shared_ptr<SegmentFiles> files,
        std::unique_ptr<Connection> connection, SegmentWriter segments
    );
    ~SqliteJobStore() override;

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
    template <class Operation, class... Args>
    auto queue(Args&&... args);

    DataDirectory directory_;
    StoreOptions options_;
    std::shared_ptr<SegmentFiles> files_;
    Compactor compactor_;  // before the writer, which wakes it
    GroupWriter writer_;
    ReadPool readers_;  // after the writer: its connections are closed first
};

}  // namespace fanfetch::sqlite
