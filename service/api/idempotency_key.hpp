#pragma once

#include "base/expected.hpp"
#include "http/server_types.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

// What an Idempotency-Key is, and how an answer is kept for those who ask again. Pure.

/// The key in the field's value: 1 to 255 visible ASCII characters, either as they are (without
/// quotes, commas and semicolons) or as a quoted string of structured fields.
///
/// Errors  idempotency_key_invalid
/// Source  draft-ietf-httpapi-idempotency-key-header-06 §2; RFC 8941 §3.3.3
[[nodiscard]] Expected<std::string> parse_idempotency_key(std::string_view field);

/// An answer as it is kept: status, fields and body.
[[nodiscard]] std::string pack_reply(const HttpReply& reply);
/// nullopt when the text is no such answer.
[[nodiscard]] std::optional<HttpReply> unpack_reply(std::string_view text);

}  // namespace fanfetch
