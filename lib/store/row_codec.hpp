#pragma once

#include "model/item.hpp"
#include "model/result.hpp"
#include "model/state.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// The first byte of a block of items and of a block of results, see BlockWriter. Raised when the
/// form of a record changes; older forms stay readable.
inline constexpr char item_block_version = 1;
inline constexpr char result_block_version = 1;

/// How much of a result is wanted.
enum class result_detail : std::uint8_t { without_attempts, with_attempts };

/// One item, without its index: the row's key and the place in the block say it. A record that
/// ends behind the extras is that of an item like no other.
void encode(std::string& out, const Item& item);
[[nodiscard]] std::optional<Item> decode_item(std::string_view record);

/// One result, without its seq: the row's key and the place in the block say it.
void encode(std::string& out, const ItemResult& result);
/// nullopt when the bytes are no such record. Every record that is taken is taken whole.
[[nodiscard]] std::optional<ItemResult> decode_result(
    std::string_view record, result_detail wanted = result_detail::with_attempts
);

/// Which item a result is of, without reading the rest. nullopt when the record cannot be read.
[[nodiscard]] std::optional<std::uint64_t> decode_result_index(std::string_view record) noexcept;

/// The counters of a job's row. nullopt when the bytes are none.
void encode(std::string& out, const JobTally& tally);
[[nodiscard]] std::optional<JobTally> decode_tally(std::string_view bytes);

}  // namespace fanfetch
