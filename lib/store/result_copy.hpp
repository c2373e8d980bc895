#pragma once

#include "model/result.hpp"

namespace fanfetch {

/// The result of an item that ends as an earlier one of its job: `to` says which it is and when,
/// everything else is the earlier one's, but that nothing was sent for it. Without an earlier
/// result (null) the item fails with `internal`, which is reported as the bug it is.
///
/// Threads  pure, but for the report
[[nodiscard]] ItemResult copy_for(const ItemResult* earlier, ItemResult to);

}  // namespace fanfetch
