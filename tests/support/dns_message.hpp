#pragma once

#include "net/dns_reply.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch::testing {

/// A name server's message under construction: one question, and answers one after the other.
///
/// Source  RFC 1035 §4.1
class DnsMessage {
public:
    /// What a server says besides its records.
    enum class code : std::uint8_t {
        no_error = 0,
        server_failure = 2,
        no_such_name = 3,
        refused = 5
    };

    DnsMessage(std::string_view name, record_type type);

    DnsMessage& id(std::uint16_t id);
    DnsMessage& status(code status);
    DnsMessage& truncated();
    DnsMessage& address(std::string_view name, const IpAddress& address, std::chrono::seconds ttl);
    DnsMessage& alias(std::string_view name, std::string_view target, std::chrono::seconds ttl);

    [[nodiscard]] bool has_id() const noexcept { return has_id_; }
    [[nodiscard]] const std::vector<std::uint8_t>& bytes() const noexcept { return bytes_; }

private:
    void put16(std::size_t value);
    void put_name(std::string_view name);
    void begin_answer(std::string_view name, std::uint16_t type, std::chrono::seconds ttl);

    std::string question_;
    std::vector<std::uint8_t> bytes_;
    bool has_id_ = false;
};

/// The question of a message that a resolver sent.
struct DnsQuestion {
    std::uint16_t id = 0;
    std::string name;
    record_type type = record_type::a;
};

/// Reads a resolver's message; throws std::runtime_error when it is not one question for an
/// address.
[[nodiscard]] DnsQuestion read_question(std::span<const std::uint8_t> message);

}  // namespace fanfetch::testing
