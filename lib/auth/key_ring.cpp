#include "auth/key_ring.hpp"

#include <cstring>

namespace fanfetch {
namespace {

/// Some bytes more than any key has. Of what is longer only the beginning is hashed, so that a
/// header of the largest size costs no more than a wrong key.
constexpr std::size_t most_hashed = 2 * key_length;

std::uint64_t beginning_of(const KeyHash& hash) noexcept {
    std::uint64_t bits = 0;
    std::memcpy(&bits, hash.data(), sizeof bits);
    return bits;
}

}  // namespace

KeyRing::KeyRing(const std::vector<KeyRecord>& keys, const KeyRing& former) {
    for (const auto& record : keys) {
        auto principal = former.find(record.hash);
        if (!principal || !principal->record().same_key(record)) {
            principal = std::make_shared<Principal>(record);
        }
        by_hash_.emplace(beginning_of(record.hash), std::move(principal));
    }
    for (const auto& [beginning, principal] : former.by_hash_) {
        if (find(principal->record().hash) != principal) {
            principal->revoke();
        }
    }
}

std::shared_ptr<Principal> KeyRing::find(const KeyHash& hash) const {
    const auto [from, to] = by_hash_.equal_range(beginning_of(hash));
    for (auto at = from; at != to; ++at) {
        if (same_hash(at->second->record().hash, hash)) {
            return at->second;
        }
    }
    return nullptr;
}

PrincipalPtr KeyRing::find(std::string_view key) const {
    auto found = find(hash_key(key.substr(0, most_hashed)));
    return key.size() <= most_hashed ? found : nullptr;
}

}  // namespace fanfetch
