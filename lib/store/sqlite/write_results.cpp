#include "future/errors.hpp"
#include "store/job_end.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/write_session.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <string>

// The part of WriteSession that deals with items and what they end as.

namespace fanfetch::sqlite {
namespace {

// A block long enough to make a row's fixed cost small, short enough to find one record in.
constexpr std::size_t records_per_block = 64;
constexpr std::size_t bytes_per_block = 16U << 10U;

// A step of a long operation takes a few milliseconds, so that other writes are not held up.
constexpr std::size_t cancels_per_step = 4096;
constexpr std::uint64_t looks_per_step = 262'144;
constexpr std::size_t blocks_kept = 1024;  // of one job

ItemResult result_of(const Item& item, std::uint64_t index, WallTime now) {
    ItemResult result;
    result.index = index;
    result.state = item_state::failed;
    result.code = item.failure->code;
    result.status = item.failure->http_status;
    result.detail = item.failure->detail;
    result.started_at = result.finished_at = now;
    return result;
}

}  // namespace

Expected<Commit> WriteSession::append_items(
    const std::string& job_id, const std::vector<Item>& items, WallTime now
) {
    OpenJob* job = find(job_id);
    if (job == nullptr) {
        return no_such_job(job_id);
    }
    if (job->sealed || is_done(job->state)) {
        return failed(
            job->sealed ? failure_code::job_sealed : failure_code::job_done,
            "appending to job " + job_id + ": it takes no more items"
        );
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
        const bool numbered = items[i].index != Item::unnumbered;
        if ((numbered && items[i].index != job->total + i) || job->total + i > largest_low) {
            return failed(failure_code::internal, "appending to job " + job_id + ": a wrong index");
        }
    }
    touch(*job);
    const auto first_index = job->total;
    BlockWriter block{item_block_version};
    const auto write_block = [&] {
        const auto first = row_key(job->key, job->total - block.count());
        insert_items_.bind(first, Blob{block.finish()}).run();
        block.clear();
    };
    for (const auto& item : items) {
        scratch_.clear();
        if (const auto first = item.digest ? first_with(*job, item, job->total) : std::nullopt) {
            auto another = item;
            another.same_as = first;
            encode(scratch_, another);
        } else {
            encode(scratch_, item);
        }
        block.add(scratch_);
        ++job->total;
        if (block.count() == records_per_block || block.size() >= bytes_per_block) {
            write_block();
        }
    }
    if (block.count() > 0) {
        write_block();
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (items[i].failure) {
            record_one(*job, result_of(items[i], first_index + i, now));
        }
    }
    return commit_of(*job);
}

OpenJob::Outcomes& WriteSession::outcomes_of(OpenJob& job, std::uint64_t index) {
    const auto number = index / SeqBlock::slots;
    const auto [entry, fresh] = job.outcomes.try_emplace(number);
    if (fresh) {
        const Rows rows{find_outcomes_};
        if (find_outcomes_.bind(row_key(job.key, number)).step()) {
            const auto block = decode_seq_block(find_outcomes_.blob(0));
            if (!block) {
                throw_damaged("a block of outcomes cannot be read");
            }
            entry->second.block = *block;
        }
    }
    return entry->second;
}

bool WriteSession::record_one(OpenJob& job, const ItemResult& result) {
    if (result.index >= job.total || job.last_seq >= SeqBlock::largest_seq) {
        return false;
    }
    auto& outcomes = outcomes_of(job, result.index);
    auto& seq = outcomes.block.seqs[result.index % SeqBlock::slots];
    if (SeqBlock::has_result(seq)) {
        return false;
    }
    touch(job);
    outbox_grew_ = outbox_grew_ || job.events.any_item();
    const auto replaced = seq & ~SeqBlock::rerun_mark;
    ++job.last_seq;
    seq = static_cast<std::uint32_t>(job.last_seq);
    outcomes.changed = true;
    count(job.tally, result);

    if (replaced != 0) {
        auto earlier = result_of_seq(job, replaced, result_detail::with_attempts);
        auto whole = result;
        keep_attempts(std::move(earlier), whole);
        scratch_.clear();
        encode(scratch_, whole);
    } else {
        scratch_.clear();
        encode(scratch_, result);
    }
    if (job.results.count() == 0) {
        job.first_seq = job.last_seq;
    }
    job.results.add(scratch_);
    if (job.results.count() == records_per_block || job.results.size() >= bytes_per_block) {
        write_results(job);
    }
    return true;
}

Commit WriteSession::record(const ResultGroup& group) {
    OpenJob* job = find(group.job_id);
    if (job == nullptr) {
        for (const auto& done : group.results) {
            note_body(nullptr, done, false);
        }
        return {};
    }
    for (const auto& done : group.results) {
        if (done.copy_of) {
            record_copy(*job, done);
            continue;
        }
        if (done.result.index >= job->total) {
            const std::logic_error bug{"no item " + std::to_string(done.result.index)};
            report_error("recording a result of job " + group.job_id, std::make_exception_ptr(bug));
        }
        const bool recorded = record_one(*job, done.result);
        note_body(job, done, recorded);
        if (recorded && done.copy) {
            keep_copy(*job, *done.copy);
        }
    }
    if (group.completion && !job->rerunning &&
        completes(job->state, job->sealed, job->tally, job->total)) {
        write_state(*job, completing(*group.completion));
    }
    return commit_of(*job);
}

void WriteSession::note_body(OpenJob* job, const ResultToRecord& done, bool recorded) {
    if (recorded) {
        refer_to(*job, done.result.body, referring::owner);
        refer_to(*job, done.result.extract, referring::owner);
        const auto bytes = done.result.body.record_length + done.result.extract.record_length;
        job->stored += bytes;
        stored_.add(job->tenant, bytes);
        return;
    }
    if (done.result.body.segment != 0 && !done.response) {
        unclaimed_.push_back(done.result.body.segment);
    }
}

/// The newest result of the job refers to a record.
void WriteSession::refer_to(OpenJob& job, const BodyRef& body, referring as) {
    if (body.segment == 0) {
        return;
    }
    const auto length = body.record_length + warc_record_end.size();
    auto& rows = references_[body.segment];
    ++rows.references;
    rows.end = std::max(rows.end, body.offset + length);
    auto& holding = job.holdings[body.segment];
    if (holding.references == 0) {
        holding.first_seq = job.last_seq;
    }
    ++holding.references;
    holding.bytes += as == referring::owner ? length : 0;
}

void WriteSession::write_holdings(OpenJob& job) {
    for (const auto& [segment, added] : job.holdings) {
        put_holding_
            .bind(job.key, segment, added.first_seq, job.last_seq, added.references, added.bytes)
            .run();
    }
    job.holdings.clear();
}

void WriteSession::write_results(OpenJob& job) {
    if (job.results.count() > 0) {
        const auto first = row_key(job.key, job.first_seq);
        insert_results_.bind(first, Blob{job.results.finish()}).run();
        job.results.clear();
    }
}

void WriteSession::write_job(OpenJob& job) {
    write_results(job);
    write_holdings(job);
    advance_low_water(job);
    for (auto& [number, outcomes] : job.outcomes) {
        if (outcomes.changed) {
            scratch_.clear();
            encode(scratch_, outcomes.block);
            put_outcomes_.bind(row_key(job.key, number), Blob{scratch_}).run();
            outcomes.changed = false;
        }
    }
    drop_finished_blocks(job);
    scratch_.clear();
    encode(scratch_, job.tally);
    update_job_.bind(job.key, job.total, job.last_seq, job.low_water, Blob{scratch_}, job.stored)
        .run();
    job.changed = false;
}

void WriteSession::advance_low_water(OpenJob& job) {
    while (job.low_water < job.total) {
        const auto& seqs = outcomes_of(job, job.low_water).block.seqs;
        const auto first = job.low_water - job.low_water % SeqBlock::slots;
        const auto end = std::min<std::uint64_t>(first + SeqBlock::slots, job.total);
        while (job.low_water < end && SeqBlock::has_result(seqs[job.low_water - first])) {
            ++job.low_water;
        }
        if (job.low_water < end) {
            return;
        }
    }
}

void WriteSession::drop_finished_blocks(OpenJob& job) {
    const auto low_block = job.low_water / SeqBlock::slots;
    std::erase_if(job.outcomes, [low_block](const auto& entry) { return entry.first < low_block; });
    if (job.outcomes.size() > blocks_kept) {
        job.outcomes.clear();
    }
}

void WriteSession::write_segments() {
    for (const auto& [number, bytes] : segments_.touched()) {
        put_segment_.bind(number, 1, bytes, references_[number].references).run();
        references_.erase(number);
    }
    for (const auto& [number, rows] : references_) {
        put_segment_.bind(number, 0, rows.end, rows.references).run();
    }
}

/// A long body whose result came too late has a file that nobody will ever refer to, unless the
/// very same result was recorded before.
void WriteSession::claim_segments() {
    for (const auto number : unclaimed_) {
        const Rows rows{has_segment_};
        if (!has_segment_.bind(number).step()) {
            dead_.push_back(number);
        }
    }
}

Expected<Commit> WriteSession::cancel_some(
    const std::string& job_id, failure_code code, WallTime now, std::uint64_t& cursor
) {
    OpenJob* job = find(job_id);
    if (job == nullptr) {
        return no_such_job(job_id);
    }
    ItemResult result;
    result.state = item_state::cancelled;
    result.code = code;
    result.started_at = result.finished_at = now;
    cursor = std::max(cursor, job->low_water);
    const auto last_look = std::min(job->total, cursor + looks_per_step);
    for (std::size_t cancelled = 0; cursor < last_look && cancelled < cancels_per_step; ++cursor) {
        result.index = cursor;
        cancelled += record_one(*job, result) ? 1 : 0;
    }
    return commit_of(*job);
}

}  // namespace fanfetch::sqlite
