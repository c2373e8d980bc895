#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fanfetch::redis {

enum class reply_type : std::uint8_t { string, status, error, integer, nil, array };

/// One reply of a Redis server.
///
/// Source  the Redis protocol, version 2 (RESP2)
struct Reply {
    reply_type type = reply_type::nil;
    std::string text;             ///< of a string, a status or an error
    long long number = 0;         ///< of an integer
    std::vector<Reply> elements;  ///< of an array

    friend bool operator==(const Reply&, const Reply&) = default;
};

}  // namespace fanfetch::redis
