#pragma once

#include "batch/progress.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace fanfetch {

/// One line of a terminal: "[#####-----] 120/271  44%  620/s  1.2 MiB  ETA 0:03".
///
/// It is ASCII and at most `width` characters long. When they are few, the bar goes first, then
/// the text loses its end.
///
/// Threads  any thread
[[nodiscard]] std::string render_bar(const Progress& progress, std::size_t width);

/// The same for a log: "120/271 done, 620/s, 1.2 MiB, ETA 0:03".
[[nodiscard]] std::string render_line(const Progress& progress);

/// Bytes as both show them: "17 B", "1.2 MiB".
[[nodiscard]] std::string readable_bytes(std::uint64_t bytes);

}  // namespace fanfetch
