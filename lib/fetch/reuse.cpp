#include "fetch/reuse.hpp"

#include "http/field_syntax.hpp"
#include "http/response_head.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::array<std::string_view, 8> words_with_the_origin{
    "cache-control",
    "pragma",
    "range",
    "if-range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since"};

/// A head as it was stored; whatever limits it was accepted under.
std::optional<ResponseHead> parse_stored_head(const std::string& stored) {
    const HeadLimits any{stored.size() + 2, stored.size()};
    auto head = parse_response_head(stored + "\r\n", any);
    return head ? std::move(*head) : std::nullopt;
}

}  // namespace

bool may_reuse(const FetchOptions& options) {
    const auto talks = [](const HeaderField& field) {
        return std::ranges::any_of(words_with_the_origin, [&field](std::string_view name) {
            return equal_ignoring_case(field.name, name);
        });
    };
    return (options.method == "GET" || options.method == "HEAD") && options.body.empty() &&
           options.conditional.empty() && std::ranges::none_of(options.headers, talks);
}

std::optional<Freshness> freshness_of(
    const FetchOutcome& outcome, WallTime asked_at, WallTime now
) {
    if (outcome.code != failure_code::none || outcome.head.empty() || !outcome.keep_payload ||
        !outcome.final_url.empty() || !outcome.attempt.redirects.empty()) {
        return std::nullopt;
    }
    const auto head = parse_stored_head(outcome.head);
    if (!head) {
        return std::nullopt;
    }
    return freshness_of({outcome.status, &head->fields, asked_at, now});
}

}  // namespace fanfetch
