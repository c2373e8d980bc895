// F2: addresses. Input: 4 bytes are an IPv4 address, 16 an IPv6 address, anything else is text.

#include "net/address_policy.hpp"
#include "net/egress_entry.hpp"
#include "support/dns_address_table.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace fanfetch;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// One class for all its spellings, the table's verdict, and a text that reads back as itself.
void judge(const IpAddress& address) {
    const bool refused = classify(address) != address_class::global;
    require(refused == testing::denied_by_table(address));
    require(IpAddress::parse(to_string(address)) == address);
    if (const auto inner = embedded_v4(address)) {
        require(!inner->v6());
        require(classify(address) >= classify(*inner));
    }
}

void wrap(const V4Bytes& v4) {
    const IpAddress inner{v4};
    for (const IpAddress& carrier : testing::all_embeddings(v4)) {
        require(embedded_v4(carrier) == inner);
        require(classify(carrier) >= classify(inner));
        judge(carrier);
    }
}

void read(std::string_view text) {
    if (const auto address = IpAddress::parse(text)) {
        judge(*address);
    }
    if (const auto block = Cidr::parse(text)) {
        require(block->contains(block->base));
    }
    if (const auto endpoint = parse_endpoint(text, 53)) {
        require(parse_endpoint(to_string(*endpoint), 0) == *endpoint);
    }
    if (const auto entry = EgressEntry::parse(text)) {
        require(!entry->port || *entry->port != 0);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == V4Bytes{}.size()) {
        V4Bytes bytes{};
        std::copy_n(data, size, bytes.begin());
        judge(IpAddress{bytes});
        wrap(bytes);
    } else if (size == V6Bytes{}.size()) {
        V6Bytes bytes{};
        std::copy_n(data, size, bytes.begin());
        judge(IpAddress{bytes});
    }
    read({reinterpret_cast<const char*>(data), size});
    return 0;
}
