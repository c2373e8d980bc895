#include "store/sqlite/schema.hpp"
#include "store/sqlite/write_session.hpp"

#include <map>

// The part of WriteSession that takes jobs away: some blocks of rows at a time.

namespace fanfetch::sqlite {

void WriteSession::find_erased() {
    if (erasing_known_) {
        return;
    }
    erasing_.clear();
    Statement erased{connection_, "SELECT key FROM jobs WHERE erased = 1 ORDER BY key DESC"};
    while (erased.step()) {
        erasing_.push_back(erased.number(0));
    }
    erasing_known_ = true;
}

bool WriteSession::erase_some() {
    if (erasure_began_) {
        return true;  // only what is durably gone may lose its bodies
    }
    find_erased();
    if (erasing_.empty()) {
        return false;
    }
    const auto job = erasing_.back();
    const bool some_left = erase_results(job) ||
                           erase_rows(
                               "DELETE FROM items WHERE pos IN"
                               " (SELECT pos FROM items WHERE pos BETWEEN ? AND ? LIMIT 64)",
                               job
                           ) ||
                           erase_keyed(
                               "DELETE FROM requests WHERE job = ?1 AND digest IN"
                               " (SELECT digest FROM requests WHERE job = ?1 LIMIT 1024)",
                               job
                           ) ||
                           erase_keyed(
                               "DELETE FROM copies WHERE (tenant, digest) IN"
                               " (SELECT tenant, digest FROM copies WHERE job = ? LIMIT 1024)",
                               job
                           ) ||
                           erase_keyed(
                               "DELETE FROM holdings WHERE job = ?1 AND segment IN"
                               " (SELECT segment FROM holdings WHERE job = ?1 LIMIT 1024)",
                               job
                           ) ||
                           erase_rows(
                               "DELETE FROM outcomes WHERE pos IN"
                               " (SELECT pos FROM outcomes WHERE pos BETWEEN ? AND ? LIMIT 64)",
                               job
                           );
    if (some_left) {
        return true;
    }
    Statement{connection_, "DELETE FROM options WHERE job = ?"}.bind(job).run();
    Statement{connection_, "DELETE FROM jobs WHERE key = ?"}.bind(job).run();
    collect_dead_segments();
    erasing_.pop_back();
    return !erasing_.empty();
}

bool WriteSession::erase_rows(const char* sql, std::int64_t job) {
    Statement erase{connection_, sql};
    erase.bind(row_key(job, 0), row_key(job, largest_low)).run();
    return connection_.changes() > 0;
}

bool WriteSession::erase_keyed(const char* sql, std::int64_t job) {
    Statement erase{connection_, sql};
    erase.bind(job).run();
    return connection_.changes() > 0;
}

/// Deletes some blocks of results and takes back their references to segments.
bool WriteSession::erase_results(std::int64_t job) {
    Statement find{
        connection_,
        "SELECT pos, block FROM results WHERE pos BETWEEN ? AND ? ORDER BY pos LIMIT 64"};
    find.bind(row_key(job, 0), row_key(job, largest_low));
    std::map<std::uint64_t, std::uint64_t> references;
    std::optional<std::int64_t> last;
    while (find.step()) {
        last = find.number(0);
        BlockReader block{find.blob(1), result_block_version};
        while (const auto record = block.next()) {
            const auto result = decode_result(*record, result_detail::without_attempts);
            if (result) {
                ++references[result->body.segment];
                ++references[result->extract.segment];
                if (!result->reused || result->owns_body) {  // else they are an earlier row's
                    holes_.add(result->body);
                    holes_.add(result->extract);
                }
            }
        }
        references.erase(0);  // nothing stored
        // A block that cannot be read keeps its segments alive: rather too much than too little.
    }
    find.reset();
    if (!last) {
        return false;
    }
    Statement erase{connection_, "DELETE FROM results WHERE pos BETWEEN ? AND ?"};
    erase.bind(row_key(job, 0), *last).run();
    Statement release{
        connection_, "UPDATE segments SET refs = max(refs - ?2, 0) WHERE number = ?1"};
    for (const auto& [number, count] : references) {
        release.bind(number, count).run();
    }
    // Before the commit: a crash in between does it again.
    holes_.punch(files_);
    return true;
}

void WriteSession::collect_dead_segments() {
    Statement find{connection_, "SELECT number FROM segments WHERE refs = 0 AND number <> ?"};
    find.bind(segments_.current());
    std::vector<std::uint64_t> numbers;
    while (find.step()) {
        numbers.push_back(static_cast<std::uint64_t>(find.number(0)));
    }
    Statement erase{connection_, "DELETE FROM segments WHERE number = ?"};
    for (const auto number : numbers) {
        erase.bind(number).run();
    }
    dead_.insert(dead_.end(), numbers.begin(), numbers.end());
}

}  // namespace fanfetch::sqlite
