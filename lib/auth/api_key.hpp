#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// How every key begins, so that people and scanners of repositories and logs know one when they
/// see one.
inline constexpr std::string_view key_prefix = "fanfetch_";

/// Characters of a key: the prefix and 160 random bits, 5 to a character.
inline constexpr std::size_t key_length = key_prefix.size() + 32;

/// A new key, from the kernel's CSPRNG: the prefix and 32 characters of a-z and 2-7, which a double
/// click selects as one word.
///
/// Source  RFC 4648 §6 (base32, in lower case)
[[nodiscard]] std::string make_key();

/// The SHA-256 of a key: all that is ever kept of one. A fast hash without salt will do, because a
/// key is random through and through: there is no dictionary to try.
using KeyHash = std::array<std::uint8_t, 32>;

/// Hashes whatever a client sent, of any length and content.
[[nodiscard]] KeyHash hash_key(std::string_view text) noexcept;

/// Takes the same time wherever two hashes differ.
[[nodiscard]] bool same_hash(const KeyHash& one, const KeyHash& other) noexcept;

/// "sha256:" and 64 hexadecimal digits.
[[nodiscard]] std::string to_string(const KeyHash& hash);
[[nodiscard]] std::optional<KeyHash> parse_key_hash(std::string_view text) noexcept;

}  // namespace fanfetch
