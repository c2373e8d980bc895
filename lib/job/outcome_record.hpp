#pragma once

#include "fetch/fetcher.hpp"
#include "job/job_runner.hpp"
#include "store/job_store.hpp"

namespace fanfetch {

/// What an item's end looks like in the store: the outcome of its last attempt with the record of
/// all of them. Pure; `outcome.spilled` is not looked at.
///
/// A final URL is recorded only where it differs from the item's own.
[[nodiscard]] ResultToRecord record_of(PendingItem&& item, FetchOutcome&& outcome, WallTime now);

/// The same for an item that ends with `code` and without another attempt.
[[nodiscard]] ResultToRecord unfetched_record(PendingItem&& item, failure_code code, WallTime now);

/// The WARC side of an outcome; nullopt when there was no whole response.
[[nodiscard]] std::optional<ResponseRecord> response_of(
    FetchOutcome& outcome, std::string url, WallTime fetched_at
);

}  // namespace fanfetch
