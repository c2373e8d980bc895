#pragma once

#include "net/ip_address.hpp"

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch::testing {

/// A run of refused addresses, both ends included.
struct DeniedRange {
    IpAddress first;
    IpAddress last;
};

namespace address_table {

inline IpAddress must_read(std::string_view text) {
    const auto address = IpAddress::parse(text);
    if (!address) {
        throw std::logic_error{"the table has a bad address: " + std::string{text}};
    }
    return *address;
}

struct Row {
    std::string_view first;
    std::string_view last;
};

inline constexpr Row rows[] = {
    {"0.0.0.0", "0.255.255.255"},
    {"10.0.0.0", "10.255.255.255"},
    {"100.64.0.0", "100.127.255.255"},
    {"127.0.0.0", "127.255.255.255"},
    {"168.63.129.16", "168.63.129.16"},
    {"169.254.0.0", "169.254.255.255"},
    {"172.16.0.0", "172.31.255.255"},
    {"192.0.0.0", "192.0.0.255"},
    {"192.0.2.0", "192.0.2.255"},
    {"192.31.196.0", "192.31.196.255"},
    {"192.52.193.0", "192.52.193.255"},
    {"192.88.99.0", "192.88.99.255"},
    {"192.168.0.0", "192.168.255.255"},
    {"192.175.48.0", "192.175.48.255"},
    {"198.18.0.0", "198.19.255.255"},
    {"198.51.100.0", "198.51.100.255"},
    {"203.0.113.0", "203.0.113.255"},
    {"224.0.0.0", "239.255.255.255"},
    {"240.0.0.0", "255.255.255.255"},
    {"::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff"},
    {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    // Named in the policy, and inside the blocks above.
    {"::", "::"},
    {"::1", "::1"},
    {"::ffff:0.0.0.0", "::ffff:255.255.255.255"},
    {"::ffff:0:0.0.0.0", "::ffff:0:255.255.255.255"},
    {"64:ff9b::", "64:ff9b::ffff:ffff"},
    {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"},
    {"100::", "100::ffff:ffff:ffff:ffff"},
    {"100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff"},
    {"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
};

inline bool within(const IpAddress& address, const DeniedRange& range) {
    const auto less = [](const IpAddress& a, const IpAddress& b) {
        return std::ranges::lexicographical_compare(a.bytes(), b.bytes());
    };
    return address.v6() == range.first.v6() && !less(address, range.first) &&
           !less(range.last, address);
}

inline IpAddress with_v4_at(std::string_view prefix, std::size_t offset, V4Bytes v4) {
    V6Bytes bytes = must_read(prefix).v6_bytes();
    std::ranges::copy(v4, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    return IpAddress{bytes};
}

}  // namespace address_table

/// The deny table of the address policy written a second time: as first and last addresses rather
/// than prefixes, and judged by comparing bytes, so that a slip in one is not repeated in the
/// other.
///
/// Source  IANA IPv4 and IPv6 Special-Purpose Address Registries
[[nodiscard]] inline std::span<const DeniedRange> denied_ranges() {
    static const std::vector<DeniedRange> ranges = [] {
        std::vector<DeniedRange> read;
        for (const address_table::Row& row : address_table::rows) {
            read.push_back({address_table::must_read(row.first), address_table::must_read(row.last)}
            );
        }
        return read;
    }();
    return ranges;
}

/// What the table says, an IPv4 address inside the other taken into account.
[[nodiscard]] inline bool denied_by_table(const IpAddress& address) {
    // Every form that carries an IPv4 address lies in a range of its own, so the ranges suffice.
    return std::ranges::any_of(denied_ranges(), [&](const DeniedRange& range) {
        return address_table::within(address, range);
    });
}

/// `v4` in each form that carries an IPv4 address: compatible, mapped, translated, both NAT64
/// prefixes, 6to4, Teredo (as the client). 0.0.0.0 and 0.0.0.1 have no compatible form.
[[nodiscard]] inline std::vector<IpAddress> all_embeddings(const V4Bytes& v4) {
    V4Bytes inverted{};
    std::ranges::transform(v4, inverted.begin(), [](std::uint8_t byte) {
        return static_cast<std::uint8_t>(~byte);
    });
    std::vector<IpAddress> carriers{
        address_table::with_v4_at("::ffff:0:0", 12, v4),
        address_table::with_v4_at("::ffff:0:0:0", 12, v4),
        address_table::with_v4_at("64:ff9b::", 12, v4),
        address_table::with_v4_at("64:ff9b:1::", 12, v4),
        address_table::with_v4_at("2002::1", 2, v4),
        address_table::with_v4_at("2001:0:4136:e378::", 12, inverted),
    };
    const bool nameless = v4 == V4Bytes{0, 0, 0, 0} || v4 == V4Bytes{0, 0, 0, 1};
    if (!nameless) {
        carriers.push_back(address_table::with_v4_at("::", 12, v4));
    }
    return carriers;
}

}  // namespace fanfetch::testing
