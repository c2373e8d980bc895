#pragma once

#include "base/expected.hpp"
#include "future/future.hpp"
#include "model/host_record.hpp"
#include "model/item.hpp"
#include "model/job_record.hpp"
#include "model/rerun.hpp"
#include "model/result.hpp"
#include "store/request_key.hpp"
#include "store/webhook_store.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch {

/// A response as the segment writer takes it: the header block and the payload.
struct ResponseRecord {
    std::string target_url;
    std::string
        head;  ///< status line and fields as they are stored, each ending in CRLF, no empty line
    std::string payload;  ///< the decoded body; empty when it was not stored
    bool store_payload = true;
    std::string remote_address;  ///< the IP address alone
    WallTime fetched_at{};
};

/// What makes a result a copy: what it is the answer to, and for how long.
struct CopyTerms {
    RequestDigest digest{};
    WallTime fetched_at{};  ///< when it was asked for at its origin
    WallTime born_at{};     ///< when its origin made it; its age counts from here
    WallTime fresh_until{};

    friend bool operator==(const CopyTerms&, const CopyTerms&) = default;
};

/// Which copy is wanted: one of this request that is not older.
struct CopyQuery {
    RequestDigest digest{};
    WallTime born_after{};
};

/// A result that an item with the same request may end as, without being fetched.
struct StoredCopy {
    ItemResult result;  ///< without its attempts
    CopyTerms terms;
};

/// One item's end on its way to the store.
struct ResultToRecord {
    ItemResult result;  ///< `seq`, `body` and `extract` are filled in by the store
    std::optional<ResponseRecord>
        response;           ///< none: no response, or it was streamed (`result.body` says where)
    std::string extract{};  ///< what was taken out of the document, as JSON; empty: nothing was
    std::shared_ptr<const void> held{};  ///< let go when it is written: its share of a budget, say
    /// The item ended as this earlier one of its job, which has been recorded before: of `result`
    /// only the index and the times count, and the bodies are shared.
    std::optional<std::uint64_t> copy_of{};
    /// The result may be reused by other jobs of the tenant: `find_copies` finds it. Not with
    /// `copy_of`.
    std::optional<CopyTerms> copy{};
};

/// What a job that is complete gets: it saves a transaction of its own for the end.
struct Completion {
    WallTime finished_at{};
    std::chrono::milliseconds ttl{};  ///< how long the job is kept after that
};

/// The results of one job in one group. A group is committed whole or not at all.
struct ResultGroup {
    std::string job_id;
    std::vector<ResultToRecord> results;
    /// With it a sealed job that nobody is stopping is `completed` by its last result.
    std::optional<Completion> completion{};
};

/// What became of a job by one commit.
struct Commit {
    JobTally tally;                          ///< after the commit
    std::uint64_t total = 0;                 ///< items the job has
    std::uint64_t last_seq = 0;              ///< of the newest result
    std::optional<WallTime> completed_at{};  ///< the job is `completed`, by this commit or before
};

/// A change of a job's state. Only members with a value are written. A job that is done stays as
/// it ended: a change that names a state or an end leaves state, reason and the times of the end
/// alone then.
struct JobChange {
    std::optional<job_state> state{};
    std::optional<state_reason> reason{};
    std::optional<bool> sealed{};
    std::optional<bool> open{};
    std::optional<WallTime> started_at{};
    std::optional<WallTime> finished_at{};
    std::optional<WallTime> expires_at{};
    std::optional<JobOptions> options{};
    std::optional<RequestKey> key{};  ///< remembered in the same transaction
};

/// Which jobs a list wants.
struct JobQuery {
    std::string tenant{};
    std::optional<job_state> state{};
    std::string tag{};  ///< empty: any
    std::optional<WallTime> created_after{};
    std::string before_id{};  ///< ids below this one; empty: from the newest
    std::size_t limit = 100;
};

/// Which results a list wants. Both orders go up.
struct ResultQuery {
    std::string job_id{};
    std::uint64_t after =
        0;  ///< by seq: results with a larger seq; by index: items from this index on
    std::size_t limit = 100;
    std::uint64_t max_bytes = 10U << 20U;  ///< of the rows read; at least one row is returned
    bool with_attempts = false;
};

/// What a scan does with an item: `stop` ends it before this one.
enum class item_choice : std::uint8_t { take, pass, stop };

/// Which items without a result are wanted, in the order of their index.
struct ItemScan {
    std::string job_id{};
    std::uint64_t from = 0;
    std::uint64_t end = std::numeric_limits<std::uint64_t>::max();  ///< not this one any more
    std::size_t limit = 100;
    std::uint64_t max_bytes = 10U << 20U;  ///< of the items found; at least one is
    std::size_t most_looked_at = std::numeric_limits<std::size_t>::max();
    std::function<item_choice(const Item&)> choose{};  ///< none: every item is taken
};

/// What a scan came to.
struct ItemsFound {
    std::vector<Item> items;
    std::uint64_t next = 0;  ///< index of the first item that was not looked at
};

/// An item together with what it ended as, if it did.
struct ItemRow {
    Item item;
    std::optional<ItemResult> result;
};

/// The durability contract: what is acknowledged here survives kill -9 and, with
/// `durability::full`, a power cut.
///
/// Writes are queued to one writer, grouped, and acknowledged in the order they were queued; the
/// future is done after the commit that made them durable. Every future yields Expected: a write
/// that failed (store_unavailable, disk_low) changed nothing. What is only asked for fails at
/// once when it cannot be written; what has happened already (results, the end of a job) waits
/// until it can be, and fails only when the store is closed before. Done callbacks run on the
/// writer's thread and must be short: post, and return. `cancel_rest` takes several transactions
/// when the job is large; other writes go on between them and may be answered before it. Reads
/// block on files and belong into the blocking pool (they take an OffLoop).
///
/// Errors   writes: job_not_found, and what each says. Reads throw StoreError when the database
///          cannot be read or a row is damaged; what does not exist is empty
/// Threads  any thread
class JobStore : public WebhookStore {
public:
    /// A job with its callbacks.
    virtual Future<Expected<void>> create_job(JobRecord job) = 0;

    /// Appends items to an unsealed job; their indexes follow the last one without a gap, and
    /// `items[i].index` must say so (internal when not), or be Item::unnumbered. An item with a
    /// `failure` gets its result at once. One with a `digest` that an earlier item of the job has
    /// gets that item's index as its `same_as`, which is seen whenever it is read. `key` is
    /// remembered in the same transaction. Errors: job_sealed, job_done.
    virtual Future<Expected<Commit>> append_items(
        std::string job_id, std::vector<Item> items, std::optional<RequestKey> key
    ) = 0;
    Future<Expected<Commit>> append_items(std::string job_id, std::vector<Item> items) {
        return append_items(std::move(job_id), std::move(items), std::nullopt);
    }

    /// Records results: each gets the next seq of its job. A result of an item that already has
    /// one is dropped (the first outcome stands), so that a repeated fetch is never seen twice.
    /// The commits stand in the order of the groups; that of a job which is gone is empty, and its
    /// results are dropped. A result that is not terminal is a bug (std::logic_error), and so is a
    /// copy of an item without a result: it is reported, and the item fails with `internal`.
    virtual Future<Expected<std::vector<Commit>>> record(std::vector<ResultGroup> groups) = 0;

    virtual Future<Expected<void>> change_job(std::string job_id, JobChange change) = 0;

    /// Ends every item without a result as `cancelled` with `code`, in groups of bounded size, and
    /// then applies `change` in the transaction of the last group. The answer is the last commit.
    virtual Future<Expected<Commit>> cancel_rest(
        std::string job_id, failure_code code, JobChange change
    ) = 0;

    /// Has items of a done job run again: those whose result is selected have none any more, in
    /// groups of bounded size. The first of them takes back the job's end and the times of it,
    /// counts up its run and applies `change`; when there is none, nothing changes. Without a
    /// selection it goes on with what a crash interrupted (JobRecord::rerunning). The answer is how
    /// many items have no result then. An item's next result keeps the attempts of the one it
    /// replaces, which no list shows any more; what was stored of that one goes with the job.
    /// Errors: job_not_found, job_running, job_too_many_items when seqs run out.
    virtual Future<Expected<std::uint64_t>> rerun(
        std::string job_id, std::optional<RerunSelection> selection, JobChange change
    ) = 0;

    /// Remembers a request's key, in place of an earlier request with the same one.
    virtual Future<Expected<void>> save_key(RequestKey key) = 0;
    /// Forgets keys that are older, some at a time; the answer is how many went.
    virtual Future<Expected<std::uint64_t>> forget_keys(WallTime before) = 0;
    [[nodiscard]] virtual std::optional<RequestKey> find_key(
        const std::string& tenant, const std::string& key
    ) = 0;

    /// Erases a job with its items, results and, when nothing else refers to them, its segments.
    /// It is gone for every reader when the future is done; its rows go a few at a time after that.
    virtual Future<Expected<void>> erase_job(std::string job_id) = 0;

    /// Remembers hosts, or forgets those whose record is blank.
    virtual Future<Expected<void>> save_hosts(std::vector<HostRecord> hosts) = 0;
    /// Every host that is remembered, by its key.
    [[nodiscard]] virtual std::vector<HostRecord> hosts() = 0;

    [[nodiscard]] virtual std::optional<JobRecord> find_job(const std::string& job_id) = 0;
    [[nodiscard]] virtual std::vector<JobRecord> list_jobs(const JobQuery& query) = 0;

    /// Every job that is not done, oldest first: what a start has to take up again.
    [[nodiscard]] virtual std::vector<JobRecord> unfinished_jobs() = 0;

    /// Ids of done jobs whose time to live has passed at `now`.
    [[nodiscard]] virtual std::vector<std::string> expired_jobs(
        WallTime now, std::size_t limit
    ) = 0;

    /// Items without a result. Cheap for a whole window: one range scan. Ends before an item that
    /// is damaged; throws when that is the first.
    [[nodiscard]] virtual ItemsFound scan_unfinished(const ItemScan& scan) = 0;
    [[nodiscard]] std::vector<Item> unfinished_items(
        const std::string& job_id, std::uint64_t from, std::size_t limit, std::uint64_t max_bytes
    ) {
        ItemScan scan;
        scan.job_id = job_id;
        scan.from = from;
        scan.limit = limit;
        scan.max_bytes = max_bytes;
        return scan_unfinished(scan).items;
    }

    [[nodiscard]] virtual std::vector<ItemRow> results_by_seq(const ResultQuery& query) = 0;
    [[nodiscard]] virtual std::vector<ItemRow> items_by_index(const ResultQuery& query) = 0;
    [[nodiscard]] virtual std::optional<ItemRow> find_item(
        const std::string& job_id, std::uint64_t index
    ) = 0;

    /// For each of the requests the copy that the tenant's jobs have of it, when there is one that
    /// is fresh at `now` and not older than wanted. Of several the one that was fetched last is
    /// known, and only as long as its job is there; one from the future (the clock was set back) is
    /// none.
    [[nodiscard]] virtual std::vector<std::optional<StoredCopy>> find_copies(
        const std::string& tenant, const std::vector<CopyQuery>& wanted, WallTime now
    ) = 0;

    /// Reads part of a stored payload; shorter at its end. Failure body_not_stored when the record
    /// has none, internal when the segment is damaged.
    [[nodiscard]] virtual Expected<std::string> read_payload(
        const BodyRef& body, std::uint64_t offset, std::size_t length
    ) = 0;
    /// The stored header block: status line and fields, each ending in CRLF.
    [[nodiscard]] virtual Expected<std::string> read_head(const BodyRef& body) = 0;

    /// Whether writes are possible: disk_low or store_unavailable when not.
    [[nodiscard]] virtual Expected<void> writable() const = 0;

    /// How many bytes of responses are stored for a tenant's jobs: records of segments, heads
    /// included; one that several items of a job share counts once. Of what is committed; does not
    /// block.
    [[nodiscard]] virtual std::uint64_t stored_bytes(const std::string& tenant) const = 0;

    /// Begins a body too long for memory: a segment of its own that grows as the body comes.
    /// Blocks on files; see LongBody.
    [[nodiscard]] virtual Expected<std::unique_ptr<class LongBody>> begin_long_body() = 0;
};

/// A response that is written while it arrives, into a segment of its own whose header is filled
/// in at the end. Destroyed before `finish`, it leaves nothing behind.
///
/// Threads  one caller at a time; every call blocks on the disk
class LongBody {
public:
    virtual ~LongBody() = default;
    virtual Expected<void> append(std::string_view bytes) = 0;
    /// Completes the record and makes it durable; the reference goes into the item's result.
    virtual Expected<BodyRef> finish(const ResponseRecord& response, const Sha256& digest) = 0;
};

}  // namespace fanfetch
