#pragma once

#include "base/expected.hpp"
#include "http/content_coding.hpp"
#include "http/content_layer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace fanfetch {

/// How much may come out of a decoder.
struct DecodeLimits {
    std::uint64_t max_bytes = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t max_ratio = 100;         ///< decoded bytes for each coded one
    std::uint64_t ratio_from = 1U << 20U;  ///< below this many decoded bytes any ratio will do
};

/// Undoes the content codings of one body, piece by piece.
///
/// Bounded in space by its buffers (16 KiB for each layer, beside what the libraries hold) and in
/// output by the limits. These are judged for each layer on its own, so that no layer in the
/// middle can blow up either. At most `max_bytes` are ever handed out. Without codings it hands
/// its input through and still minds `max_bytes`.
///
/// Errors   decode_failed, limit_decode_ratio, limit_body_size; after one nothing more is decoded
/// Threads  one owner at a time
class ContentDecoder {
public:
    /// `applied`: the codings in the order of Content-Encoding.
    explicit ContentDecoder(std::span<const content_coding> applied, DecodeLimits limits = {});

    /// The next piece of the body, at most 16 KiB when there is a coding; empty when all of
    /// `coded` is used up and more is needed. Takes what it has used off the front of `coded`.
    /// The piece is valid until the next call and, without codings, as long as the input is.
    [[nodiscard]] Expected<std::string_view> next(std::string_view& coded);

    /// The coded body has ended: fine if each layer is at its end too.
    [[nodiscard]] Expected<void> finish() const;

    [[nodiscard]] std::uint64_t coded_bytes() const noexcept { return coded_bytes_; }
    [[nodiscard]] std::uint64_t decoded_bytes() const noexcept { return decoded_bytes_; }

private:
    static constexpr std::size_t buffer_bytes = 16U << 10U;

    struct Stage {
        std::unique_ptr<ContentLayer> layer;
        std::unique_ptr<std::array<char, buffer_bytes>> buffer;
        std::string_view pending;  ///< decoded, but not taken by the next stage yet
        std::uint64_t produced_bytes = 0;
    };

    Expected<std::string_view> run(std::size_t index, std::string_view& coded);
    Expected<std::string_view> step(std::size_t index, std::string_view& in);
    Expected<void> judge(std::uint64_t produced, std::uint64_t most) const;

    DecodeLimits limits_;
    std::vector<Stage> stages_;  ///< in the order of decoding: what was applied last comes first
    std::uint64_t coded_bytes_ = 0;
    std::uint64_t decoded_bytes_ = 0;
};

}  // namespace fanfetch
