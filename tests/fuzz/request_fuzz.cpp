// Requests, in any pieces: the first byte says how the rest is cut.
#include "http/request_checks.hpp"
#include "http/server_body.hpp"
#include "http/server_parser.hpp"
#include "http/server_target.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace fanfetch;

const RequestLimits limits{.header_bytes = 2048, .target_bytes = 256, .fields = 32};

/// What one connection's bytes come to: each request's target and body, the failure at the end.
struct Reading {
    std::string requests;
    std::size_t used = 0;
    bool failed = false;

    friend bool operator==(const Reading&, const Reading&) = default;
};

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// Gives a parser ever longer views of the input, `step` bytes more each time.
class Feed {
public:
    Feed(std::string_view bytes, std::size_t step) : bytes_{bytes}, step_{step} {}

    [[nodiscard]] std::string_view unread() const { return bytes_.substr(used_, end_ - used_); }
    void use(std::size_t size) {
        require(size <= unread().size());
        used_ += size;
    }
    /// More input; false when there is none.
    bool grow() {
        const auto before = end_;
        end_ = std::min(end_ + step_, bytes_.size());
        return end_ > before;
    }
    [[nodiscard]] std::size_t used() const { return used_; }

private:
    std::string_view bytes_;
    std::size_t step_;
    std::size_t used_ = 0;
    std::size_t end_ = 0;
};

/// False at the end of the input or after a failure, which `reading` then tells.
bool read_head(Feed& feed, RequestParser& parser, Reading& reading) {
    for (;;) {
        const auto used = parser.put(feed.unread());
        if (!used) {
            reading.failed = true;
            return false;
        }
        feed.use(*used);
        if (parser.done()) {
            return true;
        }
        require(feed.unread().size() <= limits.header_bytes);  // what waits for its line is bounded
        if (!feed.grow()) {
            return false;
        }
    }
}

bool read_body(Feed& feed, BodyReader& body, Reading& reading) {
    while (!body.done()) {
        const auto step = body.take(feed.unread());
        if (!step) {
            reading.failed = true;
            return false;
        }
        require(step->piece.size() <= step->used);
        feed.use(step->used);
        reading.requests += step->piece;
        if (!body.done() && step->piece.empty() && !feed.grow()) {
            return false;
        }
    }
    return true;
}

Reading read(std::string_view bytes, std::size_t step) {
    Feed feed{bytes, step};
    Reading reading;
    RequestParser parser{limits};
    while (read_head(feed, parser, reading)) {
        auto& head = parser.head();
        require(head.target.size() <= limits.target_bytes);
        reading.requests += "\n" + head.method_string + " " + head.target + "\n";
        const auto framing = judge_framing(head);
        if (!framing) {
            reading.failed = true;
            break;  // after an error nothing more is parsed
        }
        if (const auto target = parse_request_target(head.target)) {
            require(!target->path.empty() && target->path.find('\0') == std::string::npos);
            require(target->path.find("/../") == std::string::npos);
        }
        BodyReader body{*framing};
        if (!read_body(feed, body, reading)) {
            break;
        }
        parser.reset();
    }
    reading.used = reading.failed ? 0 : feed.used();
    return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};

    const auto whole = read(bytes, bytes.size() + 1);
    const auto cut = read(bytes, data[0] + 1U);

    // However the bytes are cut, they say the same. (A failure may be noticed sooner in pieces,
    // after less body was handed out.)
    require(whole.failed == cut.failed);
    require(whole.failed || whole == cut);
    return 0;
}
