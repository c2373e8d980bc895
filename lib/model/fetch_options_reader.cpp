#include "model/canonical_json.hpp"
#include "model/fetch_option_parts.hpp"
#include "model/octets.hpp"
#include "model/options_reader.hpp"
#include "model/request_rules.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::size_t longest_list = 100;
constexpr std::size_t longest_metadata = 16U << 10U;

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

Fault read_header(const JsonMember& member, HeaderField field, std::vector<HeaderField>& out) {
    const auto* const text = member.value().if_string();
    if (text == nullptr) {
        return member.unexpected("a text or a list of texts");
    }
    if (const auto why = why_not_header(field.name, *text)) {
        return member.refused(*why);
    }
    field.value.assign(text->data(), text->size());
    out.push_back(std::move(field));
    return std::nullopt;
}

/// The lines of one name: a text, a list of them, or either as `{"secret": …}`.
Fault read_header_lines(
    const JsonMember& member, HeaderField field, std::vector<HeaderField>& out
) {
    const auto* const marked = member.value().if_object();
    if (marked != nullptr && !field.secret) {
        if (marked->size() != 1 || !marked->contains("secret")) {
            return member.unexpected("a text, a list of texts, or {\"secret\": either of them}");
        }
        field.secret = true;
        return read_header_lines({member, "secret", marked->at("secret")}, std::move(field), out);
    }
    const auto read = [&](const JsonMember& one) { return read_header(one, field, out); };
    return member.value().is_array() ? read_list(member, longest_list, read) : read(member);
}

Fault read_headers(const JsonMember& member, FetchOptions& options, const OptionContext&) {
    const auto* const object = member.value().if_object();
    if (object == nullptr) {
        return member.unexpected("an object of header fields");
    }
    std::vector<HeaderField> fields;
    auto fault = read_entries(member, *object, [&](const JsonMember& child, std::string_view name) {
        return read_header_lines(child, {std::string{name}, {}}, fields);
    });
    if (fault) {
        return fault;
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

Fault read_accept_status(const JsonMember& member, FetchOptions& options, const OptionContext&) {
    options.accept_status.clear();
    if (!member.value().is_array()) {
        return read_status_ranges(member, options.accept_status);
    }
    return read_list(member, longest_list, [&options](const JsonMember& element) {
        return read_status_ranges(element, options.accept_status);
    });
}

Fault read_verify(const JsonMember& member, FetchOptions& options, const OptionContext& context) {
    static constexpr std::array words{
        JsonWord{"strict", tls_verify::strict}, JsonWord{"label", tls_verify::label},
        JsonWord{"off", tls_verify::off}};
    if (auto fault = read_word(member, words, options.verify)) {
        return fault;
    }
    if (options.verify == tls_verify::off && !context.limits.allow_insecure_tls) {
        return member.refused("the operator does not allow this (fetch.allow_insecure_tls)");
    }
    return std::nullopt;
}

constexpr std::array tls_rows{Row<FetchOptions>{"verify", read_verify}};

/// A reader of one part of the options as a reader of the options.
template <auto Part, auto Read>
Fault read_part(const JsonMember& member, FetchOptions& options, const OptionContext& context) {
    return Read(member, options.*Part, context);
}

constexpr std::array fetch_rows{
    Row<FetchOptions>{"method", read_method},
    Row<FetchOptions>{"headers", read_headers},
    Row<FetchOptions>{"body", read_body},
    Row<FetchOptions>{"timeouts", read_part<&FetchOptions::timeouts, read_timeouts>},
    Row<FetchOptions>{"retry", read_part<&FetchOptions::retry, read_retry>},
    Row<FetchOptions>{"redirects", read_part<&FetchOptions::redirects, read_redirects>},
    Row<FetchOptions>{"accept_status", read_accept_status},
    Row<FetchOptions>{
        "max_body_bytes",
        [](const JsonMember& member, FetchOptions& options, const OptionContext& context) {
            return read_integer(member, 1, context.limits.max_body_bytes, options.max_body_bytes);
        }},
    Row<FetchOptions>{"expect", read_part<&FetchOptions::expect, read_expectations>},
    Row<FetchOptions>{
        "tls",
        [](const JsonMember& member, FetchOptions& options, const OptionContext& context) {
            return read_members<FetchOptions, OptionContext>(member, tls_rows, options, context);
        }},
    Row<FetchOptions>{"conditional", read_part<&FetchOptions::conditional, read_conditional>},
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
