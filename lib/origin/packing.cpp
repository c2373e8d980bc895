#include "origin/packing.hpp"

#include <zlib.h>
#include <zstd.h>

#include <cstddef>
#include <stdexcept>

namespace fanfetch::origin {
namespace {

constexpr int window_bits = 15;
constexpr std::size_t mebibyte = std::size_t{1} << 20U;

int window_of(zlib_form form) {
    switch (form) {
        case zlib_form::gzip:
            return window_bits + 16;
        case zlib_form::zlib:
            return window_bits;
        case zlib_form::raw:
            return -window_bits;
    }
    return window_bits;
}

/// A stream of zlib that packs into memory.
class Packer {
public:
    explicit Packer(zlib_form form) {
        constexpr int memory_level = 8;  // zlib's own default
        if (deflateInit2(
                &stream_, Z_BEST_COMPRESSION, Z_DEFLATED, window_of(form), memory_level,
                Z_DEFAULT_STRATEGY
            ) != Z_OK) {
            throw std::runtime_error{"packing: zlib does not start"};
        }
    }
    Packer(const Packer&) = delete;
    Packer& operator=(const Packer&) = delete;
    ~Packer() { deflateEnd(&stream_); }

    /// What came out for `bytes` and this kind of flush.
    std::string put(std::string_view bytes, int flush) {
        std::string out(deflateBound(&stream_, static_cast<uLong>(bytes.size())) + 64, '\0');
        // zlib's next_in is not const for historical reasons.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream_.avail_in = static_cast<uInt>(bytes.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        const auto status = deflate(&stream_, flush);
        if (status != Z_OK && status != Z_STREAM_END) {
            throw std::runtime_error{"packing: zlib refuses"};
        }
        out.resize(out.size() - stream_.avail_out);
        return out;
    }

private:
    z_stream stream_{};
};

void append_little_endian(std::string& out, std::uint32_t number) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
        out += static_cast<char>(static_cast<unsigned char>(number >> shift));
    }
}

}  // namespace

std::string packed(std::string_view bytes, zlib_form form) {
    return Packer{form}.put(bytes, Z_FINISH);
}

std::string gzipped_zeros(std::uint32_t mebibytes) {
    const std::string zeros(mebibyte, '\0');
    Packer packer{zlib_form::raw};
    // After a full flush the packer forgets what came before, so the same bytes give the same.
    const auto block = packer.put(zeros, Z_FULL_FLUSH);
    const auto end = packer.put({}, Z_FINISH);
    const auto block_sum =
        crc32(0, reinterpret_cast<const Bytef*>(zeros.data()), static_cast<uInt>(zeros.size()));

    std::string out{"\x1f\x8b\x08\0\0\0\0\0\0\xff", 10};
    auto sum = crc32(0, nullptr, 0);
    for (std::uint32_t i = 0; i < mebibytes; ++i) {
        out += block;
        sum = crc32_combine(sum, block_sum, static_cast<z_off_t>(mebibyte));
    }
    out += end;
    append_little_endian(out, static_cast<std::uint32_t>(sum));
    append_little_endian(out, mebibytes << 20U);  // the length modulo 2^32
    return out;
}

std::string zstd_packed(std::string_view bytes) {
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    const auto size =
        ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), ZSTD_CLEVEL_DEFAULT);
    if (ZSTD_isError(size) != 0) {
        throw std::runtime_error{"packing: zstd refuses"};
    }
    out.resize(size);
    return out;
}

}  // namespace fanfetch::origin
