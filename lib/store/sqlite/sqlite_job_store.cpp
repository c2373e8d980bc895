#include "store/sqlite/sqlite_job_store.hpp"

#include "store/long_body.hpp"
#include "store/segment_reader.hpp"
#include "store/sqlite/webhook_writes.hpp"
#include "store/sqlite/writes.hpp"

#include <stdexcept>

namespace fanfetch::sqlite {

SqliteJobStore::SqliteJobStore(
    DataDirectory directory, StoreOptions options, std::shared_ptr<SegmentFiles> files,
    std::unique_ptr<Connection> connection, SegmentWriter segments
)
    : directory_{std::move(directory)},
      options_{std::move(options)},
      files_{std::move(files)},
      compactor_{
          directory_.database(), files_, options_.compaction,
          [this] { return free_bytes(options_); }, options_.metrics},
      writer_{
          std::move(connection), files_, std::move(segments), options_,
          [this] { compactor_.look(); }},
      readers_{directory_.database(), options_.readers} {}

SqliteJobStore::~SqliteJobStore() {
    compactor_.stop();  // its connection is closed before the writer's, which clears up
}

template <class Operation, class... Args>
auto SqliteJobStore::queue(Args&&... args) {
    auto write = std::make_unique<Operation>(std::forward<Args>(args)...);
    auto future = write->future();
    writer_.push(std::move(write));
    return future;
}

Future<Expected<void>> SqliteJobStore::create_job(JobRecord job) {
    return queue<CreateJob>(std::move(job));
}

Future<Expected<Commit>> SqliteJobStore::append_items(
    std::string job_id, std::vector<Item> items, std::optional<RequestKey> key
) {
    return queue<AppendItems>(
        std::move(job_id), std::move(items), std::move(key), options_.clock->wall()
    );
}

Future<Expected<std::vector<Commit>>> SqliteJobStore::record(std::vector<ResultGroup> groups) {
    for (const auto& group : groups) {
        for (const auto& done : group.results) {
            if (!done.copy_of && !is_terminal(done.result.state)) {
                throw std::logic_error{"recording a result that is not terminal"};
            }
        }
    }
    return queue<RecordResults>(std::move(groups));
}

Future<Expected<void>> SqliteJobStore::change_job(std::string job_id, JobChange change) {
    return queue<ChangeJob>(std::move(job_id), std::move(change));
}

Future<Expected<Commit>> SqliteJobStore::cancel_rest(
    std::string job_id, failure_code code, JobChange change
) {
    return queue<CancelRest>(std::move(job_id), code, std::move(change), options_.clock->wall());
}

Future<Expected<std::uint64_t>> SqliteJobStore::rerun(
    std::string job_id, std::optional<RerunSelection> selection, JobChange change
) {
    return queue<Rerun>(std::move(job_id), std::move(selection), std::move(change));
}

Future<Expected<void>> SqliteJobStore::save_key(RequestKey key) {
    return queue<SaveKey>(std::move(key));
}

Future<Expected<std::uint64_t>> SqliteJobStore::forget_keys(WallTime before) {
    return queue<ForgetKeys>(before);
}

std::optional<RequestKey> SqliteJobStore::find_key(
    const std::string& tenant, const std::string& key
) {
    return readers_.with([&](Queries& queries) { return queries.find_key(tenant, key); });
}

Future<Expected<void>> SqliteJobStore::erase_job(std::string job_id) {
    return queue<EraseJob>(std::move(job_id));
}

Future<Expected<void>> SqliteJobStore::save_hosts(std::vector<HostRecord> hosts) {
    return queue<SaveHosts>(std::move(hosts));
}

std::vector<HostRecord> SqliteJobStore::hosts() {
    return readers_.with([](Queries& queries) { return queries.hosts(); });
}

std::optional<JobRecord> SqliteJobStore::find_job(const std::string& job_id) {
    return readers_.with([&](Queries& queries) { return queries.find_job(job_id); });
}

std::vector<JobRecord> SqliteJobStore::list_jobs(const JobQuery& query) {
    return readers_.with([&](Queries& queries) { return queries.list_jobs(query); });
}

std::vector<JobRecord> SqliteJobStore::unfinished_jobs() {
    return readers_.with([](Queries& queries) { return queries.unfinished_jobs(); });
}

std::vector<std::string> SqliteJobStore::expired_jobs(WallTime now, std::size_t limit) {
    return readers_.with([&](Queries& queries) { return queries.expired_jobs(now, limit); });
}

ItemsFound SqliteJobStore::scan_unfinished(const ItemScan& scan) {
    return readers_.with([&](Queries& queries) { return queries.scan_unfinished(scan); });
}

std::vector<ItemRow> SqliteJobStore::results_by_seq(const ResultQuery& query) {
    return readers_.with([&](Queries& queries) { return queries.results_by_seq(query); });
}

std::vector<ItemRow> SqliteJobStore::items_by_index(const ResultQuery& query) {
    return readers_.with([&](Queries& queries) { return queries.items_by_index(query); });
}

std::optional<ItemRow> SqliteJobStore::find_item(const std::string& job_id, std::uint64_t index) {
    return readers_.with([&](Queries& queries) { return queries.find_item(job_id, index); });
}

std::vector<std::optional<StoredCopy>> SqliteJobStore::find_copies(
    const std::string& tenant, const std::vector<CopyQuery>& wanted, WallTime now
) {
    return readers_.with([&](Queries& queries) { return queries.find_copies(tenant, wanted, now); }
    );
}

Future<Expected<void>> SqliteJobStore::add_callback(
    CallbackRecord callback, std::optional<RequestKey> key
) {
    return queue<AddCallback>(std::move(callback), std::move(key));
}

Future<Expected<void>> SqliteJobStore::remove_callback(
    std::string job_id, std::string callback_id
) {
    return queue<RemoveCallback>(std::move(job_id), std::move(callback_id));
}

std::vector<CallbackRecord> SqliteJobStore::callbacks(const std::string& job_id) {
    return readers_.with([&](Queries& queries) { return queries.callbacks(job_id); });
}

Future<Expected<bool>> SqliteJobStore::fill_outbox(OutboxFill fill) {
    return queue<FillOutbox>(fill);
}

DueFound SqliteJobStore::due_deliveries(const DueQuery& query) {
    return readers_.with([&](Queries& queries) { return queries.due_deliveries(query); });
}

Future<Expected<void>> SqliteJobStore::settle_deliveries(std::vector<DeliverySettlement> settled) {
    return queue<SettleDeliveries>(std::move(settled));
}

std::vector<DeliveryRecord> SqliteJobStore::deliveries(const DeliveryQuery& query) {
    return readers_.with([&](Queries& queries) { return queries.deliveries(query); });
}

Future<Expected<DeliveryRecord>> SqliteJobStore::replay_delivery(
    std::string tenant, std::string id, WallTime now
) {
    return queue<ReplayDelivery>(std::move(tenant), std::move(id), now);
}

Future<Expected<bool>> SqliteJobStore::prune_deliveries(DeliveryRetention retention) {
    return queue<PruneDeliveries>(retention);
}

void SqliteJobStore::watch_outbox(std::function<void()> told) {
    writer_.watch_outbox(std::move(told));
}

Expected<std::string> SqliteJobStore::read_payload(
    const BodyRef& body, std::uint64_t offset, std::size_t length
) {
    return fanfetch::read_payload(*files_, body, offset, length);
}

Expected<std::string> SqliteJobStore::read_head(const BodyRef& body) {
    return fanfetch::read_head(*files_, body);
}

Expected<void> SqliteJobStore::writable() const {
    return writer_.writable();
}

std::uint64_t SqliteJobStore::stored_bytes(const std::string& tenant) const {
    return writer_.stored_bytes(tenant);
}

Expected<std::unique_ptr<LongBody>> SqliteJobStore::begin_long_body() {
    return SegmentLongBody::begin(files_, options_.longest_head.bytes);
}

}  // namespace fanfetch::sqlite
