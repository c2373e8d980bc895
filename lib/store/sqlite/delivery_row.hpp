#pragma once

#include "model/delivery.hpp"
#include "store/sqlite/connection.hpp"

#include <string_view>

namespace fanfetch::sqlite {

/// The columns that delivery_record reads, in their order; others may follow.
inline constexpr std::string_view delivery_columns =
    "SELECT id, job_id, callback_id, tenant, event, run, state, attempts, created_at, due_at,"
    " last_at, last_status, last_size, last_code";
inline constexpr int columns_of_delivery = 14;

/// The row a statement stands at.
[[nodiscard]] DeliveryRecord delivery_record(const Statement& row);

}  // namespace fanfetch::sqlite
