#include "net/egress_entry.hpp"

#include "net/address_policy.hpp"
#include "net/host_policy.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

constexpr std::size_t max_name = 253;  // RFC 1035 §2.3.4, without the trailing dot
constexpr std::size_t max_label = 63;

/// What an entry says before it is known to mean something.
struct Parts {
    std::string_view target;
    std::optional<std::string_view> port;
    bool bracketed = false;
};

std::optional<Parts> split(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) {
            return std::nullopt;
        }
        Parts parts{text.substr(1, close - 1), std::nullopt, true};
        const std::string_view rest = text.substr(close + 1);
        if (rest.empty()) {
            return parts;
        }
        if (!rest.starts_with(':')) {
            return std::nullopt;
        }
        parts.port = rest.substr(1);
        return parts;
    }
    if (std::ranges::count(text, ':') != 1) {
        return Parts{text, std::nullopt, false};  // none, or an IPv6 address without brackets
    }
    const std::size_t colon = text.find(':');
    return Parts{text.substr(0, colon), text.substr(colon + 1), false};
}

bool good_label(std::string_view label) {
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    return !label.empty() && label.size() <= max_label && std::ranges::all_of(label, good);
}

bool numeric(std::string_view label) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return label.starts_with("0x") || std::ranges::all_of(label, digit);
}

std::optional<HostPattern> parse_host(std::string_view text) {
    HostPattern pattern;
    if (text.starts_with("*.")) {
        pattern.subtree = true;
        text.remove_prefix(2);
    }
    pattern.name = without_trailing_dot(text);
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    std::ranges::transform(pattern.name, pattern.name.begin(), lower);

    std::string_view rest = pattern.name;
    if (rest.size() > max_name) {
        return std::nullopt;
    }
    while (true) {
        const std::size_t dot = rest.find('.');
        const std::string_view label = rest.substr(0, dot);
        if (!good_label(label)) {
            return std::nullopt;
        }
        if (dot == std::string_view::npos) {
            // A numeric last label would be an IPv4 address to the URL parser, never a name.
            return numeric(label) ? std::nullopt : std::optional{std::move(pattern)};
        }
        rest.remove_prefix(dot + 1);
    }
}

Failure bad_entry(std::string_view text, std::string_view wrong) {
    std::string detail = "reading the egress entry \"";
    detail += text;
    detail += "\": ";
    detail += wrong;
    return failed(failure_code::request_invalid, std::move(detail));
}

}  // namespace

bool HostPattern::matches(std::string_view host) const noexcept {
    host = without_trailing_dot(host);
    if (!subtree) {
        return host == name;
    }
    return host.size() > name.size() + 1 && host.ends_with(name) &&
           host[host.size() - name.size() - 1] == '.';
}

Expected<EgressEntry> EgressEntry::parse(std::string_view text) {
    const auto parts = split(text);
    if (!parts) {
        return bad_entry(text, "a bracket is out of place");
    }
    EgressEntry entry;
    if (parts->port) {
        entry.port = parse_port(*parts->port);
        if (!entry.port) {
            return bad_entry(text, "the port is not a number from 1 to 65535");
        }
    }
    if (const auto block = Cidr::parse(parts->target)) {
        if (parts->bracketed && !block->base.v6()) {
            return bad_entry(text, "only IPv6 addresses stand in brackets");
        }
        entry.target = *block;
        return entry;
    }
    if (parts->target.find('/') != std::string_view::npos) {
        return bad_entry(text, "not a CIDR block, or bits are set beyond its prefix");
    }
    auto host = parts->bracketed ? std::nullopt : parse_host(parts->target);
    if (!host) {
        return bad_entry(text, "neither an address nor an ASCII host name (IDNs as xn--…)");
    }
    entry.target = std::move(*host);
    return entry;
}

bool EgressEntry::covers(const IpAddress& address) const noexcept {
    const auto* block = std::get_if<Cidr>(&target);
    return block != nullptr && block->contains(address);
}

bool EgressEntry::covers(std::string_view host) const noexcept {
    const auto* pattern = std::get_if<HostPattern>(&target);
    return pattern != nullptr && pattern->matches(host);
}

bool EgressEntry::never_allowed() const noexcept {
    if (const auto* pattern = std::get_if<HostPattern>(&target)) {
        return !pattern->subtree && classify_host(pattern->name) == host_class::metadata;
    }
    const auto& block = std::get<Cidr>(target);
    const auto whole = static_cast<unsigned>(block.base.bytes().size() * 8);
    return block.prefix == whole && classify(block.base) == address_class::metadata;
}

}  // namespace fanfetch
