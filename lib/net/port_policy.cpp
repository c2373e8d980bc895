#include "net/port_policy.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace fanfetch {
namespace {

// Other protocols' ports, where a request might be read as commands.
constexpr auto browser_refuses = std::to_array<std::uint16_t>(
    {0,    1,    7,    9,    11,   13,   15,   17,   19,   20,   21,   22,   23,   25,
     37,   42,   43,   53,   69,   77,   79,   87,   95,   101,  102,  103,  104,  109,
     110,  111,  113,  115,  117,  119,  123,  135,  137,  139,  143,  161,  179,  389,
     427,  465,  512,  513,  514,  515,  526,  530,  531,  532,  540,  548,  554,  556,
     563,  587,  601,  636,  989,  990,  993,  995,  1719, 1720, 1723, 2049, 3659, 4045,
     4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
);

// Docker, etcd, MySQL, PostgreSQL, Redis, Elasticsearch, kubelet, memcached, MongoDB: often found
// without a password, because nobody outside was meant to reach them.
constexpr auto internal_services =
    std::to_array<std::uint16_t>({2375, 2379, 3306, 5432, 6379, 9200, 10250, 11211, 27017});

constexpr std::uint16_t first_unprivileged = 1024;

struct Range {
    std::uint16_t first;
    std::uint16_t last;
};

bool blocked(std::uint16_t port) {
    return std::ranges::binary_search(browser_refuses, port) ||
           std::ranges::binary_search(internal_services, port);
}

std::optional<Range> parse_range(std::string_view text) {
    Range range{};
    const char* end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, range.first);
    if (first.ec != std::errc{} || range.first == 0) {
        return std::nullopt;
    }
    if (first.ptr == end) {
        range.last = range.first;
        return range;
    }
    if (*first.ptr != '-') {
        return std::nullopt;
    }
    const auto last = std::from_chars(first.ptr + 1, end, range.last);
    const bool whole = last.ec == std::errc{} && last.ptr == end;
    return whole && range.first < range.last ? std::optional{range} : std::nullopt;
}

}  // namespace

PortPolicy PortPolicy::standard() {
    PortPolicy policy = personal();
    for (const std::uint16_t port : internal_services) {
        policy.allowed_.reset(port);
    }
    for (std::size_t port = 0; port < first_unprivileged; ++port) {
        policy.allowed_.set(port, port == 80 || port == 443);
    }
    return policy;
}

PortPolicy PortPolicy::personal() {
    PortPolicy policy;
    policy.allowed_.set();
    for (const std::uint16_t port : browser_refuses) {
        policy.allowed_.reset(port);
    }
    return policy;
}

Expected<PortPolicy> PortPolicy::parse(std::span<const std::string> entries) {
    if (entries.empty()) {
        return standard();
    }
    PortPolicy policy;
    for (const std::string& entry : entries) {
        if (entry == "default") {
            policy.allowed_ |= standard().allowed_;
            continue;
        }
        const auto range = parse_range(entry);
        if (!range) {
            return failed(
                failure_code::request_invalid,
                "reading the ports \"" + entry + R"(": neither a port, nor a range, nor "default")"
            );
        }
        if (range->first == range->last) {
            policy.allowed_.set(range->first);
            continue;
        }
        for (std::size_t port = range->first; port <= range->last; ++port) {
            if (!blocked(static_cast<std::uint16_t>(port))) {
                policy.allowed_.set(port);
            }
        }
    }
    return policy;
}

}  // namespace fanfetch
