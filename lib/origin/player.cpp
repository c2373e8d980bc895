#include "origin/player.hpp"

#include "coro/sleep.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace fanfetch::origin {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// How much of what is repeated without a pause is sent in one go.
constexpr std::size_t at_once = 64U << 10U;

awaitable<bool> send(TcpSocket& socket, std::string_view bytes) {
    const auto [error, size] =
        co_await asio::async_write(socket, asio::buffer(bytes.data(), bytes.size()), no_throw);
    co_return !error;
}

awaitable<bool> send_paced(TcpSocket& socket, const ScriptStep& step) {
    std::string_view rest = step.bytes;
    do {
        const auto size = step.piece == 0 ? rest.size() : std::min(step.piece, rest.size());
        if (!rest.empty() && !co_await send(socket, rest.substr(0, size))) {
            co_return false;
        }
        rest.remove_prefix(size);
        if (step.pause.count() > 0) {
            co_await sleep(step.pause);
        }
    } while (!rest.empty());
    co_return true;
}

/// The same bytes over and over, many of them in each system call.
awaitable<bool> send_often(TcpSocket& socket, const ScriptStep& step) {
    const auto copies = std::clamp<std::uint64_t>(at_once / step.bytes.size(), 1, step.times);
    std::string batch;
    batch.reserve(step.bytes.size() * copies);
    for (std::uint64_t i = 0; i < copies; ++i) {
        batch += step.bytes;
    }
    for (std::uint64_t left = step.times; left > 0;) {
        const auto now = std::min(left, copies);
        if (!co_await send(socket, std::string_view{batch}.substr(0, now * step.bytes.size()))) {
            co_return false;
        }
        left -= step.times == for_ever ? 0 : now;
    }
    co_return true;
}

awaitable<bool> send_step(TcpSocket& socket, const ScriptStep& step) {
    const bool paced = step.piece > 0 || step.pause.count() > 0;
    if (!paced && step.times > 1 && !step.bytes.empty()) {
        co_return co_await send_often(socket, step);
    }
    for (std::uint64_t left = step.times; left > 0;) {
        if (!co_await send_paced(socket, step)) {
            co_return false;
        }
        left -= step.times == for_ever ? 0 : 1;
    }
    co_return true;
}

/// Reads away what comes until the client has left.
awaitable<void> until_it_leaves(TcpSocket& socket) {
    std::array<char, 4096> ignored;
    const auto space = asio::buffer(ignored);
    for (;;) {
        const auto [error, size] = co_await socket.async_read_some(space, no_throw);
        if (error) {
            co_return;
        }
    }
}

void reset(TcpSocket& socket) {
    error_code ignored;  // a socket that is gone needs no reset
    socket.set_option(asio::socket_base::linger{true, 0}, ignored);
    socket.close(ignored);
}

}  // namespace

awaitable<bool> play(TcpSocket& socket, Script script) {
    for (const auto& step : script.steps) {
        if (!co_await send_step(socket, step)) {
            co_return false;
        }
    }
    error_code ignored;
    switch (script.end) {
        case script_end::keep:
            co_return true;
        case script_end::close:
            // Unread bytes would turn the close into a reset.
            socket.shutdown(TcpSocket::shutdown_send, ignored);
            co_await until_it_leaves(socket);
            break;
        case script_end::reset:
            reset(socket);
            break;
        case script_end::silence:
            co_await until_it_leaves(socket);
            break;
    }
    co_return false;
}

}  // namespace fanfetch::origin
