#pragma once

#include "model/result.hpp"
#include "store/job_store.hpp"

namespace fanfetch {

/// The result of an item that ends as an earlier one of its job: `to` says which it is and when,
/// everything else is the earlier one's, but that nothing was sent for it. Without an earlier
/// result (null) the item fails with `internal`, which is reported as the bug it is.
///
/// Threads  pure, but for the report
[[nodiscard]] ItemResult copy_for(const ItemResult* earlier, ItemResult to);

/// Whether a copy with these terms will do at `now`.
[[nodiscard]] constexpr bool answers(
    const CopyTerms& terms, const CopyQuery& wanted, WallTime now
) noexcept {
    return terms.born_at >= wanted.born_after && terms.born_at <= now && terms.fresh_until > now;
}

}  // namespace fanfetch
