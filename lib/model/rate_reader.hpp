#pragma once

#include "model/json_member.hpp"

namespace fanfetch {

/// The highest rate that can be asked for; more is no limit at all.
inline constexpr double highest_rate = 1'000'000;

/// Reads how often something may happen: a number above 0, or a text like "30/m" (per s, m or h).
///
/// Units  `target` is per second
Fault read_rate(const JsonMember& member, double& target);

}  // namespace fanfetch
