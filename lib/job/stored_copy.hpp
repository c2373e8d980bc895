#pragma once

#include "fetch/fetcher.hpp"
#include "store/job_store.hpp"

#include <optional>

namespace fanfetch {

/// What other jobs have to know of a response to use it; nullopt when it is for nobody else (see
/// fetch/reuse.hpp).
[[nodiscard]] std::optional<CopyTerms> copy_terms_of(
    const RequestDigest& digest, WallTime asked_at, const FetchOutcome& outcome, WallTime now
);

/// A copy's response for another job, read and on its way into that job's own record.
struct CopyInHand {
    FetchOutcome outcome;         ///< as if it had been fetched, but that no attempt was made
    std::optional<BodyRef> body;  ///< of a body that is on the disk: its record is there
};

/// How a copy is to be read.
struct CopyOrder {
    StoredCopy copy;
    std::string url;                 ///< of the item
    bool keep_payload = true;        ///< the new record has it too
    MemoryBudget* memory = nullptr;  ///< for bodies; none: nobody counts
};

/// Reads a copy whole and checks its digest. What it came from may be erased at any moment: then
/// this fails, and so does everything else that is wrong with it. A body that memory has no room
/// for is copied on the disk.
///
/// Errors   body_not_stored, internal (it is gone or damaged), disk_low, store_unavailable: in any
///          case there is no copy
/// Threads  any; blocks on the disk
[[nodiscard]] Expected<CopyInHand> read_copy(JobStore& store, const CopyOrder& order);

}  // namespace fanfetch
