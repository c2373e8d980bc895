// Keys files: whatever is taken reads the same when it is written again, and whatever is refused is
// refused with the line and without the text.
#include "auth/keys_document.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool good) {
    if (!good) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace fanfetch;
    const void* start = data;
    const std::string_view text{static_cast<const char*>(start), size};

    const auto keys = parse_keys(text);
    if (!keys) {
        constexpr std::size_t longest_reason = 128;
        const auto& detail = keys.error().detail;
        require(keys.error().code == failure_code::request_invalid);
        require(detail.starts_with("line ") && detail.size() <= longest_reason);
        return 0;
    }
    for (const auto& key : *keys) {
        require(is_key_name(key.id) && is_key_name(key.tenant) && !key.scopes.empty());
    }
    const auto again = parse_keys(write_keys(*keys));
    require(again.has_value() && *again == *keys);
    return 0;
}
