#include "http/content_layer.hpp"

#include <brotli/decode.h>

#include <new>

namespace fanfetch {
namespace {

struct DestroyState {
    void operator()(BrotliDecoderState* state) const noexcept {
        BrotliDecoderDestroyInstance(state);
    }
};

class BrotliLayer final : public ContentLayer {
public:
    BrotliLayer() {
        if (!state_) {
            throw std::bad_alloc{};
        }
    }

    Expected<Progress> decode(std::string_view in, std::span<char> out) override {
        if (in.empty() && at_end()) {
            return Progress{};
        }
        if (ended_) {
            return decode_failure("br", "bytes behind the end of the stream");
        }
        started_ = true;
        auto in_left = in.size();
        auto out_left = out.size();
        const auto* in_at = reinterpret_cast<const std::uint8_t*>(in.data());
        auto* out_at = reinterpret_cast<std::uint8_t*>(out.data());
        const auto result = BrotliDecoderDecompressStream(
            state_.get(), &in_left, &in_at, &out_left, &out_at, nullptr
        );
        if (result == BROTLI_DECODER_RESULT_ERROR) {
            const auto code = BrotliDecoderGetErrorCode(state_.get());
            return decode_failure("br", BrotliDecoderErrorString(code));
        }
        ended_ = result == BROTLI_DECODER_RESULT_SUCCESS;
        return Progress{in.size() - in_left, out.size() - out_left};
    }

    bool at_end() const noexcept override { return ended_ || !started_; }

private:
    std::unique_ptr<BrotliDecoderState, DestroyState> state_{
        BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)};
    bool started_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<ContentLayer> make_brotli_layer() {
    return std::make_unique<BrotliLayer>();
}

}  // namespace fanfetch
