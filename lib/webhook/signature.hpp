#pragma once

#include "base/time.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// What is signed: one message at one moment.
struct SignedMessage {
    std::string_view id;                ///< without a dot, or two messages could have one signature
    std::chrono::seconds timestamp{0};  ///< since 1970
    std::string_view payload;
};

/// The value of `webhook-signature`: "v1,…" of each secret, separated by spaces, so that a receiver
/// can change from one to the other. Secrets that are none are left out.
///
/// Threads  any thread
/// Source   Standard Webhooks, "Signature scheme": HMAC-SHA256 over "id.timestamp.payload"
[[nodiscard]] std::string webhook_signature(
    const SignedMessage& message, const std::vector<std::string>& secrets
);

}  // namespace fanfetch
