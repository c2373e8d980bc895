#pragma once

#include <cstdint>

namespace fanfetch {

/// What becomes of a connection whose certificate does not verify.
enum class peer_check : std::uint8_t {
    required,  ///< the handshake fails
    recorded,  ///< the handshake goes on, and the verdict says what was wrong
};

}  // namespace fanfetch
