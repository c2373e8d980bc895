#include "fetch/partial_body.hpp"

#include "http/field_syntax.hpp"
#include "http/http_date.hpp"
#include "model/validators.hpp"

#include <algorithm>
#include <chrono>

namespace fanfetch {

std::string range_validator(const ResponseHead& head) {
    constexpr std::uint16_t whole = 200;
    const auto& fields = head.fields;
    if (head.status != whole || fields.contains("content-encoding") ||
        equal_ignoring_case(fields.find("accept-ranges").value_or(""), "none")) {
        return {};
    }
    if (const auto tag = fields.find("etag")) {
        // Where there is a weak one the date is no better.
        return is_entity_tag(*tag) && tag->starts_with('"') ? std::string{*tag} : std::string{};
    }
    const auto modified = fields.find("last-modified").value_or("");
    const auto now = WallTime{};  // only for two-digit years, which is_http_date does not let in
    if (!is_http_date(modified)) {
        return {};
    }
    const auto changed = parse_http_date(modified, now);
    const auto sent = parse_http_date(fields.find("date").value_or(""), now);
    const bool strong = changed && sent && *sent - *changed >= std::chrono::seconds{1};
    return strong ? std::string{modified} : std::string{};
}

bool asks_for_range(const std::vector<HeaderField>& headers) noexcept {
    return std::ranges::any_of(headers, [](const HeaderField& field) {
        return equal_ignoring_case(field.name, "range") ||
               equal_ignoring_case(field.name, "if-range");
    });
}

}  // namespace fanfetch
