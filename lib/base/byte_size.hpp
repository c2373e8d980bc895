#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// A number of bytes that cannot be mistaken for any other number.
struct ByteSize {
    std::uint64_t bytes = 0;

    friend constexpr auto operator<=>(ByteSize, ByteSize) noexcept = default;
};

namespace literals {
constexpr ByteSize operator""_KiB(unsigned long long n) noexcept {
    return {n << 10U};
}
constexpr ByteSize operator""_MiB(unsigned long long n) noexcept {
    return {n << 20U};
}
constexpr ByteSize operator""_GiB(unsigned long long n) noexcept {
    return {n << 30U};
}
}  // namespace literals

/// Reads "64KiB", "1 MiB", "1GiB", "500kB", "10MB" or a plain number of bytes; nullopt otherwise.
[[nodiscard]] std::optional<ByteSize> parse_byte_size(std::string_view text) noexcept;

/// The shortest exact spelling with a binary unit: "64KiB", "1000B".
[[nodiscard]] std::string to_string(ByteSize size);

}  // namespace fanfetch
