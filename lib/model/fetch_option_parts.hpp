#pragma once

#include "model/options_reader.hpp"

#include <cstdint>
#include <vector>

namespace fanfetch {

/// Readers of the parts of a request's fetch options, for fetch_options_reader.cpp alone. Each lays
/// the members it finds over what is there.

/// The statuses there are.
inline constexpr std::uint16_t lowest_status = 100;
inline constexpr std::uint16_t highest_status = 599;

// How an attempt and its repetitions go.
Fault read_timeouts(const JsonMember& member, Timeouts& timeouts, const OptionContext& context);
Fault read_retry(const JsonMember& member, RetryOptions& retry, const OptionContext& context);
Fault read_redirects(
    const JsonMember& member, RedirectOptions& redirects, const OptionContext& context
);

/// What is laid over the job's is the whole of it: validators belong to one resource.
Fault read_conditional(
    const JsonMember& member, Conditional& conditional, const OptionContext& context
);

// What must come of it.
Fault read_expectations(
    const JsonMember& member, Expectations& expect, const OptionContext& context
);
/// Appends a status (a number) or ranges of statuses ("200-299,404").
Fault read_status_ranges(const JsonMember& member, std::vector<StatusRange>& ranges);

}  // namespace fanfetch
