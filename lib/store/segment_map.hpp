#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// A whole record of a segment, with its end, at the offset it was written at.
struct RecordSpan {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;

    friend bool operator==(const RecordSpan&, const RecordSpan&) = default;
    friend auto operator<=>(const RecordSpan&, const RecordSpan&) = default;
};

/// Records of a compacted segment that stand one behind the other, as they did before.
struct MovedRun {
    std::uint64_t from = 0;  ///< where the first of them was written
    std::uint64_t to = 0;    ///< where it stands in the file now
    std::uint64_t length = 0;

    friend bool operator==(const MovedRun&, const MovedRun&) = default;
};

/// The runs that records make which are moved together, in their order; the first goes to 0.
/// `records` in the order of their offsets.
[[nodiscard]] std::vector<MovedRun> moved_runs(const std::vector<RecordSpan>& records);

/// Each is this long, so that one can be found without reading the others.
inline constexpr std::size_t moved_run_size = 32;

void encode(std::string& out, const MovedRun& run);
/// nullopt when the bytes are damaged, or no run.
[[nodiscard]] std::optional<MovedRun> decode_moved_run(std::string_view bytes) noexcept;

}  // namespace fanfetch
