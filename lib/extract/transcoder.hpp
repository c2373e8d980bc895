#pragma once

#include "extract/encoding.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace fanfetch {

/// Turns documents of any encoding into well-formed UTF-8.
///
/// iconv loads its tables from files: `open_all` does so before a sandbox closes the door. What
/// was not opened then is opened when it is wanted.
///
/// Errors   none: bytes that mean nothing become U+FFFD; an encoding that this machine has no table
///          for is read as windows-1252, and `name` of the answer says so
/// Threads  one owner
class Transcoder {
public:
    Transcoder() noexcept;
    ~Transcoder();
    Transcoder(const Transcoder&) = delete;
    Transcoder& operator=(const Transcoder&) = delete;

    void open_all() noexcept;

    struct Text {
        std::string utf8;  ///< without a byte order mark
        std::string_view encoding;
    };
    [[nodiscard]] Text to_utf8(std::string_view bytes, const Encoding& encoding);

private:
    static constexpr std::size_t most = 40;

    /// nullptr: there is no such table.
    [[nodiscard]] void* converter(const Encoding& encoding) noexcept;

    std::array<void*, most> converters_{};
    std::array<bool, most> tried_{};
};

}  // namespace fanfetch
