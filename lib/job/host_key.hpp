#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace fanfetch {

/// The host of a canonical URL without its port: what decides on the shard, so that all ports and
/// both schemes of a name share its DNS answers.
[[nodiscard]] inline std::string_view host_name_of(std::string_view url) noexcept {
    const auto begin = url.find("//");
    if (begin == std::string_view::npos) {
        return {};
    }
    url.remove_prefix(begin + 2);
    const auto end = url.starts_with('[') ? url.find(']') + 1 : url.find_first_of(":/?#");
    return url.substr(0, end);
}

/// "example.com:443": the name of the host that owns the politeness (see Host).
[[nodiscard]] inline std::string host_key_of(std::string_view url) {
    const auto name = host_name_of(url);
    auto rest = url.substr(static_cast<std::size_t>(name.data() - url.data()) + name.size());
    std::string key{name};
    if (rest.starts_with(':')) {
        key += rest.substr(0, rest.find_first_of("/?#"));
        return key;
    }
    key += url.starts_with("https:") ? ":443" : ":80";
    return key;
}

/// Stands for a host where its name would be too long to keep. Two hosts with one id are treated
/// as one, which is safe.
using HostId = std::size_t;

/// The id of the host that a key names, "example.com:443".
[[nodiscard]] inline HostId host_id_of(std::string_view key) noexcept {
    return std::hash<std::string_view>{}(key);
}

[[nodiscard]] inline std::size_t shard_of(std::string_view url, std::size_t shards) noexcept {
    return std::hash<std::string_view>{}(host_name_of(url)) % shards;
}

/// The same for a host's key, "example.com:443".
[[nodiscard]] inline std::size_t shard_of_host(std::string_view key, std::size_t shards) noexcept {
    return std::hash<std::string_view>{}(key.substr(0, key.rfind(':'))) % shards;
}

}  // namespace fanfetch
