#pragma once

#include "base/expected.hpp"
#include "model/json_member.hpp"
#include "model/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// Which items of a job are run again. An item is, when it fits every list that has entries.
struct RerunSelection {
    std::vector<item_state> states;
    std::vector<std::string> codes;      ///< patterns, see matches_pattern
    std::vector<std::uint64_t> indexes;  ///< ascending, none twice

    friend bool operator==(const RerunSelection&, const RerunSelection&) = default;
};

/// Whether an item that ended like this is run again. One that could never be fetched (its URL or
/// its line cannot be read) is not, whatever is asked for: it would end the same.
[[nodiscard]] bool selects(const RerunSelection& selection, const ItemResult& result);

/// Reads what a client asks for: `{state, code, index}`, each a list; without any of them
/// everything that failed.
///
/// Errors  api_invalid with a pointer
[[nodiscard]] Fault read_rerun(const JsonMember& member, RerunSelection& selection);

/// As it is stored while it is carried out.
[[nodiscard]] std::string to_json(const RerunSelection& selection);
/// Errors  internal when the text is not what to_json wrote
[[nodiscard]] Expected<RerunSelection> rerun_from_json(std::string_view text);

}  // namespace fanfetch
