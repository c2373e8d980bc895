#pragma once

#include "model/options.hpp"
#include "store/job_store.hpp"

#include <string>

namespace fanfetch {

/// Appends an item as the request it was: `url`, its other members, and why it ended as
/// `last_error`, which a submit passes over.
///
/// Headers that carry credentials are left out: what was said in confidence is not said again.
///
/// Errors  std::logic_error when the item's extras are none
void append_report_line(std::string& out, const ItemRow& row, const FetchOptions& job);

}  // namespace fanfetch
