#include "base/byte_size.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace fanfetch {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array units{
    Unit{"", 1},
    Unit{"B", 1},
    Unit{"kB", 1'000},
    Unit{"MB", 1'000'000},
    Unit{"GB", 1'000'000'000},
    Unit{"KiB", std::uint64_t{1} << 10U},
    Unit{"MiB", std::uint64_t{1} << 20U},
    Unit{"GiB", std::uint64_t{1} << 30U},
    Unit{"TiB", std::uint64_t{1} << 40U},
};

}  // namespace

std::optional<ByteSize> parse_byte_size(std::string_view text) noexcept {
    std::uint64_t number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) {
        return std::nullopt;
    }
    std::string_view name{rest, static_cast<std::size_t>(text.data() + text.size() - rest)};
    if (name.starts_with(' ')) {
        name.remove_prefix(1);
    }
    for (const auto& unit : units) {
        if (unit.name == name) {
            if (number > std::numeric_limits<std::uint64_t>::max() / unit.factor) {
                return std::nullopt;
            }
            return ByteSize{number * unit.factor};
        }
    }
    return std::nullopt;
}

std::string to_string(ByteSize size) {
    constexpr std::array binary{
        Unit{"TiB", std::uint64_t{1} << 40U},
        Unit{"GiB", std::uint64_t{1} << 30U},
        Unit{"MiB", std::uint64_t{1} << 20U},
        Unit{"KiB", std::uint64_t{1} << 10U},
    };
    for (const auto& unit : binary) {
        if (size.bytes >= unit.factor && size.bytes % unit.factor == 0) {
            return std::to_string(size.bytes / unit.factor).append(unit.name);
        }
    }
    return std::to_string(size.bytes) + "B";
}

}  // namespace fanfetch
