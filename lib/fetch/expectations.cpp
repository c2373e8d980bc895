#include "fetch/expectations.hpp"

#include "http/field_syntax.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

std::string_view essence(std::string_view content_type) noexcept {
    auto end = content_type.find(';');
    content_type = content_type.substr(0, end);
    while (!content_type.empty() && (content_type.back() == ' ' || content_type.back() == '\t')) {
        content_type.remove_suffix(1);
    }
    return content_type;
}

}  // namespace

std::optional<Failure> unmet(const Expectations& expected, const FetchOutcome& got) {
    if (expected.size && *expected.size != got.size) {
        return failed(
            failure_code::integrity_size, "comparing the size: " + std::to_string(got.size) +
                                              " bytes came, " + std::to_string(*expected.size) +
                                              " were expected"
        );
    }
    if (!expected.sha256.empty() &&
        (!got.sha256 || !std::ranges::equal(expected.sha256, *got.sha256, {}, [](char c) {
            return static_cast<std::uint8_t>(c);
        }))) {
        return failed(failure_code::integrity_digest, "comparing the SHA-256: it differs");
    }
    if (!expected.md5.empty() && expected.md5 != got.md5) {
        return failed(failure_code::integrity_digest, "comparing the MD5: it differs");
    }
    if (!expected.content_type.empty() &&
        !equal_ignoring_case(essence(got.content_type), expected.content_type)) {
        return failed(
            failure_code::integrity_content_type,
            "comparing the type: " + std::string{essence(got.content_type)} + " came, " +
                expected.content_type + " was expected"
        );
    }
    return std::nullopt;
}

bool accepted(std::uint16_t status, const std::vector<StatusRange>& ranges) noexcept {
    return std::ranges::any_of(ranges, [status](const StatusRange& range) {
        return range.first <= status && status <= range.last;
    });
}

}  // namespace fanfetch
