#include "http/listener.hpp"

#include "future/errors.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <boost/asio/error.hpp>

#include <algorithm>

namespace fanfetch {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t reserve_size = 8;
/// Long enough to cost nothing, short enough for a health check to get in.
constexpr std::chrono::milliseconds first_pause{10};
constexpr std::chrono::milliseconds longest_pause{100};
/// The kernel cuts it to net.core.somaxconn.
constexpr int backlog = 4096;

bool is_exhaustion(const error_code& error) noexcept {
    return error == boost::system::errc::too_many_files_open ||
           error == boost::system::errc::too_many_files_open_in_system ||
           error == boost::system::errc::no_buffer_space ||
           error == boost::system::errc::not_enough_memory;
}

}  // namespace

DescriptorReserve::DescriptorReserve(std::size_t count) : count_{count} {
    held_.reserve(count);
    refill();
}

DescriptorReserve::~DescriptorReserve() {
    while (give()) {
    }
}

bool DescriptorReserve::give() noexcept {
    if (held_.empty()) {
        return false;
    }
    ::close(held_.back());
    held_.pop_back();
    return true;
}

void DescriptorReserve::refill() noexcept {
    while (held_.size() < count_) {
        const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (descriptor < 0) {
            return;
        }
        held_.push_back(descriptor);  // within what was reserved
    }
}

Listener::Listener(LoopExecutor executor, Events events)
    : executor_{executor},
      events_{std::move(events)},
      acceptor_{executor},
      timer_{executor},
      pause_{first_pause},
      reserve_{reserve_size} {}

Expected<Listener::Endpoint> Listener::open(const Endpoint& address) {
    error_code error;
    acceptor_.open(address.protocol(), error);
    if (!error) {
        acceptor_.set_option(asio::socket_base::reuse_address{true}, error);
    }
    if (!error) {
        acceptor_.bind(address, error);
    }
    if (!error) {
        acceptor_.listen(backlog, error);
    }
    if (!error) {
        acceptor_.non_blocking(true, error);
    }
    if (error) {
        close();
        return failed(
            failure_code::internal, "listening on " + address.address().to_string() + ":" +
                                        std::to_string(address.port()) + ": " + error.message()
        );
    }
    return acceptor_.local_endpoint();
}

awaitable<void> Listener::run() {
    while (acceptor_.is_open()) {
        Endpoint peer;
        const auto loop = events_.next_loop();
        auto [error, socket] = co_await acceptor_.async_accept(loop, peer, no_throw);
        if (!error) {
            pause_ = first_pause;
            pass_on(std::move(socket), peer, session_kind::regular);
            reserve_.refill();
        } else if (is_exhaustion(error)) {
            co_await accept_without_descriptors();
        } else if (error == asio::error::operation_aborted) {
            co_return;
        }
        // Anything else befell one connection, which is gone: the next is accepted.
    }
}

void Listener::pass_on(TcpSocket socket, const Endpoint& peer, session_kind kind) noexcept {
    try {
        events_.accepted(std::move(socket), peer, kind);
    } catch (...) {
        report_error("taking a connection", std::current_exception());
    }
}

awaitable<void> Listener::accept_without_descriptors() {
    // accept(2) fails like this also while nobody is there, and nobody must make room for nobody.
    auto [closed] = co_await acceptor_.async_wait(asio::socket_base::wait_read, no_throw);
    if (closed) {
        co_return;
    }
    if (!is_exhaustion(accept_now(events_.next_loop(), session_kind::regular))) {
        co_return;  // in the meantime there was one
    }
    if (reserve_.give()) {
        const auto error = accept_now(executor_, session_kind::overflow);
        if (!error) {
            co_return;
        }
        reserve_.refill();
        if (!is_exhaustion(error)) {
            co_return;
        }
    }
    events_.exhausted();
    co_await pause();
}

error_code Listener::accept_now(LoopExecutor loop, session_kind kind) {
    Endpoint peer;
    error_code error;
    TcpSocket socket{loop};
    acceptor_.accept(socket, peer, error);
    if (!error) {
        pass_on(std::move(socket), peer, kind);
    }
    return error;
}

awaitable<void> Listener::pause() {
    timer_.expires_after(pause_);
    pause_ = std::min(pause_ * 2, longest_pause);
    co_await timer_.async_wait(no_throw);
}

void Listener::close() noexcept {
    error_code ignored;
    acceptor_.close(ignored);
    timer_.cancel();
}

}  // namespace fanfetch
