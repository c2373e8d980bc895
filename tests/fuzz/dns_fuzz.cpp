// F10: what a name server sends. Input: the first byte says which record was asked for, the rest is
// the message.

#include "net/dns_reply.hpp"
#include "net/lookup.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace {

using namespace fanfetch;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// Addresses of the kind asked for, no more than the message has room for, and a sane time.
void check(record_type type, const DnsReply& reply, std::size_t size) {
    constexpr std::size_t shortest_record = 12;  // the name a pointer, and no data
    require((reply.status == reply_status::found) == !reply.addresses.empty());
    require(reply.addresses.size() <= size / shortest_record);
    require(std::ranges::all_of(reply.addresses, [type](const IpAddress& address) {
        return address.v6() == (type == record_type::aaaa);
    }));
    require(reply.ttl >= std::chrono::seconds{0});
    require(reply.status != reply_status::late);
}

/// Whatever came, a name that was asked about gets an answer, and at the deadline at the latest.
void settle(record_type type, const DnsReply& reply) {
    const Steady::time_point now{};
    const auto deadline = now + std::chrono::seconds{1};
    Lookup lookup{deadline};
    lookup.add(type, reply, now);
    const auto outcome = lookup.outcome(deadline);
    require(outcome.has_value());
    require(outcome->has_value() == (reply.status == reply_status::found));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::span message{data + 1, size - 1};
    const auto type = data[0] % 2 == 0 ? record_type::a : record_type::aaaa;
    const auto reply = read_reply(type, message);
    check(type, reply, message.size());
    settle(type, reply);
    return 0;
}
