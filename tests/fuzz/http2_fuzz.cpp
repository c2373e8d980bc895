// F3: what an HTTP/2 origin sends. Input: one byte that chooses where the bytes are cut, then
// frames; two requests are on their way when they come.

#include "http2/http2_core.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace fanfetch;

constexpr Http2Limits limits{
    .header_bytes = 2048,
    .fields = 16,
    .idle_frames = 64,
    .stream_window = 1 << 12,
    .connection_window = 1 << 16};

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// Keeps the order in which a stream may be told things.
struct Told final : Http2Stream {
    explicit Told(Http2Core& to) : core{to} {}

    Http2Core& core;
    ResponseHead head;
    ResponseFraming framing;
    std::uint64_t received = 0;
    bool headed = false;
    bool over = false;

private:
    void on_head(const ResponseFraming& how) override {
        require(!headed && !over);
        require(head.status >= 200 && head.status < 600);
        require(head.fields.size() <= limits.fields && head.wire_bytes <= limits.header_bytes);
        headed = true;
        framing = how;
    }
    void on_data(std::string_view bytes) override {
        require(headed && !over);
        received += bytes.size();
        if (received % 3 == 0) {
            core.consumed(*this, bytes.size());
        } else if (received % 7 == 0) {
            core.give_up(*this);
            over = true;
        }
    }
    void on_end(Http2End how) override {
        require(!over);
        over = true;
        if (how.code == failure_code::none) {
            require(headed);
            require(framing.kind != body_framing::length || framing.length == received);
            require(framing.kind != body_framing::none || received == 0);
        }
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::size_t piece = input[0] == 0 ? size : input[0];
    std::string_view bytes{reinterpret_cast<const char*>(input) + 1, size - 1};

    Http2Core core{limits};
    Told first{core};
    Told second{core};
    const std::string upload(3'000, 'u');
    const Http2Request get{{.host = "a.test"}, {}};
    const Http2Request post{
        {.method = "POST", .host = "a.test", .body_size = upload.size()}, upload};
    std::string out;
    require(core.open(get, first.head, first).has_value());
    core.send(out, 1U << 20U);
    constexpr std::string_view settings{"\0\0\0\4\0\0\0\0\0", 9};
    core.receive(settings);
    require(core.open(post, second.head, second).has_value());
    while (!bytes.empty() && !core.over()) {
        out.clear();
        core.send(out, 1U << 20U);
        core.receive(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    core.send(out, 1U << 20U);
    core.end_all(failed(failure_code::connect_reset, "lost"));
    require(!first.open() && !second.open() && core.streams() == 0);
    return 0;
}
