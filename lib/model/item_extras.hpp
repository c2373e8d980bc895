#pragma once

#include "model/options_reader.hpp"

#include <string>
#include <string_view>

namespace fanfetch {

/// What a request says besides its URL, as one canonical JSON object: Item::extras.
///
/// Checks and keeps `id` (a text of at most 256 bytes), `metadata` and the fetch options; `url`
/// and `last_error` (which a report adds) are left to the caller or out. The options are judged
/// laid over the job's, as they will be used.
///
/// Errors  api_invalid with the pointer of the member at fault; `extras` is then not written
Fault make_item_extras(
    const JsonMember& request, const FetchOptions& job, const OptionContext& context,
    std::string& extras
);

/// How an item is fetched: its own options laid over the job's. `extras` is what make_item_extras
/// made, perhaps under other limits: those of the day it was accepted hold.
///
/// Errors  std::logic_error when `extras` is something else
[[nodiscard]] FetchOptions item_options(const FetchOptions& job, std::string_view extras);

/// What the caller calls an item: the JSON texts of two members of its extras, empty where there is
/// none. They refer into `extras`, and finding them builds nothing, since every line of a result
/// stream asks for them.
struct ItemLabel {
    std::string_view id;
    std::string_view metadata;
};

/// Errors  none; of what make_item_extras did not make nothing is found
[[nodiscard]] ItemLabel item_label(std::string_view extras) noexcept;

}  // namespace fanfetch
