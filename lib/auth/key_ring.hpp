#pragma once

#include "auth/principal.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fanfetch {

/// The keys of one version of the file, by their hashes.
///
/// What is shown is hashed before anything is compared, whatever it looks like, and a hash is
/// looked up by its first 64 bits and then compared as a whole in constant time. How long the
/// answer takes says at most how a hash begins; who wanted to steer that would have to invert
/// SHA-256.
///
/// Threads  immutable
class KeyRing {
public:
    KeyRing() = default;
    /// Keys that are the same in `former` keep their Principal, so that streams go on; those that
    /// are not are revoked.
    explicit KeyRing(const std::vector<KeyRecord>& keys, const KeyRing& former = {});

    /// Null when there is no such key.
    [[nodiscard]] PrincipalPtr find(std::string_view key) const;
    [[nodiscard]] std::size_t size() const noexcept { return by_hash_.size(); }

private:
    [[nodiscard]] std::shared_ptr<Principal> find(const KeyHash& hash) const;

    std::unordered_multimap<std::uint64_t, std::shared_ptr<Principal>> by_hash_;
};

}  // namespace fanfetch
