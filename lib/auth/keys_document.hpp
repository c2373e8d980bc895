#pragma once

#include "auth/key_record.hpp"
#include "base/expected.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// More keys than this in one file are refused.
inline constexpr std::size_t most_keys = 10'000;

/// Reads the text of a keys file: TOML with one `[[key]]` for each key, whose members are id,
/// tenant, hash ("sha256:…") and scopes. All are wanted; others are refused, as are two keys with
/// one id or one hash.
///
/// Errors   request_invalid: "line 7: …"; never with a value that might be a key in clear
/// Threads  any thread; pure
[[nodiscard]] Expected<std::vector<KeyRecord>> parse_keys(std::string_view text);

/// The text that parse_keys reads as `keys`.
[[nodiscard]] std::string write_keys(const std::vector<KeyRecord>& keys);

}  // namespace fanfetch
