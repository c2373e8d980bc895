#include "http/conditional.hpp"

#include <optional>

namespace fanfetch {
namespace {

/// The one coding we give replies.
constexpr std::string_view coding_suffix = "-gzip";

struct Tag {
    bool weak = false;
    std::string_view opaque;  ///< with its quotes
};

/// Takes the next tag off the front of a list; nullopt at its end and for what is none.
std::optional<Tag> take_tag(std::string_view& list) {
    const auto start = list.find_first_not_of(" \t,");
    list.remove_prefix(start == std::string_view::npos ? list.size() : start);
    Tag tag{.weak = list.starts_with("W/"), .opaque = {}};
    const auto quoted = list.substr(tag.weak ? 2 : 0);
    const auto end = quoted.starts_with('"') ? quoted.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    tag.opaque = quoted.substr(0, end + 1);
    list = quoted.substr(end + 1);
    return tag;
}

bool is_same_state(std::string_view given, std::string_view etag) {
    return given == etag || given == etag_of_coding(etag, coding_suffix.substr(1));
}

enum class comparison { strong, weak };

bool matches(const http::fields& headers, http::field name, std::string_view etag, comparison how) {
    const auto [first, last] = headers.equal_range(name);
    for (auto field = first; field != last; ++field) {
        std::string_view list = field->value();
        if (list == "*" && !etag.empty()) {
            return true;
        }
        while (const auto tag = take_tag(list)) {
            const bool comparable = how == comparison::weak || !tag->weak;
            if (comparable && !etag.empty() && is_same_state(tag->opaque, etag)) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

precondition judge_conditions(
    const http::fields& headers, http::verb method, std::string_view etag
) {
    const bool has_match = headers.count(http::field::if_match) > 0;
    if (has_match && !matches(headers, http::field::if_match, etag, comparison::strong)) {
        return precondition::failed;
    }
    if (!matches(headers, http::field::if_none_match, etag, comparison::weak)) {
        return precondition::proceed;
    }
    const bool reads = method == http::verb::get || method == http::verb::head;
    return reads ? precondition::not_modified : precondition::failed;
}

std::string matched_etag(const http::fields& headers, std::string_view etag) {
    const auto [first, last] = headers.equal_range(http::field::if_none_match);
    for (auto field = first; field != last; ++field) {
        std::string_view list = field->value();
        while (const auto tag = take_tag(list)) {
            if (is_same_state(tag->opaque, etag)) {
                return std::string{tag->opaque};
            }
        }
    }
    return std::string{etag};
}

bool if_range_holds(const http::fields& headers, std::string_view etag) {
    const auto count = headers.count(http::field::if_range);
    return count == 0 || (count == 1 && headers[http::field::if_range] == etag);
}

std::string make_etag(std::string_view opaque) {
    std::string etag{'"'};
    etag += opaque;
    etag += '"';
    return etag;
}

std::string etag_of_coding(std::string_view etag, std::string_view coding) {
    if (etag.empty()) {
        return {};
    }
    std::string coded{etag.substr(0, etag.size() - 1)};
    coded += '-';
    coded += coding;
    coded += '"';
    return coded;
}

}  // namespace fanfetch
