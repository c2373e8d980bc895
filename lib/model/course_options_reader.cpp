#include "model/fetch_option_parts.hpp"
#include "model/validators.hpp"

#include <array>
#include <utility>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr int most_attempts = 100;
constexpr milliseconds longest_backoff = 1h;
constexpr std::size_t most_statuses = 100;
constexpr std::size_t longest_validator = 512;

template <class Target>
using Row = MemberRow<Target, OptionContext>;

template <milliseconds Timeouts::*Step>
Fault read_timeout(const JsonMember& member, Timeouts& timeouts, const OptionContext& context) {
    return read_duration(member, 1ms, context.limits.max_total_timeout, timeouts.*Step);
}

constexpr std::uint64_t highest_low_speed = std::uint64_t{1} << 40U;

constexpr std::array low_speed_rows{
    Row<LowSpeed>{
        "bytes_per_s",
        [](const JsonMember& member, LowSpeed& limit, const OptionContext&) {
            return read_integer(member, 1, highest_low_speed, limit.bytes_per_s);
        }},
    Row<LowSpeed>{
        "for",
        [](const JsonMember& member, LowSpeed& limit, const OptionContext& context) {
            return read_duration(member, 1ms, context.limits.max_total_timeout, limit.over);
        }},
};

Fault read_low_speed(const JsonMember& member, Timeouts& timeouts, const OptionContext& context) {
    auto limit = timeouts.low_speed.value_or(LowSpeed{});
    auto fault = read_members<LowSpeed, OptionContext>(member, low_speed_rows, limit, context);
    if (fault) {
        return fault;
    }
    if (limit.bytes_per_s == 0 || limit.over == 0ms) {
        return member.refused("it takes both bytes_per_s and for");
    }
    timeouts.low_speed = limit;
    return std::nullopt;
}

constexpr std::array timeout_rows{
    Row<Timeouts>{"connect", read_timeout<&Timeouts::connect>},
    Row<Timeouts>{"first_byte", read_timeout<&Timeouts::first_byte>},
    Row<Timeouts>{"idle", read_timeout<&Timeouts::idle>},
    Row<Timeouts>{"total", read_timeout<&Timeouts::total>},
    Row<Timeouts>{"low_speed", read_low_speed},
};

Fault read_retry_statuses(const JsonMember& member, RetryOptions& retry, const OptionContext&) {
    retry.statuses.clear();
    return read_list(member, most_statuses, [&retry](const JsonMember& element) {
        return read_number(element, lowest_status, highest_status, retry.statuses.emplace_back());
    });
}

Fault read_retry_classes(const JsonMember& member, RetryOptions& retry, const OptionContext&) {
    static constexpr std::array words{
        JsonWord{"connect", retry_class::connect}, JsonWord{"tls", retry_class::tls},
        JsonWord{"timeout", retry_class::timeout}, JsonWord{"reset", retry_class::reset}};
    retry.on = 0;
    return read_list(member, words.size(), [&retry](const JsonMember& element) {
        auto one = retry_class::connect;
        auto fault = read_word(element, words, one);
        if (!fault) {
            retry.on = static_cast<std::uint8_t>(retry.on | static_cast<std::uint8_t>(one));
        }
        return fault;
    });
}

template <milliseconds RetryOptions::*Pause>
Fault read_pause(const JsonMember& member, RetryOptions& retry, const OptionContext&) {
    return read_duration(member, 0ms, longest_backoff, retry.*Pause);
}

constexpr std::array backoff_rows{
    Row<RetryOptions>{"base", read_pause<&RetryOptions::backoff_base>},
    Row<RetryOptions>{"max", read_pause<&RetryOptions::backoff_max>},
};

constexpr std::array retry_rows{
    Row<RetryOptions>{
        "max_attempts",
        [](const JsonMember& member, RetryOptions& retry, const OptionContext&) {
            return read_number(member, 1, most_attempts, retry.max_attempts);
        }},
    Row<RetryOptions>{"statuses", read_retry_statuses},
    Row<RetryOptions>{"on", read_retry_classes},
    Row<RetryOptions>{
        "backoff",
        [](const JsonMember& member, RetryOptions& retry, const OptionContext& context) {
            return read_members<RetryOptions, OptionContext>(member, backoff_rows, retry, context);
        }},
    Row<RetryOptions>{
        "unsafe_methods",
        [](const JsonMember& member, RetryOptions& retry, const OptionContext&) {
            return read_flag(member, retry.unsafe_methods);
        }},
};

constexpr std::array redirect_rows{
    Row<RedirectOptions>{
        "max", [](const JsonMember& member, RedirectOptions& redirects, const OptionContext& context
               ) { return read_number(member, 0, context.limits.max_redirects, redirects.max); }},
    Row<RedirectOptions>{
        "cross_origin",
        [](const JsonMember& member, RedirectOptions& redirects, const OptionContext&) {
            return read_flag(member, redirects.cross_origin);
        }},
};

Fault read_etag(const JsonMember& member, Conditional& conditional, const OptionContext&) {
    std::string tag;
    if (auto fault = read_text(member, longest_validator, tag)) {
        return fault;
    }
    if (!is_entity_tag(tag)) {
        return member.unexpected(R"(an entity tag with its quotes, such as "\"abc\"")");
    }
    conditional.etag = std::move(tag);
    return std::nullopt;
}

Fault read_last_modified(const JsonMember& member, Conditional& conditional, const OptionContext&) {
    std::string date;
    if (auto fault = read_text(member, longest_validator, date)) {
        return fault;
    }
    if (!is_http_date(date)) {
        return member.unexpected(R"(an HTTP date, such as "Sun, 06 Nov 1994 08:49:37 GMT")");
    }
    conditional.last_modified = std::move(date);
    return std::nullopt;
}

constexpr std::array conditional_rows{
    Row<Conditional>{"etag", read_etag},
    Row<Conditional>{"last_modified", read_last_modified},
};

}  // namespace

Fault read_timeouts(const JsonMember& member, Timeouts& timeouts, const OptionContext& context) {
    return read_members<Timeouts, OptionContext>(member, timeout_rows, timeouts, context);
}

Fault read_retry(const JsonMember& member, RetryOptions& retry, const OptionContext& context) {
    return read_members<RetryOptions, OptionContext>(member, retry_rows, retry, context);
}

Fault read_redirects(
    const JsonMember& member, RedirectOptions& redirects, const OptionContext& context
) {
    return read_members<RedirectOptions, OptionContext>(member, redirect_rows, redirects, context);
}

Fault read_conditional(
    const JsonMember& member, Conditional& conditional, const OptionContext& context
) {
    conditional = {};
    return read_members<Conditional, OptionContext>(member, conditional_rows, conditional, context);
}

}  // namespace fanfetch
