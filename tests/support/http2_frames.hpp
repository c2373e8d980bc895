#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace fanfetch::testing::http2 {

enum class frame_type : std::uint8_t {
    data = 0,
    headers = 1,
    rst_stream = 3,
    settings = 4,
    push_promise = 5,
    ping = 6,
    goaway = 7,
    window_update = 8,
    continuation = 9,
};

inline constexpr std::uint8_t end_stream = 1;
inline constexpr std::uint8_t ack = 1;
inline constexpr std::uint8_t end_headers = 4;

/// The lowest `bytes` bytes of a number, highest first.
inline std::string number(std::uint64_t value, int bytes) {
    std::string text;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        text.push_back(static_cast<char>(value >> shift));
    }
    return text;
}

/// One frame, whatever sense it makes.
inline std::string frame(
    frame_type type, std::uint8_t flags, std::uint32_t stream, std::string_view payload
) {
    return number(payload.size(), 3) + number(static_cast<std::uint8_t>(type), 1) +
           number(flags, 1) + number(stream, 4) + std::string{payload};
}

/// A length or an index as HPACK writes it behind `prefix` bits.
inline std::string packed(std::size_t value, int prefix) {
    const std::size_t most = (1U << prefix) - 1;
    if (value < most) {
        return number(value, 1);
    }
    std::string text = number(most, 1);
    for (value -= most; value >= 128; value /= 128) {
        text += number(value % 128 + 128, 1);
    }
    return text + number(value, 1);
}

/// A header block of literals that nobody remembers.
inline std::string block(std::initializer_list<std::pair<std::string_view, std::string_view>> fields
) {
    std::string text;
    for (const auto& [name, value] : fields) {
        text += '\0';
        text.append(packed(name.size(), 7)).append(name);
        text.append(packed(value.size(), 7)).append(value);
    }
    return text;
}

inline std::string settings(
    std::initializer_list<std::pair<std::uint16_t, std::uint32_t>> values = {}
) {
    std::string payload;
    for (const auto& [key, value] : values) {
        payload += number(key, 2) + number(value, 4);
    }
    return frame(frame_type::settings, 0, 0, payload);
}

inline std::string headers(
    std::uint32_t stream,
    std::initializer_list<std::pair<std::string_view, std::string_view>> fields,
    std::uint8_t flags = 0
) {
    const auto all = static_cast<std::uint8_t>(flags | end_headers);
    return frame(frame_type::headers, all, stream, block(fields));
}

inline std::string data(std::uint32_t stream, std::string_view bytes, std::uint8_t flags = 0) {
    return frame(frame_type::data, flags, stream, bytes);
}

inline std::string rst_stream(std::uint32_t stream, std::uint32_t error) {
    return frame(frame_type::rst_stream, 0, stream, number(error, 4));
}

inline std::string goaway(std::uint32_t last_stream, std::uint32_t error) {
    return frame(frame_type::goaway, 0, 0, number(last_stream, 4) + number(error, 4));
}

}  // namespace fanfetch::testing::http2
