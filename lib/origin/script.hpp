#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch::origin {

inline constexpr std::uint64_t for_ever = std::numeric_limits<std::uint64_t>::max();

/// Bytes to send, as they are.
struct ScriptStep {
    std::string bytes;
    std::uint64_t times = 1;
    std::size_t piece = 0;               ///< so many bytes at a time; 0: all of them
    std::chrono::milliseconds pause{0};  ///< after each piece, so that an empty step only waits
};

/// What becomes of the connection behind the last step.
enum class script_end {
    keep,     ///< it waits for the next request
    close,    ///< FIN
    reset,    ///< RST
    silence,  ///< nothing more is sent; it stays until the client leaves
};

/// One answer to one request, byte for byte. It is not checked: most are wrong on purpose.
struct Script {
    std::vector<ScriptStep> steps;
    script_end end = script_end::close;
};

/// All of `bytes` at once.
[[nodiscard]] inline Script script_of(std::string bytes, script_end end = script_end::close) {
    Script script{{}, end};
    script.steps.push_back({.bytes = std::move(bytes)});
    return script;
}

}  // namespace fanfetch::origin
