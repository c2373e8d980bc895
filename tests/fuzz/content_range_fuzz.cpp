#include "http/content_range.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

/// What is read lies within the whole, and written again is read the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const void* bytes = data;
    const auto range = fanfetch::parse_content_range({static_cast<const char*>(bytes), size});
    if (!range) {
        return 0;
    }
    const auto text = "bytes " + std::to_string(range->first) + "-" + std::to_string(range->last) +
                      "/" + std::to_string(range->complete);
    if (range->first > range->last || range->last >= range->complete ||
        fanfetch::parse_content_range(text) != range) {
        std::abort();
    }
    return 0;
}
