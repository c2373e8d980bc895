#pragma once

#include "http/content_coding.hpp"

#include <zlib.h>
#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace fanfetch::testing {

/// Which wrapper zlib puts around its data.
enum class deflate_format { raw = -MAX_WBITS, zlib = MAX_WBITS, gzip = MAX_WBITS + 16 };

inline std::string deflated(std::string_view plain, deflate_format format) {
    z_stream stream{};
    if (deflateInit2(&stream, 9, Z_DEFLATED, static_cast<int>(format), 9, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        throw std::bad_alloc{};
    }
    std::string coded(deflateBound(&stream, static_cast<uLong>(plain.size())), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(coded.data());
    stream.avail_out = static_cast<uInt>(coded.size());
    deflate(&stream, Z_FINISH);
    coded.resize(stream.total_out);
    deflateEnd(&stream);
    return coded;
}

inline std::string gzipped(std::string_view plain) {
    return deflated(plain, deflate_format::gzip);
}

/// Brotli without compression: a window of 64 KiB, then meta-blocks that are stored. Debian's
/// encoder library is not among our dependencies.
///
/// Source  RFC 7932 §9.1, §9.2
inline std::string brotlied(std::string_view plain) {
    constexpr std::size_t largest_block = 1U << 16U;
    std::string coded;
    std::uint32_t bits = 0;  // WBITS: one zero bit, which stands before the first meta-block
    std::uint32_t count = 1;
    while (!plain.empty()) {
        const auto block = plain.substr(0, largest_block);
        plain.remove_prefix(block.size());
        // ISLAST 0, MNIBBLES 4, MLEN - 1, ISUNCOMPRESSED 1
        bits |= static_cast<std::uint32_t>(block.size() - 1) << (count + 3);
        bits |= 1U << (count + 19);
        coded += {
            static_cast<char>(bits), static_cast<char>(bits >> 8U), static_cast<char>(bits >> 16U)};
        coded += block;
        bits = 0;
        count = 0;
    }
    coded += static_cast<char>(bits | 3U << count);  // ISLAST, ISLASTEMPTY
    return coded;
}

/// 12 MiB of zeros, made by the brotli command at quality 11.
inline std::string brotli_bomb() {
    return {
        "\xCB\xFF\xFF\x3F\xF8\x27\x00\xE2\xB1\x40\x20\xF7\xFE\x2F\xFF\xFF\x7F\xF0\x4F\x00\xC4\x61"
        "\x11\x80\xEE\xFD\x0F",
        27};
}

inline std::string zstandarded(std::string_view plain) {
    std::string coded(ZSTD_compressBound(plain.size()), '\0');
    coded.resize(ZSTD_compress(coded.data(), coded.size(), plain.data(), plain.size(), 3));
    return coded;
}

/// `plain` under one coding.
inline std::string encoded(std::string_view plain, content_coding coding) {
    switch (coding) {
        case content_coding::gzip:
            return gzipped(plain);
        case content_coding::deflate:
            return deflated(plain, deflate_format::zlib);
        case content_coding::brotli:
            return brotlied(plain);
        case content_coding::zstd:
            return zstandarded(plain);
    }
    throw std::logic_error{"unknown coding"};
}

/// Text that compresses a little, the same at every call.
inline std::string sample_text(std::size_t size) {
    std::string text;
    std::uint32_t state = 1;
    while (text.size() < size) {
        state = state * 1'664'525U + 1'013'904'223U;
        text += static_cast<char>('a' + (state >> 28U));
    }
    return text;
}

}  // namespace fanfetch::testing
