#pragma once

#include "model/item.hpp"
#include "model/json_member.hpp"
#include "model/options_reader.hpp"

#include <cstdint>
#include <string_view>

namespace fanfetch {

/// An item that is no more than a URL. One that cannot be read is kept as given, cut to what a URL
/// may have, with the failure beside it.
[[nodiscard]] Item plain_item(std::uint64_t index, std::string_view url);

/// Reads one request, a URL or an object with `url`, into `item`, whose index is left alone.
///
/// Errors  api_invalid for what makes no sense as a request; a bad URL is the item's own failure
Fault read_request(
    const JsonMember& request, const FetchOptions& job, const OptionContext& context, Item& item
);

}  // namespace fanfetch
