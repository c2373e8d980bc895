#pragma once

#include "api/context.hpp"
#include "store/job_store.hpp"

namespace fanfetch {

/// The row that the path parameters {id} and {index} name.
///
/// Errors  job_not_found, result_not_found
awaitable<Expected<ItemRow>> find_result_row(ApiContext& context, const HttpRequest& request);

}  // namespace fanfetch
