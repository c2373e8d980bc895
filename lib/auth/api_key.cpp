#include "auth/api_key.hpp"

#include "base/random.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <cstddef>

namespace fanfetch {
namespace {

constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view digits = "0123456789abcdef";
constexpr std::string_view hash_prefix = "sha256:";
constexpr unsigned bits_per_letter = 5;
constexpr unsigned bits_per_byte = 8;

}  // namespace

std::string make_key() {
    constexpr std::size_t random_letters = key_length - key_prefix.size();
    std::array<std::byte, random_letters * bits_per_letter / bits_per_byte> random{};
    fill_random(random);
    std::string key{key_prefix};
    unsigned held = 0;
    unsigned bits = 0;
    for (const auto byte : random) {
        held = held << bits_per_byte | std::to_integer<unsigned>(byte);
        for (bits += bits_per_byte; bits >= bits_per_letter; bits -= bits_per_letter) {
            key += letters[held >> (bits - bits_per_letter) & 0x1FU];
        }
    }
    OPENSSL_cleanse(random.data(), random.size());
    return key;
}

KeyHash hash_key(std::string_view text) noexcept {
    KeyHash hash{};
    const void* const bytes = text.data();
    SHA256(static_cast<const unsigned char*>(bytes), text.size(), hash.data());
    return hash;
}

bool same_hash(const KeyHash& one, const KeyHash& other) noexcept {
    return CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

std::string to_string(const KeyHash& hash) {
    std::string text{hash_prefix};
    for (const auto byte : hash) {
        text += digits[byte >> 4U];
        text += digits[byte & 0x0FU];
    }
    return text;
}

std::optional<KeyHash> parse_key_hash(std::string_view text) noexcept {
    KeyHash hash{};
    if (!text.starts_with(hash_prefix) || text.size() != hash_prefix.size() + 2 * hash.size()) {
        return std::nullopt;
    }
    text.remove_prefix(hash_prefix.size());
    for (std::size_t i = 0; i < hash.size(); ++i) {
        const auto high = digits.find(text[2 * i]);
        const auto low = digits.find(text[2 * i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) {
            return std::nullopt;
        }
        hash[i] = static_cast<std::uint8_t>(high << 4U | low);
    }
    return hash;
}

}  // namespace fanfetch
