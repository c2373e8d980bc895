#include "support/dns_message.hpp"

#include <stdexcept>

namespace fanfetch::testing {
namespace {

constexpr std::size_t header_size = 12;
constexpr std::uint16_t type_a = 1;
constexpr std::uint16_t type_cname = 5;
constexpr std::uint16_t type_aaaa = 28;
constexpr std::uint16_t class_internet = 1;
constexpr std::size_t answer_count = 6;  // offset of the field in the header

}  // namespace

DnsMessage::DnsMessage(std::string_view name, record_type type) : question_{name} {
    bytes_ = {0, 0, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0};  // a response, recursion available
    put_name(name);
    put16(type == record_type::a ? type_a : type_aaaa);
    put16(class_internet);
}

DnsMessage& DnsMessage::id(std::uint16_t id) {
    bytes_[0] = static_cast<std::uint8_t>(id >> 8U);
    bytes_[1] = static_cast<std::uint8_t>(id);
    has_id_ = true;
    return *this;
}

DnsMessage& DnsMessage::status(code status) {
    bytes_[3] = static_cast<std::uint8_t>((bytes_[3] & 0xf0U) | static_cast<std::uint8_t>(status));
    return *this;
}

DnsMessage& DnsMessage::truncated() {
    bytes_[2] |= 0x02U;
    return *this;
}

DnsMessage& DnsMessage::address(
    std::string_view name, const IpAddress& address, std::chrono::seconds ttl
) {
    begin_answer(name, address.v6() ? type_aaaa : type_a, ttl);
    const auto data = address.bytes();
    put16(data.size());
    bytes_.insert(bytes_.end(), data.begin(), data.end());
    return *this;
}

DnsMessage& DnsMessage::alias(
    std::string_view name, std::string_view target, std::chrono::seconds ttl
) {
    begin_answer(name, type_cname, ttl);
    const std::size_t length_at = bytes_.size();
    put16(0);
    put_name(target);
    const std::size_t length = bytes_.size() - length_at - 2;
    bytes_[length_at] = static_cast<std::uint8_t>(length >> 8U);
    bytes_[length_at + 1] = static_cast<std::uint8_t>(length);
    return *this;
}

void DnsMessage::begin_answer(std::string_view name, std::uint16_t type, std::chrono::seconds ttl) {
    if (name == question_) {
        put16(0xc000U | header_size);
    } else {
        put_name(name);
    }
    put16(type);
    put16(class_internet);
    const auto seconds = static_cast<std::uint32_t>(ttl.count());
    put16(seconds >> 16U);
    put16(seconds & 0xffffU);
    const std::size_t answers =
        static_cast<std::size_t>(bytes_[answer_count] << 8U | bytes_[answer_count + 1]) + 1;
    bytes_[answer_count] = static_cast<std::uint8_t>(answers >> 8U);
    bytes_[answer_count + 1] = static_cast<std::uint8_t>(answers);
}

void DnsMessage::put16(std::size_t value) {
    bytes_.push_back(static_cast<std::uint8_t>(value >> 8U));
    bytes_.push_back(static_cast<std::uint8_t>(value));
}

void DnsMessage::put_name(std::string_view name) {
    while (!name.empty()) {
        const std::string_view label = name.substr(0, name.find('.'));
        bytes_.push_back(static_cast<std::uint8_t>(label.size()));
        bytes_.insert(bytes_.end(), label.begin(), label.end());
        name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    bytes_.push_back(0);
}

DnsQuestion read_question(std::span<const std::uint8_t> message) {
    const auto byte = [&message](std::size_t at) -> std::uint8_t {
        if (at >= message.size()) {
            throw std::runtime_error{"reading a DNS question: too short"};
        }
        return message[at];
    };
    const auto word = [&byte](std::size_t at) {
        return static_cast<std::uint16_t>(byte(at) << 8U | byte(at + 1));
    };
    DnsQuestion question;
    question.id = word(0);
    std::size_t at = header_size;
    while (byte(at) != 0) {
        question.name += question.name.empty() ? "" : ".";
        for (std::size_t i = 1; i <= message[at]; ++i) {
            question.name += static_cast<char>(byte(at + i));
        }
        at += message[at] + 1U;
    }
    const std::uint16_t type = word(at + 1);
    if (word(4) != 1 || (type != type_a && type != type_aaaa)) {
        throw std::runtime_error{"reading a DNS question: not one for an address"};
    }
    question.type = type == type_a ? record_type::a : record_type::aaaa;
    return question;
}

}  // namespace fanfetch::testing
