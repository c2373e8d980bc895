#include "webhook/signature.hpp"

#include "model/callback.hpp"
#include "model/octets.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace fanfetch {
namespace {

std::string hmac_sha256(std::string_view key, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    const void* const bytes = text.data();
    ::HMAC(
        EVP_sha256(), key.data(), static_cast<int>(key.size()),
        static_cast<const unsigned char*>(bytes), text.size(), digest.data(), &length
    );
    const void* const made = digest.data();
    return {static_cast<const char*>(made), length};
}

}  // namespace

std::string webhook_signature(
    const SignedMessage& message, const std::vector<std::string>& secrets
) {
    std::string text{message.id};
    text.append(".").append(std::to_string(message.timestamp.count())).append(".");
    text.append(message.payload);
    std::string signatures;
    for (const auto& secret : secrets) {
        if (const auto key = webhook_key(secret)) {
            signatures += signatures.empty() ? "v1," : " v1,";
            signatures += to_base64(hmac_sha256(*key, text));
        }
    }
    return signatures;
}

}  // namespace fanfetch
