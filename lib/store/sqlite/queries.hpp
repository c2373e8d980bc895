#pragma once

#include "store/block_codec.hpp"
#include "store/job_store.hpp"
#include "store/row_codec.hpp"
#include "store/sqlite/connection.hpp"
#include "store/store_error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch::sqlite {

/// The reading side of the store on one connection. Every call sees one moment of the database.
///
/// Errors   StoreError when the database cannot be read or a row is damaged
/// Threads  one at a time
class Queries {
public:
    explicit Queries(const std::string& path);

    [[nodiscard]] std::optional<JobRecord> find_job(const std::string& job_id);
    [[nodiscard]] std::vector<JobRecord> list_jobs(const JobQuery& query);
    [[nodiscard]] std::vector<JobRecord> unfinished_jobs();
    [[nodiscard]] std::vector<std::string> expired_jobs(WallTime now, std::size_t limit);
    [[nodiscard]] std::vector<HostRecord> hosts();
    [[nodiscard]] std::optional<RequestKey> find_key(
        const std::string& tenant, const std::string& key
    );
    [[nodiscard]] ItemsFound scan_unfinished(const ItemScan& scan);
    [[nodiscard]] std::vector<ItemRow> results_by_seq(const ResultQuery& query);
    [[nodiscard]] std::vector<ItemRow> items_by_index(const ResultQuery& query);
    [[nodiscard]] std::optional<ItemRow> find_item(const std::string& job_id, std::uint64_t index);
    [[nodiscard]] std::vector<std::optional<StoredCopy>> find_copies(
        const std::string& tenant, const std::vector<CopyQuery>& wanted, WallTime now
    );
    [[nodiscard]] std::vector<CallbackRecord> callbacks(const std::string& job_id);
    [[nodiscard]] DueFound due_deliveries(const DueQuery& query);
    [[nodiscard]] std::vector<DeliveryRecord> deliveries(const DeliveryQuery& query);

private:
    /// What the lists need of a job.
    struct JobKey {
        std::int64_t key = 0;
        std::uint64_t total = 0;
        std::uint64_t last_seq = 0;
        std::uint64_t low_water = 0;
        bool run_again = false;  ///< some results may have been replaced
    };
    /// A block of rows that stays decoded while neighbours of it are asked for.
    template <class Record>
    struct Block {
        std::int64_t job = -1;
        std::uint64_t first = 0;
        std::vector<Record> records;
    };

    template <class Answer>
    auto in_one_moment(Answer answer) -> decltype(answer());
    [[nodiscard]] std::optional<JobKey> key_of(const std::string& job_id);
    [[nodiscard]] JobRecord job_record(Statement& row) const;
    [[nodiscard]] const Item& item_at(std::int64_t job, std::uint64_t index);
    [[nodiscard]] const Item* unfinished_at(std::int64_t job, std::uint64_t index);
    [[nodiscard]] const std::string& record_at(std::int64_t job, std::uint64_t seq);
    [[nodiscard]] ItemResult result_at(std::int64_t job, std::uint64_t seq, result_detail wanted);
    [[nodiscard]] std::optional<StoredCopy> find_copy(
        const std::string& tenant, const CopyQuery& wanted, WallTime now
    );
    [[nodiscard]] bool replaced(const JobKey& job, std::uint64_t seq);
    [[nodiscard]] std::uint32_t seq_of(std::int64_t job, std::uint64_t index);
    void forget_blocks();

    Connection connection_;
    Block<Item> items_;
    Block<std::string> results_;  // still encoded: most are read once
    std::int64_t seqs_key_ = -1;
    SeqBlock seqs_;

    Statement begin_;
    Statement end_;
    Statement find_job_;
    Statement find_key_;
    Statement list_jobs_;
    Statement unfinished_;
    Statement expired_;
    Statement find_items_;
    Statement find_results_;
    Statement find_outcomes_;
    Statement hosts_;
    Statement find_request_key_;
    Statement find_copy_;
};

template <class Answer>
auto Queries::in_one_moment(Answer answer) -> decltype(answer()) {
    struct Moment {
        Queries& queries;
        ~Moment() {
            queries.forget_blocks();
            try {
                queries.end_.run();
            } catch (const DatabaseError&) {
                queries.end_.reset();  // a read has nothing to lose
            }
        }
    };
    try {
        begin_.run();
        const Moment moment{*this};
        return answer();
    } catch (const DatabaseError& error) {
        throw StoreError{error.failure(), error.damaged()};
    }
}

}  // namespace fanfetch::sqlite
