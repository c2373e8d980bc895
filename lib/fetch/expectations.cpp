#include "fetch/expectations.hpp"

#include "http/field_syntax.hpp"

#include <algorithm>
#include <charconv>

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

std::optional<std::uint64_t> size_told(const ResponseHead& head) {
    const auto length = head.fields.find("content-length");
    if (!length || head.fields.contains("content-encoding")) {
        return std::nullopt;
    }
    std::uint64_t size = 0;
    const auto* const end = length->data() + length->size();
    const auto [stop, error] = std::from_chars(length->data(), end, size);
    return error == std::errc{} && stop == end ? std::optional{size} : std::nullopt;
}

std::optional<Failure> unmet(
    const Expectations& expected, const FetchOutcome& got, std::optional<std::uint64_t> size
) {
    if (expected.size && expected.size != size) {
        return failed(
            failure_code::integrity_size,
            "comparing the size: " +
                (size ? std::to_string(*size) + " bytes" : std::string{"the origin does not say"}) +
                ", expected " + std::to_string(*expected.size)
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
