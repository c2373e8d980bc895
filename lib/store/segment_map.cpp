#include "store/segment_map.hpp"

#include "store/byte_codec.hpp"

#include <limits>

namespace fanfetch {
namespace {

constexpr std::size_t field_size = 8;
constexpr std::size_t fields_size = 3 * field_size;
static_assert(moved_run_size == fields_size + field_size);

void append_field(std::string& out, std::uint64_t value) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
        out += static_cast<char>(value >> shift);
    }
}

std::uint64_t field_at(std::string_view bytes, std::size_t index) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = field_size; i-- > 0;) {
        value = value << 8U | static_cast<unsigned char>(bytes[index * field_size + i]);
    }
    return value;
}

}  // namespace

std::vector<MovedRun> moved_runs(const std::vector<RecordSpan>& records) {
    std::vector<MovedRun> runs;
    std::uint64_t to = 0;
    for (const auto& [offset, length] : records) {
        if (runs.empty() || runs.back().from + runs.back().length != offset) {
            runs.push_back({offset, to, 0});
        }
        runs.back().length += length;
        to += length;
    }
    return runs;
}

void encode(std::string& out, const MovedRun& run) {
    const std::size_t start = out.size();
    append_field(out, run.from);
    append_field(out, run.to);
    append_field(out, run.length);
    append_field(out, check_value(std::string_view{out}.substr(start)));
}

std::optional<MovedRun> decode_moved_run(std::string_view bytes) noexcept {
    constexpr auto largest = std::numeric_limits<std::uint64_t>::max();
    if (bytes.size() != moved_run_size ||
        field_at(bytes, 3) != check_value(bytes.substr(0, fields_size))) {
        return std::nullopt;
    }
    const MovedRun run{field_at(bytes, 0), field_at(bytes, 1), field_at(bytes, 2)};
    const bool bounded = run.length <= largest - run.from && run.length <= largest - run.to;
    return bounded ? std::optional{run} : std::nullopt;
}

}  // namespace fanfetch
