#include "net/host_policy.hpp"

#include "net/egress_entry.hpp"

#include <algorithm>
#include <array>

namespace fanfetch {
namespace {

// The last two are what clouds answer to inside, where a search list completes them.
constexpr auto metadata_names = std::to_array<std::string_view>({
    "metadata.google.internal",
    "metadata.goog",
    "instance-data.ec2.internal",
    "metadata.azure.internal",
    "metadata.tencentyun.com",
    "api.metadata.cloud.ibm.com",
    "metadata.packet.net",
    "metadata.platformequinix.com",
    "metadata",
    "instance-data",
});

bool is_or_below(std::string_view host, std::string_view name) noexcept {
    return host.ends_with(name) &&
           (host.size() == name.size() || host[host.size() - name.size() - 1] == '.');
}

bool numeric(std::string_view label) noexcept {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return label.starts_with("0x") || std::ranges::all_of(label, digit);
}

}  // namespace

host_class classify_host(std::string_view host) noexcept {
    host = without_trailing_dot(host);
    const std::size_t last_dot = host.rfind('.');
    const std::string_view last =
        host.substr(last_dot == std::string_view::npos ? 0 : last_dot + 1);
    if (last.empty() || host.starts_with('.') || numeric(last)) {
        return host_class::impossible;
    }
    if (is_or_below(host, "localhost")) {
        return host_class::loopback;
    }
    const bool names_metadata = std::ranges::any_of(metadata_names, [host](std::string_view name) {
        return is_or_below(host, name);
    });
    if (names_metadata) {
        return host_class::metadata;
    }
    return last_dot == std::string_view::npos ? host_class::single_label : host_class::ordinary;
}

}  // namespace fanfetch
