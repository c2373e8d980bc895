#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// What the API answered, read to its end.
struct ApiAnswer {
    std::uint16_t status = 0;
    std::string content_type{};
    std::optional<std::chrono::seconds> retry_after{};
    std::string body{};

    [[nodiscard]] bool good() const noexcept { return status >= 200 && status < 300; }
    /// Whether the same request may well be answered later: 429, 502, 503, 504.
    [[nodiscard]] bool passing() const noexcept;
};

/// A refusal for people, in one line or more, each ended: what was wrong and where, as the problem
/// document says, or the status when there is none. Nothing in it moves a terminal's cursor.
[[nodiscard]] std::string refusal_text(std::string_view doing, const ApiAnswer& answer);

/// A refusal for programs: the problem document on one line, or one made from the status.
[[nodiscard]] std::string refusal_json(const ApiAnswer& answer);

/// As it can stand on one line of a terminal, whoever wrote it.
[[nodiscard]] std::string terminal_text(std::string_view text);

}  // namespace fanfetch
