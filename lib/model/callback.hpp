#pragma once

#include "base/expected.hpp"
#include "base/time.hpp"
#include "model/options.hpp"
#include "model/webhook_event.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// Callbacks of one job.
inline constexpr std::size_t most_callbacks = 16;
/// Secrets of one callback, which all sign.
inline constexpr std::size_t most_secrets = 8;

/// Where a callback stands; the numbers are stored.
enum class callback_state : std::uint8_t {
    active = 0,
    disabled = 1,  ///< the receiver said 410: it wants no more
};

/// A webhook of a job as the store keeps it.
struct CallbackRecord {
    std::string id;  ///< "cb_…"
    std::string job_id;
    std::string tenant;
    CallbackOrder order;
    bool secret_made = false;  ///< by us, and so it is shown, once
    callback_state state = callback_state::active;
    WallTime created_at{};
};

/// The record of a new callback, with a secret when the caller has given none.
[[nodiscard]] CallbackRecord new_callback(
    CallbackOrder order, std::string job_id, std::string tenant, const Clock& clock
);

/// "whsec_" and 32 random bytes in base64.
[[nodiscard]] std::string make_webhook_secret();

/// The key that a secret stands for: 24 to 64 bytes. nullopt when the text is no secret.
///
/// Source  Standard Webhooks, "Signature scheme"
[[nodiscard]] std::optional<std::string> webhook_key(std::string_view secret);

/// What a callback may not set itself: the fields we write, and those of Standard Webhooks. Answers
/// why not, or nullopt; a field that no request may have is refused by why_not_header.
[[nodiscard]] std::optional<std::string> why_not_callback_header(std::string_view name);

/// The order as the store keeps it, and back. Members that are absent keep their default.
///
/// Errors  internal when the text is not such an object: only our own rows are read with this
[[nodiscard]] std::string to_json(const CallbackOrder& order);
[[nodiscard]] Expected<CallbackOrder> callback_order_from_json(std::string_view text);

}  // namespace fanfetch
