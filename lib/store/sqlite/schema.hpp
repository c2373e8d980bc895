#pragma once

#include "base/expected.hpp"
#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <string_view>

namespace fanfetch::sqlite {

/// "FanF": what makes a database file ours.
inline constexpr std::int32_t application_id = 0x46616E46;

/// Raised when the tables change. A newer one is refused, an older one migrated.
///
///     1  jobs, items, results, segments
///     2  hosts
///     3  requests
///     4  jobs that stay open or are run again, keys of requests
///     5  callbacks, deliveries
///     6  what a job has in segments
///     7  copies
///     8  holdings
inline constexpr std::int32_t schema_version = 8;

inline constexpr std::uint64_t page_size = 4096;

/// Creates the tables in an empty database and marks it as ours.
void create_schema(Connection& connection, std::string_view identity);

/// Brings an older database to this version, in one transaction: a crash leaves the one or the
/// other.
void migrate_schema(Connection& connection);

/// Judges a database file by its first bytes, before SQLite sees it.
///
/// Errors   store_unavailable with the reason: empty, cut short, not a database, somebody else's,
///          made by a newer version
/// Threads  any thread
/// Source   https://www.sqlite.org/fileformat.html §1.3
[[nodiscard]] Expected<void> judge_header(std::string_view first_bytes);

/// How many of a file's bytes judge_header wants to see.
inline constexpr std::size_t header_size = 100;

/// The rows of a job's items, results and outcomes stand together: the upper half of their key is
/// the job's, the lower half the index, the seq or the number of the block.
[[nodiscard]] constexpr std::int64_t row_key(std::int64_t job, std::uint64_t low) noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(job) << 32U | low);
}
[[nodiscard]] constexpr std::uint64_t low_half(std::int64_t key) noexcept {
    return static_cast<std::uint64_t>(key) & 0xFFFFFFFFU;
}
inline constexpr std::uint64_t largest_low = 0xFFFFFFFF;
inline constexpr std::int64_t largest_job = 0x7FFFFFFF;

}  // namespace fanfetch::sqlite
