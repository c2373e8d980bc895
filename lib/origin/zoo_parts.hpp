#pragma once

#include "origin/zoo.hpp"

#include <span>
#include <string>
#include <string_view>

namespace fanfetch::origin {

/// The houses of the zoo, each in a file of its own.
[[nodiscard]] std::span<const Animal> cut_short();  // ends before its end
[[nodiscard]] std::span<const Animal> badly_framed(
);                                                  // read by two readers in two ways, or by none
[[nodiscard]] std::span<const Animal> slow();       // takes its time
[[nodiscard]] std::span<const Animal> endless();    // never ends
[[nodiscard]] std::span<const Animal> coded();      // gzip and its relatives
[[nodiscard]] std::span<const Animal> sent_away();  // redirects, Retry-After, cookies
[[nodiscard]] std::span<const Animal> keeping();    // what happens between two responses

inline constexpr std::string_view ok_line = "HTTP/1.1 200 OK\r\n";
inline constexpr std::string_view chunked_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";

/// A response as it should be: `fields` are whole lines.
[[nodiscard]] std::string response(
    std::string_view status, std::string_view fields, std::string_view body
);

/// The number an argument stands for; `otherwise` when it is none or above `most`.
[[nodiscard]] std::uint64_t number_or(
    std::string_view argument, std::uint64_t otherwise, std::uint64_t most
);

}  // namespace fanfetch::origin
