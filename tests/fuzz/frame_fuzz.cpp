#include "process/codec.hpp"
#include "process/frame.hpp"
#include "process/messages.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

// F13: what a worker that was taken over might send, and what its pool might. The first byte says
// how the stream is cut into pieces. Frames are refused or handed on; what a codec accepts, it
// writes again as the same bytes.

namespace {

using namespace fanfetch;
using namespace fanfetch::detail;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

template <class T>
void round_trip(std::string_view bytes) {
    try {
        ByteSource in{bytes};
        const auto value = Codec<T>::decode(in);
        std::string again;
        Codec<T>::encode(again, value);
        require(again == bytes.substr(0, bytes.size() - in.left()));
    } catch (const DecodeError&) {
        // Refused.
    }
}

void read_payload(const Frame& frame) {
    try {
        switch (frame.kind) {
            case frame_kind::start:
                (void)read_start(frame.payload);
                break;
            case frame_kind::calls: {
                auto message = read_calls(frame.payload);
                for (std::uint32_t i = 0; i < message.count; ++i) {
                    (void)message.arguments.take(message.arguments.size());
                }
                break;
            }
            case frame_kind::results: {
                auto message = read_results(frame.payload);
                for (std::uint32_t i = 0; i < message.count; ++i) {
                    const auto outcome = read_outcome(message.outcomes);
                    if (outcome.kind == outcome_kind::error) {
                        (void)read_error(outcome.bytes);
                    }
                }
                break;
            }
            default:
                break;
        }
    } catch (const DecodeError&) {
        // Refused.
    }
}

void read_stream(std::string_view stream, std::size_t piece) {
    FrameReader reader{std::size_t{1} << 20U};
    try {
        while (!stream.empty()) {
            const auto room = reader.room();
            require(!room.empty());
            const auto count = std::min({piece, room.size(), stream.size()});
            std::memcpy(room.data(), stream.data(), count);
            stream.remove_prefix(count);
            reader.received(count);
            while (const auto frame = reader.next()) {
                read_payload(*frame);
            }
        }
    } catch (const DecodeError&) {
        // The stream cannot be read further.
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const void* const start = data + 1;
    const std::string_view bytes{static_cast<const char*>(start), size - 1};
    read_stream(bytes, std::size_t{data[0]} + 1);

    round_trip<std::string>(bytes);
    round_trip<std::vector<std::uint32_t>>(bytes);
    round_trip<std::vector<bool>>(bytes);
    round_trip<std::vector<std::vector<std::string>>>(bytes);
    round_trip<std::tuple<bool, std::optional<std::string>, std::pair<int, std::monostate>>>(bytes);
    round_trip<std::vector<std::optional<std::pair<std::string, std::vector<std::byte>>>>>(bytes);
    return 0;
}
