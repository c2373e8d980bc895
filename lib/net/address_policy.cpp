#include "net/address_policy.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

using enum address_class;

struct V4Range {
    std::uint32_t base;
    unsigned prefix;
    address_class kind;

    [[nodiscard]] constexpr bool contains(std::uint32_t address) const noexcept {
        return ((address ^ base) >> (32 - prefix)) == 0;
    }
};

/// The first 64 bits are enough for a range, not for the addresses of a metadata service.
struct V6Range {
    std::uint64_t base;
    unsigned prefix;
    address_class kind;

    [[nodiscard]] constexpr bool contains(std::uint64_t high) const noexcept {
        return ((high ^ base) >> (64 - prefix)) == 0;
    }
};

struct V6Address {
    std::uint64_t high;
    std::uint64_t low;
};

constexpr std::uint32_t v4(unsigned a, unsigned b, unsigned c, unsigned d) noexcept {
    return a << 24U | b << 16U | c << 8U | d;
}

// The narrow ones first: the first range that contains an address names its class.
constexpr auto v4_ranges = std::to_array<V4Range>({
    {v4(169, 254, 169, 0), 24, metadata},    // .254: AWS, Google, Azure, DigitalOcean, OpenStack
    {v4(169, 254, 170, 0), 24, metadata},    // .2 and .23: AWS task and pod credentials
    {v4(169, 254, 0, 23), 32, metadata},     // Tencent Cloud
    {v4(169, 254, 10, 10), 32, metadata},    // Tencent Cloud
    {v4(169, 254, 42, 42), 32, metadata},    // Scaleway
    {v4(168, 63, 129, 16), 32, metadata},    // Azure's wire server
    {v4(100, 100, 100, 200), 32, metadata},  // Alibaba Cloud
    {v4(192, 0, 0, 192), 32, metadata},      // Oracle Cloud (classic)
    {v4(0, 0, 0, 0), 8, loopback},           // "this network": Linux takes 0.0.0.0 for itself
    {v4(127, 0, 0, 0), 8, loopback},        {v4(10, 0, 0, 0), 8, special},  // private
    {v4(100, 64, 0, 0), 10, special},    // shared by carrier-grade NATs
    {v4(169, 254, 0, 0), 16, special},   // link-local
    {v4(172, 16, 0, 0), 12, special},    // private
    {v4(192, 0, 0, 0), 24, special},     // IETF protocol assignments
    {v4(192, 0, 2, 0), 24, special},     // documentation
    {v4(192, 31, 196, 0), 24, special},  // AS112
    {v4(192, 52, 193, 0), 24, special},  // AMT
    {v4(192, 88, 99, 0), 24, special},   // 6to4 relays
    {v4(192, 168, 0, 0), 16, special},   // private
    {v4(192, 175, 48, 0), 24, special},  // AS112
    {v4(198, 18, 0, 0), 15, special},    // benchmarking
    {v4(198, 51, 100, 0), 24, special},  // documentation
    {v4(203, 0, 113, 0), 24, special},   // documentation
    {v4(224, 0, 0, 0), 4, special},      // multicast
    {v4(240, 0, 0, 0), 4, special},      // reserved, and the broadcast address
});

// Inside 2000::/3, the only part of the space that is handed out for use on the Internet.
constexpr auto v6_ranges = std::to_array<V6Range>({
    {0x2001'0000'0000'0000, 23, special},  // Teredo, benchmarking, ORCHID, AMT, AS112, drones
    {0x2001'0db8'0000'0000, 32, special},  // documentation
    {0x2002'0000'0000'0000, 16, special},  // 6to4
    {0x2620'004f'8000'0000, 48, special},  // AS112
    {0x3fff'0000'0000'0000, 20, special},  // documentation
});
constexpr V6Range v6_global{0x2000'0000'0000'0000, 3, global};

constexpr V6Range aws_services{0xfd00'0ec2'0000'0000, 32, metadata};  // metadata, pods, resolver
constexpr auto v6_metadata = std::to_array<V6Address>({
    {0xfd20'00ce'0000'0000, 0x0254},       // Google
    {0xfd00'00c1'0000'0000, 0xa9fe'a9fe},  // Oracle
    {0xfd00'0042'0000'0000, 0x0042},       // Scaleway
    {0xfd00'a9fe'a9fe'0000, 0x0001},       // Akamai (Linode)
    {0xfd00'0100'0000'0000, 0x0100'0200},  // Alibaba Cloud
    {0xfe80'0000'0000'0000, 0xa9fe'a9fe},  // OpenStack
});

/// Which first octets occur in the table at all: most public addresses need no further look.
constexpr auto v4_first_octets = [] {
    std::array<bool, 256> listed{};
    for (const V4Range& range : v4_ranges) {
        const std::uint32_t first = range.base >> 24U;
        const std::uint32_t count = range.prefix < 8 ? 1U << (8 - range.prefix) : 1U;
        for (std::uint32_t octet = first; octet < first + count; ++octet) {
            listed[octet] = true;
        }
    }
    return listed;
}();

constexpr std::uint32_t load32(const std::uint8_t* bytes) noexcept {
    return v4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

constexpr std::uint64_t load64(const std::uint8_t* bytes) noexcept {
    return std::uint64_t{load32(bytes)} << 32U | load32(bytes + 4);
}

constexpr V4Bytes to_bytes(std::uint32_t address) noexcept {
    return {
        static_cast<std::uint8_t>(address >> 24U), static_cast<std::uint8_t>(address >> 16U),
        static_cast<std::uint8_t>(address >> 8U), static_cast<std::uint8_t>(address)};
}

constexpr bool teredo(std::uint64_t high) noexcept {
    return high >> 32U == 0x2001'0000;
}

address_class classify_v4(std::uint32_t address) noexcept {
    if (!v4_first_octets[address >> 24U]) {
        return global;
    }
    for (const V4Range& range : v4_ranges) {
        if (range.contains(address)) {
            return range.kind;
        }
    }
    return global;
}

std::optional<std::uint32_t> embedded(std::uint64_t high, std::uint64_t low) noexcept {
    const auto last = static_cast<std::uint32_t>(low);
    const std::uint64_t middle = low >> 32U;
    if (high == 0) {
        // Compatible, mapped, translated. Of ::/96 the first two are :: and ::1 themselves.
        const bool carries = middle == 0 || middle == 0xffff || middle == 0xffff'0000;
        return carries && !(middle == 0 && last <= 1) ? std::optional{last} : std::nullopt;
    }
    if (high == 0x0064'ff9b'0000'0000 && middle == 0) {
        return last;  // the well-known NAT64 prefix
    }
    if (high >> 16U == 0x0064'ff9b'0001) {
        return last;  // a local NAT64, in its usual /96 form
    }
    if (high >> 48U == 0x2002) {
        return static_cast<std::uint32_t>(high >> 16U);  // 6to4
    }
    if (teredo(high)) {
        return ~last;  // the client, obfuscated so that NATs leave it alone
    }
    return std::nullopt;
}

address_class classify_outer(std::uint64_t high, std::uint64_t low) noexcept {
    if (v6_global.contains(high)) {
        const auto* found = std::ranges::find_if(v6_ranges, [high](const V6Range& range) {
            return range.contains(high);
        });
        return found == v6_ranges.end() ? global : found->kind;
    }
    if (high == 0 && low <= 1) {
        return loopback;  // ::1, and ::, which Linux takes for it
    }
    const bool listed = std::ranges::any_of(v6_metadata, [=](const V6Address& one) {
        return one.high == high && one.low == low;
    });
    return listed || aws_services.contains(high) ? metadata : special;
}

}  // namespace

address_class classify(const IpAddress& address) noexcept {
    const std::uint8_t* bytes = address.bytes().data();
    if (!address.v6()) {
        return classify_v4(load32(bytes));
    }
    const std::uint64_t high = load64(bytes);
    const std::uint64_t low = load64(bytes + 8);
    address_class worst = classify_outer(high, low);
    if (const auto inner = embedded(high, low)) {
        worst = std::max(worst, classify_v4(*inner));
    }
    if (teredo(high)) {
        worst = std::max(worst, classify_v4(static_cast<std::uint32_t>(high)));
    }
    return worst;
}

std::optional<IpAddress> embedded_v4(const IpAddress& address) noexcept {
    if (!address.v6()) {
        return std::nullopt;
    }
    const std::uint8_t* bytes = address.bytes().data();
    const auto inner = embedded(load64(bytes), load64(bytes + 8));
    return inner ? std::optional{IpAddress{to_bytes(*inner)}} : std::nullopt;
}

std::optional<IpAddress> teredo_server(const IpAddress& address) noexcept {
    if (!address.v6()) {
        return std::nullopt;
    }
    const std::uint64_t high = load64(address.bytes().data());
    return teredo(high) ? std::optional{IpAddress{to_bytes(static_cast<std::uint32_t>(high))}}
                        : std::nullopt;
}

}  // namespace fanfetch
