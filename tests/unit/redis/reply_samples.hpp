#pragma once

#include <string>

namespace fanfetch::testing {

/// A bulk string as a server sends it.
inline std::string bulk(const std::string& bytes) {
    return "$" + std::to_string(bytes.size()) + "\r\n" + bytes + "\r\n";
}

template <class... Items>
std::string array_of(const Items&... items) {
    return "*" + std::to_string(sizeof...(items)) + "\r\n" + (std::string{} + ... + items);
}

inline std::string number(long long value) {
    return ":" + std::to_string(value) + "\r\n";
}

/// What a server pushes to a subscriber.
inline std::string message(const std::string& channel, const std::string& payload) {
    return array_of(bulk("message"), bulk(channel), bulk(payload));
}

inline std::string pattern_message(
    const std::string& pattern, const std::string& channel, const std::string& payload
) {
    return array_of(bulk("pmessage"), bulk(pattern), bulk(channel), bulk(payload));
}

inline std::string confirmation(
    const std::string& word, const std::string& name, long long count = 1
) {
    return array_of(bulk(word), bulk(name), number(count));
}

/// `depth` arrays of one element inside each other, the innermost empty.
inline std::string nested(int depth) {
    std::string text;
    for (int i = 1; i < depth; ++i) {
        text += "*1\r\n";
    }
    return text + "*0\r\n";
}

}  // namespace fanfetch::testing
