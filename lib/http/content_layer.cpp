#include "http/content_layer.hpp"

#include <stdexcept>
#include <string>

namespace fanfetch {

std::unique_ptr<ContentLayer> make_content_layer(content_coding coding) {
    switch (coding) {
        case content_coding::gzip:
            return make_gzip_layer();
        case content_coding::deflate:
            return make_deflate_layer();
        case content_coding::brotli:
            return make_brotli_layer();
        case content_coding::zstd:
            return make_zstd_layer();
    }
    throw std::logic_error{"a content coding without a decoder"};
}

Failure decode_failure(std::string_view coding, std::string_view why) {
    return failed(
        failure_code::decode_failed,
        std::string{"decoding "}.append(coding).append(": ").append(why)
    );
}

}  // namespace fanfetch
