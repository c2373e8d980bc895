#include "net/connector.hpp"

#include "net/wakeup.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <optional>

namespace fanfetch {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

asio::ip::tcp::endpoint to_asio(const IpEndpoint& endpoint) {
    if (endpoint.address.v6()) {
        const auto& bytes = endpoint.address.v6_bytes();
        asio::ip::address_v6::bytes_type copy;
        std::ranges::copy(bytes, copy.begin());
        return {asio::ip::address_v6{copy}, endpoint.port};
    }
    const V4Bytes bytes = endpoint.address.v4_bytes();
    asio::ip::address_v4::bytes_type copy;
    std::ranges::copy(bytes, copy.begin());
    return {asio::ip::address_v4{copy}, endpoint.port};
}

/// Of two failures, whether the first tells more about the origin. That this machine has no IPv6
/// says nothing, that the origin refused says it all.
bool tells_more(failure_code a, failure_code b) noexcept {
    const auto rank = [](failure_code code) {
        switch (code) {
            case failure_code::connect_refused:
                return 4;
            case failure_code::connect_reset:
                return 3;
            case failure_code::connect_timeout:
                return 2;
            case failure_code::internal:
                return 1;
            default:
                return 0;
        }
    };
    return rank(a) > rank(b);
}

/// The dials of one attempt. Shared with their completion handlers, which may come when the
/// coroutine has gone; by then every socket is closed.
struct Race : std::enable_shared_from_this<Race> {
    Race(LoopExecutor on, std::vector<IpEndpoint> to)
        : executor{on}, endpoints{std::move(to)}, progress{on} {
        sockets.reserve(endpoints.size());
    }

    LoopExecutor executor;
    std::vector<IpEndpoint> endpoints;
    std::vector<TcpSocket> sockets;  // one for each endpoint dialled so far; never reallocated
    std::size_t pending = 0;
    std::optional<std::size_t> winner;
    std::optional<Failure> worst;
    Wakeup progress;

    [[nodiscard]] bool all_started() const { return sockets.size() == endpoints.size(); }

    void start_next() {
        const std::size_t index = sockets.size();
        TcpSocket& socket = sockets.emplace_back(executor);
        const auto endpoint = to_asio(endpoints[index]);
        error_code error;
        socket.open(endpoint.protocol(), error);
        if (error) {
            failed_with(index, error);
            return;
        }
        socket.set_option(asio::ip::tcp::no_delay{true}, error);  // a hint; without it we are slow
        ++pending;
        auto done = [self = shared_from_this(), index](const error_code& outcome) {
            self->finish(index, outcome);
        };
        socket.async_connect(endpoint, std::move(done));
    }

    void finish(std::size_t index, const error_code& error) {
        --pending;
        if (error == asio::error::operation_aborted) {
            return;
        }
        if (error) {
            failed_with(index, error);
        } else if (!winner) {
            winner = index;
        }
        progress.wake();
    }

    void failed_with(std::size_t index, const error_code& error) {
        const failure_code code = connect_failure(error);
        if (!worst || tells_more(code, worst->code)) {
            worst = failed(
                code, "connecting to " + to_string(endpoints[index]) + ": " + error.message()
            );
        }
    }

    void close_all() noexcept {
        for (TcpSocket& socket : sockets) {
            error_code ignored;  // there is nothing to do about a close that fails
            socket.close(ignored);
        }
    }
};

/// Whatever way the coroutine ends, no dial goes on.
class Closing {
public:
    explicit Closing(Race& race) noexcept : race_{race} {}
    Closing(const Closing&) = delete;
    Closing& operator=(const Closing&) = delete;
    ~Closing() { race_.close_all(); }

private:
    Race& race_;
};

}  // namespace

awaitable<Expected<Dialled>> dial(std::vector<IpEndpoint> endpoints, Steady::time_point deadline) {
    const LoopExecutor executor = co_await asio::this_coro::executor;
    const auto race = std::make_shared<Race>(executor, std::move(endpoints));
    const Closing closing{*race};

    Steady::time_point next_start = Steady::now();
    while (!race->winner) {
        const auto now = Steady::now();
        if (now >= deadline) {
            co_return failed(failure_code::connect_timeout, "connecting: no answer in time");
        }
        if (!race->all_started() && (race->pending == 0 || now >= next_start)) {
            race->start_next();
            next_start = now + dial_stagger;
            continue;
        }
        if (race->pending == 0) {
            co_return std::move(*race->worst);
        }
        co_await race->progress.wait_until(
            race->all_started() ? deadline : std::min(deadline, next_start)
        );
    }
    Dialled dialled{std::move(race->sockets[*race->winner]), race->endpoints[*race->winner]};
    co_return dialled;
}

failure_code connect_failure(const error_code& error) noexcept {
    using namespace boost::system::errc;
    const auto is = [&error](errc_t code) { return error == make_error_condition(code); };
    if (is(connection_refused)) {
        return failure_code::connect_refused;
    }
    if (is(connection_reset) || is(connection_aborted) || is(broken_pipe)) {
        return failure_code::connect_reset;
    }
    if (is(timed_out)) {
        return failure_code::connect_timeout;
    }
    if (is(too_many_files_open) || is(too_many_files_open_in_system) || is(no_buffer_space) ||
        is(not_enough_memory)) {
        return failure_code::queue_full;  // it is we who are full: the host has no part in it
    }
    return failure_code::connect_unreachable;
}

}  // namespace fanfetch
