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
/// tenant, hash ("sha256:…") and scopes. All are wanted. A key may say what holds for its tenant:
/// quotas {max_jobs, max_queued_items, requests_per_s} and egress_allow. Other members are
/// refused, as are two keys with one id or one hash, or that say different things of a tenant.
///
/// Errors   request_invalid: "line 7: …"; never with a value that might be a key in clear
/// Threads  any thread; pure
[[nodiscard]] Expected<std::vector<KeyRecord>> parse_keys(std::string_view text);

/// What keys that parse_keys has read say of their tenants.
[[nodiscard]] TermsByTenant terms_of(const std::vector<KeyRecord>& keys);

/// The text that parse_keys reads as `keys`.
[[nodiscard]] std::string write_keys(const std::vector<KeyRecord>& keys);

}  // namespace fanfetch
