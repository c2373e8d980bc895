#pragma once

#include "base/expected.hpp"
#include "net/egress_rules.hpp"
#include "url/url.hpp"

namespace fanfetch {

/// What the gate will say of a URL, as far as it can be known before any name is resolved: its
/// port, its name, and its address when that is written out. A URL that passes may still be
/// refused for the addresses its name turns out to have.
///
/// Errors   policy_port, policy_host, policy_address, in the words of the gate
/// Threads  any thread
[[nodiscard]] Expected<void> judge_unresolved(const EgressRules& rules, const Url& url);

}  // namespace fanfetch
