#include "http/content_decoder.hpp"

#include <string>

namespace fanfetch {
namespace {

/// What a layer in the middle may produce: data that does not compress grows a little under a
/// coding, but by no more than this under any of ours.
std::uint64_t with_overhead(std::uint64_t bytes) {
    constexpr std::uint64_t least = 1024;
    const auto sum = bytes + bytes / 64 + least;
    return sum < bytes ? bytes : sum;
}

}  // namespace

ContentDecoder::ContentDecoder(std::span<const content_coding> applied, DecodeLimits limits)
    : limits_{limits} {
    for (auto coding = applied.rbegin(); coding != applied.rend(); ++coding) {
        stages_.push_back(
            {make_content_layer(*coding), std::make_unique<std::array<char, buffer_bytes>>(), {}, 0}
        );
    }
}

Expected<std::string_view> ContentDecoder::next(std::string_view& coded) {
    const auto before = coded.size();
    std::string_view piece = coded;
    if (stages_.empty()) {
        coded.remove_prefix(before);
        coded_bytes_ += before;
        if (auto within = judge(decoded_bytes_ + piece.size(), limits_.max_bytes); !within) {
            return std::move(within).error();
        }
    } else {
        auto decoded = run(stages_.size() - 1, coded);
        if (!decoded) {
            return decoded;
        }
        piece = *decoded;
    }
    decoded_bytes_ += piece.size();
    return piece;
}

/// Decodes with stage `index` until it produces something, feeding it from the stages before it.
/// Empty when all of them need more of `coded`.
Expected<std::string_view> ContentDecoder::run(std::size_t index, std::string_view& coded) {
    auto& in = index == 0 ? coded : stages_[index - 1].pending;
    for (;;) {
        auto piece = step(index, in);
        if (!piece || !piece->empty()) {
            return piece;
        }
        if (!in.empty()) {
            continue;
        }
        if (index == 0) {
            return piece;
        }
        auto more = run(index - 1, coded);
        if (!more || more->empty()) {
            return more;
        }
        in = *more;
    }
}

/// One call of stage `index`, which takes what it uses off the front of `in`.
Expected<std::string_view> ContentDecoder::step(std::size_t index, std::string_view& in) {
    auto& stage = stages_[index];
    const auto progress = stage.layer->decode(in, *stage.buffer);
    if (!progress) {
        return progress.error();
    }
    if (progress->produced == 0 && progress->consumed == 0 && !in.empty()) {
        return decode_failure("the body", "no progress");
    }
    in.remove_prefix(progress->consumed);
    if (index == 0) {
        coded_bytes_ += progress->consumed;
    }
    stage.produced_bytes += progress->produced;
    const bool last = index + 1 == stages_.size();
    const auto most = last ? limits_.max_bytes : with_overhead(limits_.max_bytes);
    if (auto within = judge(stage.produced_bytes, most); !within) {
        return std::move(within).error();
    }
    return std::string_view{stage.buffer->data(), progress->produced};
}

Expected<void> ContentDecoder::judge(std::uint64_t produced, std::uint64_t most) const {
    if (!stages_.empty() && produced >= limits_.ratio_from &&
        produced / limits_.max_ratio > coded_bytes_) {
        return failed(
            failure_code::limit_decode_ratio,
            "decoding the body: " + std::to_string(coded_bytes_) + " bytes became more than " +
                std::to_string(limits_.max_ratio) + " times as many"
        );
    }
    if (produced > most) {
        return failed(
            failure_code::limit_body_size,
            "decoding the body: more than " + std::to_string(limits_.max_bytes) + " bytes"
        );
    }
    return {};
}

Expected<void> ContentDecoder::finish() const {
    for (const auto& stage : stages_) {
        if (!stage.pending.empty() || !stage.layer->at_end()) {
            return failed(
                failure_code::decode_failed, "decoding the body: it ended before its coding did"
            );
        }
    }
    return {};
}

}  // namespace fanfetch
