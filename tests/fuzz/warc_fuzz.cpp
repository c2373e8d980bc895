#include "archive/warc.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

// F7, the WARC part: whatever a value holds, the header that is written has exactly one record's
// lines; whatever the reader is given, it stays within its bounds.

namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace fanfetch;
    const void* start = data;
    const std::string_view bytes{static_cast<const char*>(start), size};

    if (const auto header = read_warc_header(bytes)) {
        require(header->header_length <= bytes.size() && header->header_length <= warc_max_header);
        require(bytes.substr(0, header->header_length).ends_with("\r\n\r\n"));
    }

    FastRandom random{1};
    WarcResponse response;
    response.target_url = bytes.substr(0, 8192);
    response.remote_address = bytes.substr(0, 64);
    response.protocol = bytes.substr(0, 16);
    response.block_length = size;
    std::string written;
    append_warc_response(written, response, random);
    const auto header = read_warc_header(written);
    require(header.has_value() && header->type == "response");
    require(header->header_length == written.size() && header->content_length == size);
    return 0;
}
