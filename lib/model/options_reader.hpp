#pragma once

#include "base/time.hpp"
#include "model/json_member.hpp"
#include "model/options.hpp"
#include "url/url.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// What a job may ask for at most; more is refused, never clamped.
struct OptionLimits {
    int max_concurrency = 1'000;
    std::uint64_t max_body_bytes = std::uint64_t{1} << 30U;
    std::chrono::milliseconds max_total_timeout{std::chrono::hours{1}};
    int max_redirects = 50;
    bool allow_insecure_tls = false;  ///< whether `tls.verify: off` is accepted
    /// Why a callback may not go there, as far as the URL alone tells; none: it may go anywhere.
    std::function<std::optional<Failure>(const Url&)> why_not_callback{};
};

/// What reading options depends on besides their text.
struct OptionContext {
    OptionLimits limits;
    WallTime now{};  ///< a `deadline` given as a time becomes a duration from here
};

/// Lays a job's `options` object over `options`.
///
/// Nothing that was asked for is ignored in silence: an option that there is none of is refused.
///
/// Errors  api_invalid with the pointer of every member at fault (Faults::most of them); `options`
///         is then half written and of no use
Fault read_job_options(const JsonMember& member, const OptionContext& context, JobOptions& options);

/// Reads one member of a job's `options` by its name, in the same way.
Fault read_job_option(
    const JsonMember& member, std::string_view name, const OptionContext& context,
    JobOptions& options
);

/// Whether a request may carry a member of this name to say how it is fetched.
[[nodiscard]] bool is_fetch_option(std::string_view name) noexcept;

/// Lays one of a request's fetch options over `options`; `name` is one for which is_fetch_option.
Fault read_fetch_option(
    const JsonMember& member, std::string_view name, const OptionContext& context,
    FetchOptions& options
);

/// Reads one callback: `{url, events, headers, secret}`, of which `url` alone is wanted.
///
/// Errors  api_invalid with a pointer, policy_* when the URL may not be called
Fault read_callback(const JsonMember& member, const OptionContext& context, CallbackOrder& order);

/// Reads a caller's `metadata`: an object of at most 16 KiB, kept as its canonical text.
Fault read_metadata(const JsonMember& member, std::string& text);

}  // namespace fanfetch
