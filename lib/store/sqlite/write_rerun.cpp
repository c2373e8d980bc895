#include "model/options_json.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/write_session.hpp"

#include <algorithm>

// The part of WriteSession that puts items of a done job back, to be run again. Until the last of
// them is, the row of the job says what was asked for, so that a crash in the middle is made good.

namespace fanfetch::sqlite {
namespace {

// A step takes some milliseconds, so that other writes are not held up.
constexpr std::size_t reruns_per_step = 4096;
constexpr std::uint64_t looks_per_step = 16'384;

/// The first index from `cursor` on that may be selected; `total` when there is none.
std::uint64_t next_candidate(
    const RerunSelection& selection, std::uint64_t cursor, std::uint64_t total
) {
    if (selection.indexes.empty()) {
        return cursor;
    }
    const auto found = std::ranges::lower_bound(selection.indexes, cursor);
    return found == selection.indexes.end() ? total : std::min(*found, total);
}

}  // namespace

Expected<std::optional<RerunSelection>> WriteSession::interrupted_rerun(const std::string& job_id) {
    const OpenJob* job = find(job_id);
    if (job == nullptr) {
        return no_such_job(job_id);
    }
    if (!job->rerunning) {
        return std::optional<RerunSelection>{};
    }
    Statement asked{connection_, "SELECT rerun FROM jobs WHERE key = ?"};
    const Rows rows{asked};
    if (!asked.bind(job->key).step()) {
        throw_damaged("what is run again is missing");
    }
    auto selection = rerun_from_json(asked.text(0));
    if (!selection) {
        return std::move(selection).error();
    }
    return std::optional{*std::move(selection)};
}

Expected<WriteSession::RerunStep> WriteSession::rerun_some(
    const std::string& job_id, const RerunSelection& selection, const JobChange& change,
    std::uint64_t& cursor
) {
    OpenJob* job = find(job_id);
    if (job == nullptr) {
        return no_such_job(job_id);
    }
    if (!is_done(job->state) && !job->rerunning) {
        return failed(failure_code::job_running, "running items again: the job is not done yet");
    }
    if (job->last_seq + job->total > SeqBlock::largest_seq) {
        return failed(
            failure_code::job_too_many_items,
            "running items again: the job has had nearly all the results that one can have"
        );
    }
    std::size_t marked = 0;
    std::uint64_t looks = 0;
    ReadBlock block;
    for (; cursor < job->total && marked < reruns_per_step && looks < looks_per_step; ++looks) {
        cursor = next_candidate(selection, cursor, job->total);
        if (cursor == job->total) {
            break;
        }
        auto& outcomes = outcomes_of(*job, cursor);
        auto& slot = outcomes.block.seqs[cursor % SeqBlock::slots];
        if (SeqBlock::has_result(slot)) {
            const auto result = result_in(*job, slot, block);
            if (selects(selection, result)) {
                begin_rerun(*job, selection, change);
                take_back(*job, result, slot);
                outcomes.changed = true;
                ++marked;
            }
        }
        ++cursor;
    }
    const bool complete = cursor >= job->total;
    if (complete && job->rerunning) {
        Statement{connection_, "UPDATE jobs SET rerun = NULL WHERE key = ?"}.bind(job->key).run();
        job->rerunning = false;
    }
    return RerunStep{complete, job->total - job->tally.terminal()};
}

/// As result_of_seq, for many in a row. Nothing is recorded meanwhile, so that blocks stay as they
/// were read.
ItemResult WriteSession::result_in(OpenJob& job, std::uint32_t seq, ReadBlock& block) {
    if (seq < block.first || seq - block.first >= block.records.size()) {
        write_results(job);
        const Rows rows{find_results_};
        if (!find_results_.bind(row_key(job.key, 0), row_key(job.key, seq)).step()) {
            throw_damaged("a block of results is missing");
        }
        block = {low_half(find_results_.number(0)), {}};
        BlockReader reader{find_results_.blob(1), result_block_version};
        while (const auto record = reader.next()) {
            block.records.emplace_back(*record);
        }
    }
    const auto place = static_cast<std::size_t>(seq - block.first);
    auto result = place < block.records.size()
                      ? decode_result(block.records[place], result_detail::without_attempts)
                      : std::nullopt;
    if (!result) {
        throw_damaged("a result cannot be read");
    }
    return *std::move(result);
}

/// With the first item the job is not done any more.
void WriteSession::begin_rerun(
    OpenJob& job, const RerunSelection& selection, const JobChange& change
) {
    touch(job);
    if (job.rerunning) {
        return;
    }
    const auto asked = to_json(selection);
    Statement begin{
        connection_,
        "UPDATE jobs SET run = run + 1, rerun = ?2, finished_at = NULL, expires_at = NULL"
        " WHERE key = ?1"};
    begin.bind(job.key, asked).run();
    ++job.run;
    job.rerunning = true;
    job.completed_at.reset();
    write_state(job, change);
    follow_again(job);
    if (change.options) {
        const auto json = to_json(*change.options);
        update_options_.bind(job.key, json).run();
    }
}

void WriteSession::take_back(OpenJob& job, const ItemResult& result, std::uint32_t& slot) {
    uncount(job.tally, result);
    slot |= SeqBlock::rerun_mark;
    job.low_water = std::min(job.low_water, result.index);
}

}  // namespace fanfetch::sqlite
