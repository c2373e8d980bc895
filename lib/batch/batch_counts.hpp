#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// How one item of a batch ends.
enum class item_end : std::uint8_t {
    ok,
    not_found,  ///< HTTP 404
    error,      ///< every other failure
    cancelled,  ///< it never came to an end of its own
};

[[nodiscard]] std::string_view to_string(item_end end) noexcept;

/// How many items ended how. They always sum to the number of items.
struct BatchCounts {
    std::uint64_t ok = 0;
    std::uint64_t not_found = 0;
    std::uint64_t error = 0;
    std::uint64_t cancelled = 0;

    void add(item_end end) noexcept;
    [[nodiscard]] std::uint64_t total() const noexcept {
        return ok + not_found + error + cancelled;
    }
    friend bool operator==(const BatchCounts&, const BatchCounts&) = default;
};

/// "271 files in 0.43 s: 268 ok, 2 not found, 1 error". Ends that did not occur are left out, but
/// for `ok`.
[[nodiscard]] std::string summary_line(
    const BatchCounts& counts, std::chrono::milliseconds elapsed
);

/// The most requests that are ever in flight, whatever is asked for.
inline constexpr std::size_t most_concurrency = 1000;

/// How many requests are in flight at a time: no more than asked for, than there are items (if
/// that is known), and than `most_concurrency`; at least one.
[[nodiscard]] std::size_t effective_concurrency(
    std::size_t requested, std::optional<std::uint64_t> items
) noexcept;

}  // namespace fanfetch
