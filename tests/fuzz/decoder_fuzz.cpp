// F5: content decoders. Input: one byte with the codings, one with the size of the pieces, then
// the coded body.

#include "http/content_decoder.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace fanfetch;

constexpr DecodeLimits limits{.max_bytes = 256U << 10U, .max_ratio = 100, .ratio_from = 64U << 10U};

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

struct Outcome {
    failure_code code = failure_code::none;
    std::string body;
};

Outcome decode(
    const std::vector<content_coding>& applied, std::string_view coded, std::size_t piece
) {
    ContentDecoder decoder{applied, limits};
    Outcome outcome;
    while (!coded.empty()) {
        auto part = coded.substr(0, piece);
        coded.remove_prefix(part.size());
        for (;;) {
            const auto decoded = decoder.next(part);
            if (!decoded) {
                outcome.code = decoded.error().code;
                return outcome;
            }
            if (decoded->empty()) {
                require(part.empty());
                break;
            }
            outcome.body += *decoded;
            require(outcome.body.size() <= limits.max_bytes);
            require(decoder.decoded_bytes() == outcome.body.size());
        }
    }
    if (const auto end = decoder.finish(); !end) {
        outcome.code = end.error().code;
    }
    return outcome;
}

/// The low two bits choose the first coding, the next two the second, the fifth whether there is
/// one.
std::vector<content_coding> codings(std::uint8_t choice) {
    constexpr std::array all{
        content_coding::gzip, content_coding::deflate, content_coding::brotli,
        content_coding::zstd};
    std::vector<content_coding> applied{all[choice & 3U]};
    if ((choice & 16U) != 0) {
        applied.push_back(all[choice >> 2U & 3U]);
    }
    return applied;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const auto applied = codings(data[0]);
    const std::string_view coded{reinterpret_cast<const char*>(data) + 2, size - 2};

    const auto whole = decode(applied, coded, coded.size() + 1);
    const auto cut = decode(applied, coded, data[1] + 1U);

    // libzstd 1.5.4 compares a frame's size with what its header says if it sees the frame at once,
    // but not if it comes in pieces and ends in an empty block; so pieces may succeed where the
    // whole fails. The other libraries do not tell the difference.
    const bool zstd =
        std::find(applied.begin(), applied.end(), content_coding::zstd) != applied.end();
    const bool whole_good = whole.code == failure_code::none;
    const bool cut_good = cut.code == failure_code::none;
    require(zstd || whole_good == cut_good);
    require(!whole_good || !cut_good || cut.body == whole.body);
    return 0;
}
