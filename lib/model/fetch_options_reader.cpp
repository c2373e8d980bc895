#include "model/canonical_json.hpp"
#include "model/octets.hpp"
#include "model/options_reader.hpp"
#include "model/request_rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr int most_attempts = 100;
constexpr milliseconds longest_backoff = 1h;
constexpr std::size_t longest_list = 100;
constexpr std::size_t longest_content_type = 128;
constexpr std::size_t longest_metadata = 16U << 10U;
constexpr std::uint16_t lowest_status = 100;
constexpr std::uint16_t highest_status = 599;
constexpr std::uint64_t largest_size = std::uint64_t{1} << 53U;  // exact in every JSON reader
constexpr std::size_t sha256_size = 32;
constexpr std::size_t md5_size = 16;

template <class Target>
using Row = MemberRow<Target, OptionContext>;

Fault read_method(const JsonMember& member, FetchOptions& options, const OptionContext&) {
    const auto* const text = member.value().if_string();
    if (text == nullptr) {
        return member.unexpected("a method");
    }
    if (const auto why = why_not_method(*text)) {
        return member.refused(*why);
    }
    options.method.assign(text->data(), text->size());
    return std::nullopt;
}

Fault read_header(const JsonMember& member, std::string_view name, std::vector<HeaderField>& out) {
    const auto* const text = member.value().if_string();
    if (text == nullptr) {
        return member.unexpected("a text or a list of texts");
    }
    if (const auto why = why_not_header(name, *text)) {
        return member.refused(*why);
    }
    out.push_back({std::string{name}, std::string{*text}});
    return std::nullopt;
}

Fault read_headers(const JsonMember& member, FetchOptions& options, const OptionContext&) {
    const auto* const object = member.value().if_object();
    if (object == nullptr) {
        return member.unexpected("an object of header fields");
    }
    std::vector<HeaderField> fields;
    for (const auto& entry : *object) {
        const std::string_view name = entry.key();
        const JsonMember child{member, name, entry.value()};
        auto fault = entry.value().is_array()
                         ? read_list(
                               child, longest_list,
                               [&](const JsonMember& element) {
                                   return read_header(element, name, fields);
                               }
                           )
                         : read_header(child, name, fields);
        if (fault) {
            return fault;
        }
    }
    override_headers(options.headers, std::move(fields));
    if (const auto why = why_not_headers(options.headers)) {
        return member.refused(*why);
    }
    return std::nullopt;
}

Fault read_body(const JsonMember& member, FetchOptions& options, const OptionContext&) {
    constexpr std::string_view expected = "a text or {\"base64\": text}";
    if (const auto* const text = member.value().if_string()) {
        options.body.assign(text->data(), text->size());
        return std::nullopt;
    }
    const auto* const object = member.value().if_object();
    if (object == nullptr || object->size() != 1 || !object->contains("base64")) {
        return member.unexpected(expected);
    }
    const JsonMember child{member, "base64", object->at("base64")};
    const auto* const text = child.value().if_string();
    auto octets = text == nullptr ? std::nullopt : from_base64(*text);
    if (!octets) {
        return child.unexpected("base64 with its padding");
    }
    options.body = std::move(*octets);
    return std::nullopt;
}

template <milliseconds Timeouts::* Step>
Fault read_timeout(const JsonMember& member, Timeouts& timeouts, const OptionContext& context) {
    return read_duration(member, 1ms, context.limits.max_total_timeout, timeouts.*Step);
}

constexpr std::array timeout_rows{
    Row<Timeouts>{"connect", read_timeout<&Timeouts::connect>},
    Row<Timeouts>{"first_byte", read_timeout<&Timeouts::first_byte>},
    Row<Timeouts>{"idle", read_timeout<&Timeouts::idle>},
    Row<Timeouts>{"total", read_timeout<&Timeouts::total>},
    Row<Timeouts>{"low_speed", not_supported<Timeouts, OptionContext>},
};

Fault read_retry_statuses(const JsonMember& member, RetryOptions& retry, const OptionContext&) {
    retry.statuses.clear();
    return read_list(member, longest_list, [&retry](const JsonMember& element) {
        return read_number(element, lowest_status, highest_status, retry.statuses.emplace_back());
    });
}

Fault read_retry_classes(const JsonMember& member, RetryOptions& retry, const OptionContext&) {
    static constexpr std::array words{
        JsonWord{"connect", retry_class::connect}, JsonWord{"tls", retry_class::tls},
        JsonWord{"timeout", retry_class::timeout}, JsonWord{"reset", retry_class::reset}
    };
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

template <milliseconds RetryOptions::* Pause>
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
        }
    },
    Row<RetryOptions>{"statuses", read_retry_statuses},
    Row<RetryOptions>{"on", read_retry_classes},
    Row<RetryOptions>{
        "backoff",
        [](const JsonMember& member, RetryOptions& retry, const OptionContext& context) {
            return read_members<RetryOptions, OptionContext>(member, backoff_rows, retry, context);
        }
    },
    Row<RetryOptions>{
        "unsafe_methods",
        [](const JsonMember& member, RetryOptions& retry, const OptionContext&) {
            return read_flag(member, retry.unsafe_methods);
        }
    },
};

constexpr std::array redirect_rows{
    Row<RedirectOptions>{
        "max",
        [](const JsonMember& member, RedirectOptions& redirects, const OptionContext& context) {
            return read_number(member, 0, context.limits.max_redirects, redirects.max);
        }
    },
    Row<RedirectOptions>{
        "cross_origin",
        [](const JsonMember& member, RedirectOptions& redirects, const OptionContext&) {
            return read_flag(member, redirects.cross_origin);
        }
    },
};

/// "200" or "200-299".
std::optional<StatusRange> status_range(std::string_view text) {
    StatusRange range;
    const char* const end = text.data() + text.size();
    auto [rest, error] = std::from_chars(text.data(), end, range.first);
    range.last = range.first;
    if (error == std::errc{} && rest != end && *rest == '-') {
        const auto last = std::from_chars(rest + 1, end, range.last);
        rest = last.ptr;
        error = last.ec;
    }
    if (error != std::errc{} || rest != end || range.first < lowest_status ||
        range.last > highest_status || range.first > range.last) {
        return std::nullopt;
    }
    return range;
}

Fault read_status_ranges(const JsonMember& member, std::vector<StatusRange>& ranges) {
    if (member.value().is_number()) {
        std::uint16_t status = 0;
        auto fault = read_number(member, lowest_status, highest_status, status);
        ranges.push_back({status, status});
        return fault;
    }
    const auto* const string = member.value().if_string();
    std::string_view rest = string == nullptr ? std::string_view{} : std::string_view{*string};
    while (ranges.size() < longest_list) {
        const auto comma = rest.find(',');
        const auto range = status_range(rest.substr(0, comma));
        if (!range) {
            break;
        }
        ranges.push_back(*range);
        if (comma == std::string_view::npos) {
            return std::nullopt;
        }
        rest.remove_prefix(comma + 1);
    }
    return member.unexpected("a status or ranges of statuses such as \"200-299,404\"");
}

Fault read_accept_status(const JsonMember& member, FetchOptions& options, const OptionContext&) {
    options.accept_status.clear();
    if (!member.value().is_array()) {
        return read_status_ranges(member, options.accept_status);
    }
    return read_list(member, longest_list, [&options](const JsonMember& element) {
        return read_status_ranges(element, options.accept_status);
    });
}

template <std::string Expectations::* Digest, std::size_t Size>
Fault read_digest(const JsonMember& member, Expectations& expect, const OptionContext&) {
    const auto* const text = member.value().if_string();
    std::optional<std::string> octets;
    if (text != nullptr) {
        octets = text->size() == 2 * Size ? from_hex(*text) : from_base64(*text);
    }
    if (!octets || octets->size() != Size) {
        return member.unexpected(std::to_string(Size) + " bytes in hex or base64");
    }
    expect.*Digest = std::move(*octets);
    return std::nullopt;
}

Fault read_content_type(const JsonMember& member, Expectations& expect, const OptionContext&) {
    std::string type;
    if (auto fault = read_text(member, longest_content_type, type)) {
        return fault;
    }
    const auto slash = type.find('/');
    const auto word = [](std::string_view text) {
        return !text.empty() && std::ranges::all_of(text, [](char c) {
            return c > ' ' && c < 0x7F && std::string_view{"\"(),/:;<=>?@[\\]{}"}.find(c) ==
                                              std::string_view::npos;
        });
    };
    if (slash == std::string::npos || !word(std::string_view{type}.substr(0, slash)) ||
        !word(std::string_view{type}.substr(slash + 1))) {
        return member.unexpected("a media type without parameters, such as \"text/html\"");
    }
    std::ranges::transform(type, type.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    expect.content_type = std::move(type);
    return std::nullopt;
}

constexpr std::array expect_rows{
    Row<Expectations>{
        "size",
        [](const JsonMember& member, Expectations& expect, const OptionContext&) {
            std::uint64_t size = 0;
            auto fault = read_integer(member, 0, largest_size, size);
            expect.size = size;
            return fault;
        }
    },
    Row<Expectations>{"sha256", read_digest<&Expectations::sha256, sha256_size>},
    Row<Expectations>{"md5", read_digest<&Expectations::md5, md5_size>},
    Row<Expectations>{"content_type", read_content_type},
};

Fault read_verify(const JsonMember& member, FetchOptions& options, const OptionContext& context) {
    enum class verify : std::uint8_t { strict, label, off };
    static constexpr std::array words{
        JsonWord{"strict", verify::strict}, JsonWord{"label", verify::label},
        JsonWord{"off", verify::off}
    };
    auto wanted = verify::strict;
    if (auto fault = read_word(member, words, wanted)) {
        return fault;
    }
    if (wanted == verify::label) {
        return member.refused("not supported by this version");
    }
    if (wanted == verify::off && !context.limits.allow_insecure_tls) {
        return member.refused("the operator does not allow this (fetch.allow_insecure_tls)");
    }
    options.verify_tls = wanted == verify::strict;
    return std::nullopt;
}

constexpr std::array tls_rows{Row<FetchOptions>{"verify", read_verify}};

/// Reads an object into one member of the options.
template <auto Part, const auto& Rows>
Fault read_part(const JsonMember& member, FetchOptions& options, const OptionContext& context) {
    auto& part = options.*Part;
    return read_members<std::remove_reference_t<decltype(part)>, OptionContext>(
        member, Rows, part, context
    );
}

constexpr std::array fetch_rows{
    Row<FetchOptions>{"method", read_method},
    Row<FetchOptions>{"headers", read_headers},
    Row<FetchOptions>{"body", read_body},
    Row<FetchOptions>{"timeouts", read_part<&FetchOptions::timeouts, timeout_rows>},
    Row<FetchOptions>{"retry", read_part<&FetchOptions::retry, retry_rows>},
    Row<FetchOptions>{"redirects", read_part<&FetchOptions::redirects, redirect_rows>},
    Row<FetchOptions>{"accept_status", read_accept_status},
    Row<FetchOptions>{
        "max_body_bytes",
        [](const JsonMember& member, FetchOptions& options, const OptionContext& context) {
            return read_integer(
                member, 1, context.limits.max_body_bytes, options.max_body_bytes
            );
        }
    },
    Row<FetchOptions>{"expect", read_part<&FetchOptions::expect, expect_rows>},
    Row<FetchOptions>{
        "tls",
        [](const JsonMember& member, FetchOptions& options, const OptionContext& context) {
            return read_members<FetchOptions, OptionContext>(member, tls_rows, options, context);
        }
    },
    Row<FetchOptions>{"conditional", not_supported<FetchOptions, OptionContext>},
};

}  // namespace

bool is_fetch_option(std::string_view name) noexcept {
    return std::ranges::find(fetch_rows, name, &Row<FetchOptions>::name) != fetch_rows.end();
}

Fault read_fetch_option(
    const JsonMember& member, std::string_view name, const OptionContext& context,
    FetchOptions& options
) {
    const auto* const row = std::ranges::find(fetch_rows, name, &Row<FetchOptions>::name);
    return row->read(member, options, context);
}

Fault read_metadata(const JsonMember& member, std::string& text) {
    if (!member.value().is_object()) {
        return member.unexpected("an object");
    }
    auto canonical = canonical_json(member.value());
    if (canonical.size() > longest_metadata) {
        return member.refused("more than 16 KiB");
    }
    text = std::move(canonical);
    return std::nullopt;
}

}  // namespace fanfetch
