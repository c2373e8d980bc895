#include "cli/health.hpp"

#include "base/time.hpp"
#include "cli/command_line.hpp"
#include "coro/event_loop.hpp"
#include "coro/with_timeout.hpp"
#include "future/errors.hpp"
#include "net/connection_io.hpp"
#include "net/connector.hpp"
#include "net/tls_handshake.hpp"
#include "net/tls_policy.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fanfetch {
namespace {

namespace asio = boost::asio;

/// A service that takes longer than this to say that it lives does not.
constexpr std::chrono::seconds patience{3};

constexpr std::string_view good_answer = "HTTP/1.1 200";

Failure too_late() {
    return failed(failure_code::connect_timeout, "asking for /livez: no answer in time");
}

Failure broken(const boost::system::error_code& error) {
    if (error == asio::error::operation_aborted) {
        return too_late();  // nobody but our time limit aborts here
    }
    return failed(failure_code::connect_reset, "asking for /livez: " + error.message());
}

/// Reads until `space` is full.
awaitable<boost::system::error_code> receive(Connection& link, asio::mutable_buffer space) {
    while (space.size() > 0) {
        const auto [error, size] = co_await read_some(link, space);
        if (error) {
            co_return error;
        }
        space += size;
    }
    co_return boost::system::error_code{};
}

/// Whose certificate it is does not matter: no secret is sent, and a certificate that has expired
/// is no reason to restart what serves it.
awaitable<Expected<void>> ask(IpEndpoint service, TlsPolicy* tls) {
    const std::vector<IpEndpoint> only{service};
    const auto deadline = Steady::now() + patience;
    auto dialled = co_await dial(only, deadline);
    if (!dialled) {
        co_return dialled.error();
    }
    Connection link{dialled->socket.get_executor()};
    link.socket = std::move(dialled->socket);
    if (tls != nullptr) {
        link.tls.emplace(link.socket, tls->context(peer_check::recorded));
        const auto shaken = co_await shake_hands(link, to_string(service.address), deadline);
        if (!shaken) {
            co_return shaken.error();
        }
    }
    const std::string request = "GET /livez HTTP/1.1\r\nHost: " + to_string(service) +
                                "\r\nUser-Agent: fanfetch-health\r\nConnection: close\r\n\r\n";
    if (const auto unsent = co_await write_all(link, request)) {
        co_return broken(unsent);
    }
    std::string answer(good_answer.size(), '\0');
    if (const auto unread = co_await receive(link, asio::buffer(answer))) {
        co_return broken(unread);
    }
    if (answer != good_answer) {
        co_return failed(failure_code::internal, "asking for /livez: the answer is not 200");
    }
    co_return Expected<void>{};
}

Expected<void> ask_in_time(IpEndpoint service, bool https) {
    std::optional<TlsPolicy> tls;
    if (https) {
        auto made = TlsPolicy::make({});
        if (!made) {
            return made.error();
        }
        tls.emplace(std::move(*made));
    }
    EventLoop loop{"health"};
    try {
        return loop.run(wait_for(ask(service, tls ? &*tls : nullptr), patience));
    } catch (const TimeoutError&) {
        return too_late();
    }
}

}  // namespace

Expected<IpEndpoint> reached_at(const Settings::Listen& listen) {
    auto address = IpAddress::parse(listen.address);
    if (!address) {
        return failed(
            failure_code::internal,
            "reading listen.address: " + listen.address + " is not an address"
        );
    }
    if (listen.port == 0) {
        return failed(
            failure_code::internal, "reading listen.port: 0 does not tell where the service listens"
        );
    }
    if (address->unspecified()) {
        V6Bytes v6_loopback{};
        v6_loopback.back() = 1;
        address = address->v6() ? IpAddress{v6_loopback} : IpAddress{V4Bytes{127, 0, 0, 1}};
    }
    return IpEndpoint{*address, listen.port};
}

int health(const Settings& settings) {
    const auto service = reached_at(settings.listen);
    if (!service) {
        std::fprintf(stderr, "error: %s\n", service.error().detail.c_str());
        return exit_usage;
    }
    if (const auto lives = ask_in_time(*service, !settings.listen.tls_certificate.empty());
        !lives) {
        std::fprintf(stderr, "error: %s\n", lives.error().detail.c_str());
        return exit_some_failed;
    }
    std::puts("the service lives");
    return exit_ok;
}

}  // namespace fanfetch
