#pragma once

#include "base/expected.hpp"
#include "http/session.hpp"
#include "http/session_wire.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>

#include <functional>
#include <string>
#include <vector>

namespace fanfetch {

/// A few descriptors kept for the day when there are no others.
class DescriptorReserve {
public:
    explicit DescriptorReserve(std::size_t count);
    ~DescriptorReserve();
    DescriptorReserve(const DescriptorReserve&) = delete;
    DescriptorReserve& operator=(const DescriptorReserve&) = delete;

    /// Frees one descriptor; false when none is left.
    bool give() noexcept;
    /// Fills up again as far as the system lets us.
    void refill() noexcept;

private:
    std::size_t count_;
    std::vector<int> held_;
};

/// Accepts connections on one address, also when descriptors have run out: then it takes one from
/// a small reserve for a connection that counts as overflow, and once that is empty waits a little,
/// instead of trying again at once for ever.
///
/// Threads  the loop it was made for
/// Source   accept(2): EMFILE, ENFILE, ENOBUFS, ENOMEM
class Listener {
public:
    using Endpoint = boost::asio::ip::tcp::endpoint;

    struct Events {
        /// The loop the next connection is for.
        std::function<LoopExecutor()> next_loop;
        /// Takes a connection; overflow ones are bound to the listener's own loop. If it throws,
        /// that one connection is closed.
        std::function<void(TcpSocket, const Endpoint& peer, session_kind)> accepted;
        /// There is no descriptor left, not even in reserve.
        std::function<void()> exhausted;
    };

    Listener(LoopExecutor executor, Events events);

    [[nodiscard]] Expected<Endpoint> open(const Endpoint& address);

    /// Accepts until close(); ends by returning.
    awaitable<void> run();

    void close() noexcept;
    [[nodiscard]] bool is_open() const noexcept { return acceptor_.is_open(); }

    /// An overflow connection has ended and its descriptor is free again.
    void refill_reserve() noexcept { reserve_.refill(); }

private:
    void pass_on(TcpSocket socket, const Endpoint& peer, session_kind kind) noexcept;
    awaitable<void> accept_without_descriptors();
    boost::system::error_code accept_now(LoopExecutor loop, session_kind kind);
    awaitable<void> pause();

    LoopExecutor executor_;
    Events events_;
    boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, LoopExecutor> acceptor_;
    boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>
        timer_;
    std::chrono::milliseconds pause_;
    DescriptorReserve reserve_;
};

}  // namespace fanfetch
