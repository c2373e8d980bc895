#include "cli/health.hpp"

#include "base/time.hpp"
#include "cli/command_line.hpp"
#include "coro/event_loop.hpp"
#include "coro/with_timeout.hpp"
#include "future/errors.hpp"
#include "net/connector.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <cstdio>
#include <string>
#include <string_view>
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

awaitable<Expected<void>> ask(IpEndpoint service) {
    const std::vector<IpEndpoint> only{service};
    auto dialled = co_await dial(only, Steady::now() + patience);
    if (!dialled) {
        co_return dialled.error();
    }
    const std::string request = "GET /livez HTTP/1.1\r\nHost: " + to_string(service) +
                                "\r\nUser-Agent: fanfetch-health\r\nConnection: close\r\n\r\n";
    auto [unsent, sent] =
        co_await asio::async_write(dialled->socket, asio::buffer(request), no_throw);
    if (unsent) {
        co_return broken(unsent);
    }
    std::string answer(good_answer.size(), '\0');
    auto [unread, read] =
        co_await asio::async_read(dialled->socket, asio::buffer(answer), no_throw);
    if (unread) {
        co_return broken(unread);
    }
    if (answer != good_answer) {
        co_return failed(failure_code::internal, "asking for /livez: the answer is not 200");
    }
    co_return Expected<void>{};
}

Expected<void> ask_in_time(IpEndpoint service) {
    EventLoop loop{"health"};
    try {
        return loop.run(wait_for(ask(service), patience));
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
    if (const auto lives = ask_in_time(*service); !lives) {
        std::fprintf(stderr, "error: %s\n", lives.error().detail.c_str());
        return exit_some_failed;
    }
    std::puts("the service lives");
    return exit_ok;
}

}  // namespace fanfetch
