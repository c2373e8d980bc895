#include "http/content_layer.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace fanfetch {
namespace {

// What inflateInit2 calls window bits: the largest window, with a flag for the wrapper.
constexpr int raw_format = -MAX_WBITS;
constexpr int zlib_format = MAX_WBITS;
constexpr int gzip_format = MAX_WBITS + 16;

/// Owns one inflate stream.
class Inflater {
public:
    explicit Inflater(int format) {
        if (inflateInit2(&stream_, format) != Z_OK) {
            throw std::bad_alloc{};
        }
    }
    ~Inflater() { inflateEnd(&stream_); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    void restart(int format) { inflateReset2(&stream_, format); }

    /// Z_OK, Z_STREAM_END, Z_BUF_ERROR (no progress), or an error.
    int run(std::string_view in, std::span<char> out, ContentLayer::Progress& progress) {
        constexpr std::size_t most = std::numeric_limits<uInt>::max();
        const auto in_size = static_cast<uInt>(std::min(in.size(), most));
        const auto out_size = static_cast<uInt>(std::min(out.size(), most));
        // zlib's interface predates const; it does not write to its input.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
        stream_.avail_in = in_size;
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = out_size;
        const int result = inflate(&stream_, Z_NO_FLUSH);
        progress = {in_size - stream_.avail_in, out_size - stream_.avail_out};
        return result;
    }

    [[nodiscard]] const char* message() const noexcept {
        return stream_.msg != nullptr ? stream_.msg : "damaged data";
    }

private:
    z_stream stream_{};
};

bool is_fault(int result) noexcept {
    return result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR;
}

class GzipLayer final : public ContentLayer {
public:
    Expected<Progress> decode(std::string_view in, std::span<char> out) override {
        if (in.empty() && at_end_) {
            return Progress{};
        }
        if (at_end_) {  // another member, or garbage, which is then found not to be one
            inflater_.restart(gzip_format);
            at_end_ = false;
        }
        Progress progress;
        const int result = inflater_.run(in, out, progress);
        if (is_fault(result)) {
            return decode_failure("gzip", inflater_.message());
        }
        at_end_ = result == Z_STREAM_END;
        return progress;
    }

    bool at_end() const noexcept override { return at_end_; }

private:
    Inflater inflater_{gzip_format};
    bool at_end_ = true;
};

class DeflateLayer final : public ContentLayer {
public:
    Expected<Progress> decode(std::string_view in, std::span<char> out) override {
        if (ended_) {
            if (in.empty()) {
                return Progress{};
            }
            return decode_failure("deflate", "bytes behind the end of the stream");
        }
        const auto peeked = peek(in);
        if (peeked_ < header_.size()) {
            return Progress{peeked, 0};
        }
        auto progress = fed_ < header_.size() ? run_header(out) : run(in.substr(peeked), out);
        if (progress) {
            progress->consumed += peeked;
        }
        return progress;
    }

    bool at_end() const noexcept override { return ended_ || peeked_ == 0; }

private:
    /// Copies the first two bytes, which tell the format. Returns how many of them are in `in`.
    std::size_t peek(std::string_view in) {
        if (peeked_ == header_.size()) {
            return 0;
        }
        const auto count = std::min(header_.size() - peeked_, in.size());
        std::copy_n(in.begin(), count, header_.begin() + static_cast<std::ptrdiff_t>(peeked_));
        peeked_ += count;
        if (peeked_ == header_.size()) {
            inflater_.restart(has_zlib_header() ? zlib_format : raw_format);
        }
        return count;
    }

    /// Method 8, a window of at most 32 KiB, and a sum that is a multiple of 31 (RFC 1950 §2.2).
    [[nodiscard]] bool has_zlib_header() const noexcept {
        const unsigned method = static_cast<unsigned char>(header_[0]);
        const unsigned flags = static_cast<unsigned char>(header_[1]);
        return (method & 0x0fU) == 8 && method >> 4U <= 7 && (method * 256 + flags) % 31 == 0;
    }

    Expected<Progress> run_header(std::span<char> out) {
        auto progress = run({header_.data() + fed_, header_.size() - fed_}, out);
        if (progress) {
            fed_ += progress->consumed;
            progress->consumed = 0;  // it has been told when the bytes were peeked at
        }
        return progress;
    }

    Expected<Progress> run(std::string_view in, std::span<char> out) {
        Progress progress;
        const int result = inflater_.run(in, out, progress);
        if (is_fault(result)) {
            return decode_failure("deflate", inflater_.message());
        }
        ended_ = result == Z_STREAM_END;
        return progress;
    }

    Inflater inflater_{zlib_format};
    std::array<char, 2> header_{};
    std::size_t peeked_ = 0;  ///< how much of `header_` has been read
    std::size_t fed_ = 0;     ///< how much of it has been given to zlib
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<ContentLayer> make_gzip_layer() {
    return std::make_unique<GzipLayer>();
}

std::unique_ptr<ContentLayer> make_deflate_layer() {
    return std::make_unique<DeflateLayer>();
}

}  // namespace fanfetch
