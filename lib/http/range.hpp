#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// Bytes `first` to `last`, both included.
struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    [[nodiscard]] std::uint64_t size() const noexcept { return last - first + 1; }
    friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

enum class range_verdict {
    whole,          ///< 200: no range, one we do not serve, or one we may ignore
    part,           ///< 206
    unsatisfiable,  ///< 416
};

struct RangeAnswer {
    range_verdict verdict = range_verdict::whole;
    ByteRange range{};  ///< of a part
};

/// What to send of `size` bytes when `range` was asked for.
///
/// One range is served. Several are answered with the whole, which RFC 9110 allows and which costs
/// no client more than it asked for with overlapping ranges; only when none of them can be
/// satisfied, it is 416. What is no byte range at all is ignored, as the RFC wants.
///
/// Units   bytes
/// Source  RFC 9110 §14.1.2, §14.2, §15.5.17
[[nodiscard]] RangeAnswer judge_range(std::string_view range, std::uint64_t size);

/// The field Content-Range of a part, or of a refusal.
[[nodiscard]] std::string content_range(const ByteRange& range, std::uint64_t size);
[[nodiscard]] std::string unsatisfied_content_range(std::uint64_t size);

}  // namespace fanfetch
