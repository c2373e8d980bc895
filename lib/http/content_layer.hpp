#pragma once

#include "base/expected.hpp"
#include "http/content_coding.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace fanfetch {

/// Undoes one content coding; one implementation for each library.
///
/// Errors   decode_failed: damaged input, a wrong checksum, bytes behind the end. No layer looks
///          for an end that did not come: that is what at_end() is for
/// Threads  one owner at a time
class ContentLayer {
public:
    struct Progress {
        std::size_t consumed = 0;
        std::size_t produced = 0;
    };

    virtual ~ContentLayer() = default;

    /// Decodes what fits into `out`. No progress means that more input is needed; with an empty
    /// `in` it may still produce what it holds back.
    [[nodiscard]] virtual Expected<Progress> decode(std::string_view in, std::span<char> out) = 0;

    /// Whether the input may end here. An empty input is a whole one: servers send a
    /// Content-Encoding with bodies of no bytes.
    [[nodiscard]] virtual bool at_end() const noexcept = 0;
};

/// gzip (several members in a row are one body), and deflate with or without a zlib header.
///
/// Source  RFC 1950, RFC 1951, RFC 1952 §2.2; RFC 9110 §8.4.1.2 on servers that send raw deflate
[[nodiscard]] std::unique_ptr<ContentLayer> make_gzip_layer();
[[nodiscard]] std::unique_ptr<ContentLayer> make_deflate_layer();

/// Source  RFC 7932
[[nodiscard]] std::unique_ptr<ContentLayer> make_brotli_layer();

/// Several frames in a row are one body; windows above 8 MiB are refused.
///
/// Source  RFC 8878, RFC 9659
[[nodiscard]] std::unique_ptr<ContentLayer> make_zstd_layer();

/// The layer that undoes `coding`.
[[nodiscard]] std::unique_ptr<ContentLayer> make_content_layer(content_coding coding);

/// What a layer returns when its input is at fault.
[[nodiscard]] Failure decode_failure(std::string_view coding, std::string_view why);

}  // namespace fanfetch
