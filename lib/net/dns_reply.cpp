#include "net/dns_reply.hpp"

#include <ares.h>

#include <algorithm>
#include <cstring>

namespace fanfetch {
namespace {

/// A compressed name, type, class, time to live, length and an IPv4 address: no record is shorter,
/// which bounds how many there can be.
constexpr std::size_t smallest_record = 16;

IpAddress address_of(const ares_addrttl& record) {
    V4Bytes bytes{};
    std::memcpy(bytes.data(), &record.ipaddr, bytes.size());
    return IpAddress{bytes};
}

IpAddress address_of(const ares_addr6ttl& record) {
    V6Bytes bytes{};
    std::memcpy(bytes.data(), &record.ip6addr, bytes.size());
    return IpAddress{bytes};
}

template <class Record, class Parse>
DnsReply read_records(std::span<const std::uint8_t> message, Parse parse) {
    std::vector<Record> records(message.size() / smallest_record + 1);
    auto count = static_cast<int>(records.size());
    const int status =
        parse(message.data(), static_cast<int>(message.size()), nullptr, records.data(), &count);
    if (status != ARES_SUCCESS) {
        return reply_of_error(status);
    }
    DnsReply reply;
    reply.status = count > 0 ? reply_status::found : reply_status::empty;
    records.resize(static_cast<std::size_t>(std::max(count, 0)));
    for (const Record& record : records) {
        const std::chrono::seconds ttl{std::max(record.ttl, 0)};
        reply.ttl = reply.addresses.empty() ? ttl : std::min(reply.ttl, ttl);
        reply.addresses.push_back(address_of(record));
    }
    return reply;
}

}  // namespace

DnsReply read_reply(record_type type, std::span<const std::uint8_t> message) {
    return type == record_type::a ? read_records<ares_addrttl>(message, &::ares_parse_a_reply)
                                  : read_records<ares_addr6ttl>(message, &::ares_parse_aaaa_reply);
}

DnsReply reply_of_error(int ares_status) {
    DnsReply reply;
    switch (ares_status) {
        case ARES_ENODATA:
        case ARES_ENOTFOUND:
        case ARES_EBADNAME:  // longer than a name can be: it does not exist
            reply.status = reply_status::empty;
            break;
        case ARES_ETIMEOUT:
            reply.status = reply_status::late;
            break;
        default:
            reply.status = reply_status::failed;
            break;
    }
    return reply;
}

}  // namespace fanfetch
