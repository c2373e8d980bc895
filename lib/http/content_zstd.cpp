#include "http/content_layer.hpp"

#include <zstd.h>

#include <new>

namespace fanfetch {
namespace {

constexpr int window_log_max = 23;  // 8 MiB, all that RFC 9659 lets a server use

struct FreeContext {
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

class ZstdLayer final : public ContentLayer {
public:
    ZstdLayer() {
        if (!context_) {
            throw std::bad_alloc{};
        }
        ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, window_log_max);
    }

    Expected<Progress> decode(std::string_view in, std::span<char> out) override {
        if (in.empty() && at_end_) {
            return Progress{};
        }
        ZSTD_inBuffer input{in.data(), in.size(), 0};
        ZSTD_outBuffer output{out.data(), out.size(), 0};
        const auto result = ZSTD_decompressStream(context_.get(), &output, &input);
        if (ZSTD_isError(result) != 0) {
            return decode_failure("zstd", ZSTD_getErrorName(result));
        }
        at_end_ = result == 0;
        return Progress{input.pos, output.pos};
    }

    bool at_end() const noexcept override { return at_end_; }

private:
    std::unique_ptr<ZSTD_DCtx, FreeContext> context_{ZSTD_createDCtx()};
    bool at_end_ = true;
};

}  // namespace

std::unique_ptr<ContentLayer> make_zstd_layer() {
    return std::make_unique<ZstdLayer>();
}

}  // namespace fanfetch
