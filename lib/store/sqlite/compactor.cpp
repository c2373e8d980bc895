#include "store/sqlite/compactor.hpp"

#include "archive/warc.hpp"
#include "future/errors.hpp"
#include "store/block_codec.hpp"
#include "store/row_codec.hpp"
#include "store/segment_compaction.hpp"
#include "store/sqlite/schema.hpp"
#include "store/store_error.hpp"

#include <sqlite3.h>

#include <exception>
#include <utility>

#include <pthread.h>

namespace fanfetch::sqlite {
namespace {

// Some 40 MiB a second: the disk belongs to the writer.
constexpr std::chrono::milliseconds between_pieces{100};
constexpr int blocks_per_step = 64;

/// What the results of a row refer to in one segment.
class Referred {
public:
    explicit Referred(std::uint64_t segment) : segment_{segment} {}

    void add(const ItemResult& result) {
        // What several items share is the record of the one that brought it.
        const bool owner = !result.reused || result.owns_body;
        for (const auto* body : {&result.body, &result.extract}) {
            if (body->segment == segment_) {
                ++references_;
                if (owner) {
                    const auto length = body->record_length + warc_record_end.size();
                    records_.push_back({body->offset, length});
                }
            }
        }
    }
    [[nodiscard]] std::uint64_t references() const noexcept { return references_; }
    [[nodiscard]] std::vector<RecordSpan> take() noexcept { return std::move(records_); }

private:
    std::uint64_t segment_;
    std::uint64_t references_ = 0;
    std::vector<RecordSpan> records_;
};

/// The results of a job among which some refer to a segment.
struct Holding {
    std::int64_t job = 0;
    std::uint64_t first_seq = 0;
    std::uint64_t last_seq = 0;
};

std::vector<Holding> holdings_in(Connection& connection, std::uint64_t segment) {
    std::vector<Holding> holdings;
    Statement find{connection, "SELECT job, first, last FROM holdings WHERE segment = ?"};
    find.bind(segment);
    while (find.step()) {
        holdings.push_back(
            {find.number(0), static_cast<std::uint64_t>(find.number(1)),
             static_cast<std::uint64_t>(find.number(2))}
        );
    }
    return holdings;
}

/// Adds what the records of a block refer to; false when one cannot be read.
bool read_block(std::string_view bytes, Referred& referred) {
    BlockReader block{bytes, result_block_version};
    while (const auto record = block.next()) {
        const auto result = decode_result(*record, result_detail::without_attempts);
        if (!result) {
            return false;
        }
        referred.add(*result);
    }
    return block.ok();
}

/// Adds what these results refer to, some blocks at a time; false when they are not all there, or
/// when it is not to go on.
bool read_results(
    Connection& connection, const Holding& holding, Referred& referred,
    const std::function<bool()>& go_on
) {
    Statement first{connection, "SELECT max(pos) FROM results WHERE pos BETWEEN ? AND ?"};
    first.bind(row_key(holding.job, 0), row_key(holding.job, holding.first_seq));
    if (!first.step() || first.is_null(0)) {
        return false;
    }
    auto from = first.number(0);
    first.reset();
    Statement next{
        connection,
        "SELECT pos, block FROM results WHERE pos BETWEEN ? AND ? ORDER BY pos LIMIT ?"};
    for (bool more = true; more;) {
        const Rows rows{next};
        next.bind(from, row_key(holding.job, holding.last_seq), blocks_per_step);
        more = false;
        while (next.step()) {
            if (!read_block(next.blob(1), referred)) {
                return false;
            }
            from = next.number(0) + 1;
            more = true;
        }
        if (!go_on()) {
            return false;
        }
    }
    return true;
}

}  // namespace

Compactor::Compactor(
    std::string database, std::shared_ptr<SegmentFiles> files, CompactionOptions options,
    std::function<std::optional<std::uint64_t>()> free_bytes, const StoreMetrics* metrics
)
    : database_{std::move(database)},
      files_{std::move(files)},
      options_{options},
      free_bytes_{std::move(free_bytes)},
      metrics_{metrics},
      thread_{[this] { run(); }} {}

Compactor::~Compactor() {
    stop();
}

void Compactor::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Compactor::look() {
    {
        const std::lock_guard lock{mutex_};
        news_ = true;
    }
    changed_.notify_all();
}

void Compactor::run() {
    pthread_setname_np(pthread_self(), "store-compactor");
    while (wait_for_news()) {
        try {
            compact_all();
        } catch (const DatabaseError& error) {
            report_error("compacting", std::make_exception_ptr(StoreError{error.failure()}));
        } catch (...) {
            report_error("compacting", std::current_exception());
        }
    }
}

/// False when there will be none.
bool Compactor::wait_for_news() {
    {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return news_ || stopping_; });
    }
    if (!pause(options_.delay)) {
        return false;
    }
    const std::lock_guard lock{mutex_};
    news_ = false;
    return true;
}

/// False when the time was cut short, because the store is being closed.
bool Compactor::pause(std::chrono::milliseconds time) {
    std::unique_lock lock{mutex_};
    return !changed_.wait_for(lock, time, [this] { return stopping_; });
}

void Compactor::compact_all() {
    Connection connection{database_, access::read};
    std::vector<Candidate> candidates;
    {
        // The newest is being appended to. While a job is being erased its holdings are still
        // there, and its segments count fewer references: they wait until it is gone.
        Statement find{
            connection,
            "SELECT s.number, s.refs, sum(h.bytes) FROM segments s"
            " JOIN holdings h ON h.segment = s.number"
            " WHERE s.shared = 1 AND s.number < (SELECT max(number) FROM segments WHERE shared = 1)"
            " GROUP BY s.number HAVING sum(h.refs) = s.refs"};
        while (find.step()) {
            candidates.push_back(
                {static_cast<std::uint64_t>(find.number(0)),
                 static_cast<std::uint64_t>(find.number(1)),
                 static_cast<std::uint64_t>(find.number(2))}
            );
        }
    }
    for (const auto& candidate : candidates) {
        if (!pause(std::chrono::milliseconds{0})) {
            return;
        }
        const auto taken = taken_by(candidate);
        if (worthwhile(candidate, taken) && compact_one(connection, candidate)) {
            count(taken - std::min(taken, taken_by(candidate)));
        }
    }
}

/// What a segment takes of the disk; 0 when that cannot be told.
std::uint64_t Compactor::taken_by(const Candidate& candidate) const {
    const auto file = files_->open_readable(candidate.number);
    const auto taken = file ? file->allocated() : file.error();
    return taken ? *taken : 0;
}

void Compactor::count(std::uint64_t given_back) const {
    if (metrics_ != nullptr) {
        metrics_->compactions.elsewhere().add_shared();
        metrics_->compacted_bytes.elsewhere().add_shared(given_back);
    }
}

bool Compactor::worthwhile(const Candidate& candidate, std::uint64_t taken) const {
    if (taken < options_.least.bytes || candidate.alive * 2 >= taken) {
        return false;
    }
    const auto left = free_bytes_();
    return !left || *left > 2 * candidate.alive;
}

/// Whether it was.
bool Compactor::compact_one(Connection& connection, const Candidate& candidate) {
    auto alive = alive_in(connection, candidate);
    if (!alive) {
        return false;
    }
    const auto go_on = [this] { return pause(between_pieces); };
    const auto compacted = compact_segment(*files_, candidate.number, *std::move(alive), go_on);
    if (!compacted) {
        report_error("compacting", std::make_exception_ptr(StoreError{compacted.error()}));
        return false;
    }
    // The last reference may have gone meanwhile, and the file with it, for which this one stands
    // now. Whoever takes the row away after this look takes the file away after that.
    Statement find{connection, "SELECT 1 FROM segments WHERE number = ?"};
    if (*compacted && !find.bind(candidate.number).step()) {
        files_->remove(candidate.number);
    }
    return compacted->has_value();
}

/// The records of a segment that results refer to. Nothing when there are not as many references
/// as the segment counts: a job is being erased, or a row cannot be read.
///
/// It is read in steps, each of which sees a later moment: what is alive at the end was so at
/// every step, because nothing new ever refers to a segment that is full but to a record that
/// another result of the job refers to already.
std::optional<std::vector<RecordSpan>> Compactor::alive_in(
    Connection& connection, const Candidate& candidate
) {
    const auto go_on = [this] { return pause(std::chrono::milliseconds{0}); };
    Referred referred{candidate.number};
    for (const auto& holding : holdings_in(connection, candidate.number)) {
        if (!read_results(connection, holding, referred, go_on)) {
            return std::nullopt;
        }
    }
    Statement count{connection, "SELECT refs FROM segments WHERE number = ?"};
    if (!count.bind(candidate.number).step() ||
        std::cmp_not_equal(count.number(0), referred.references())) {
        return std::nullopt;
    }
    return referred.take();
}

}  // namespace fanfetch::sqlite
