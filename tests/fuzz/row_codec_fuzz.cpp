#include "store/block_codec.hpp"
#include "store/row_codec.hpp"
#include "store/segment_map.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

// F12: rows as they might stand in a damaged database. They are refused, or what was read is
// written again as the same value.

namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

template <class Value, class Decode>
void round_trip(std::string_view bytes, Decode decode) {
    const auto value = decode(bytes);
    if (value) {
        std::string again;
        fanfetch::encode(again, *value);
        require(decode(again) == value);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace fanfetch;
    const void* start = data;
    const std::string_view bytes{static_cast<const char*>(start), size};

    round_trip<ItemResult>(bytes, [](std::string_view in) { return decode_result(in); });
    round_trip<JobTally>(bytes, [](std::string_view in) { return decode_tally(in); });
    round_trip<SeqBlock>(bytes, [](std::string_view in) { return decode_seq_block(in); });
    round_trip<MovedRun>(bytes, [](std::string_view in) { return decode_moved_run(in); });
    (void)decode_result(bytes, result_detail::without_attempts);
    (void)decode_item(bytes);

    // Behind the check value, which a fuzzer does not guess.
    BlockReader whole{bytes, result_block_version};
    while (whole.next()) {
    }
    ByteReader records{bytes};
    while (records.ok() && !records.at_end()) {
        (void)decode_result(records.text());
    }
    return 0;
}
