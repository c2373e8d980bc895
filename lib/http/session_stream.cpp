#include "http/session_stream.hpp"

#include <array>
#include <charconv>
#include <stdexcept>

namespace fanfetch {
namespace {

namespace asio = boost::asio;

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";

asio::const_buffer bytes_of(std::string_view text) {
    return {text.data(), text.size()};
}

}  // namespace

SessionStream::SessionStream(
    SessionIo& io, SessionWatch& watch, const ReplyFrame& frame, Steady::duration stall
)
    : io_{io}, watch_{watch}, framing_{frame.framing}, left_{frame.length}, stall_{stall} {
    watch_.want();
}

awaitable<bool> SessionStream::write(std::string_view bytes) {
    if (framing_ == reply_framing::counted) {
        if (bytes.size() > left_) {
            throw std::logic_error{"writing a streamed reply: more bytes than announced"};
        }
        left_ -= bytes.size();
    }
    if (bytes.empty() || io_.send_failed()) {
        co_return !io_.send_failed();  // an empty chunk would be the last one
    }
    std::array<char, 18> size;
    WriteBuffers buffers{asio::const_buffer{}, bytes_of(bytes), asio::const_buffer{}};
    if (framing_ == reply_framing::chunked) {
        auto* const end = std::to_chars(size.begin(), size.end() - 2, bytes.size(), 16).ptr;
        end[0] = '\r';
        end[1] = '\n';
        buffers[0] = {size.data(), static_cast<std::size_t>(end + 2 - size.data())};
        buffers[2] = bytes_of(line_end);
    }
    const bool sent = co_await io_.send(buffers, stall_);
    if (!sent) {
        watch_.report_gone();
    }
    co_return sent;
}

bool SessionStream::gone() const noexcept {
    return watch_.gone_or_ending() || io_.send_failed();
}

void SessionStream::on_gone(std::function<void()> callback) {
    watch_.on_gone_or_ending(std::move(callback));
}

awaitable<bool> SessionStream::finish() {
    if (framing_ == reply_framing::chunked) {
        const WriteBuffers end{bytes_of(last_chunk)};
        co_return co_await io_.send(end, stall_);
    }
    const bool whole = framing_ != reply_framing::counted || left_ == 0;
    co_return whole && !io_.send_failed();
}

}  // namespace fanfetch
