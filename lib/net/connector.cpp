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
    /// One address of the attempt.
    struct Dial {
        IpEndpoint endpoint;
        std::unique_ptr<PlaceWish> wish;  // once it has come to this one, if places are bounded
        std::optional<TcpSocket> socket;  // once it is being dialled
    };

    Race(LoopExecutor on, const std::vector<IpEndpoint>& to, PlaceOrder* order)
        : executor{on}, places{order != nullptr ? order->places : nullptr}, progress{on} {
        for (const auto& endpoint : to) {
            dials.push_back({endpoint, nullptr, std::nullopt});
        }
        if (places != nullptr) {
            client = PlaceClient{on, nullptr, order->key, order->tenant, order->takes_kept};
        }
    }

    LoopExecutor executor;
    AddressPlaces* places;
    std::optional<PlaceClient> client;
    std::vector<Dial> dials;
    std::size_t started = 0;
    std::size_t pending = 0;
    std::optional<std::size_t> tried;  // last, or with the failure that tells most
    std::optional<std::size_t> winner;
    std::unique_ptr<Connection> kept;
    std::optional<Failure> worst;
    Wakeup progress;

    [[nodiscard]] bool all_started() const { return started == dials.size(); }
    [[nodiscard]] bool over() const { return winner || kept; }

    /// False when there is no place at any of the addresses that are left.
    [[nodiscard]] bool start_next() {
        for (std::size_t index = 0; index < dials.size(); ++index) {
            if (!dials[index].socket && may_dial(dials[index])) {
                if (!kept) {
                    start(index);
                }
                return true;
            }
        }
        return false;
    }

    [[nodiscard]] bool may_dial(Dial& dial) {
        if (places == nullptr) {
            return true;
        }
        if (!dial.wish) {
            if (!client->wakeup) {  // only now, since other threads look at it from here on
                client->wakeup = {shared_from_this(), &progress};
            }
            dial.wish = std::make_unique<PlaceWish>(*places, *client, dial.endpoint.address);
        }
        if (!dial.wish->granted()) {
            return false;
        }
        kept = dial.wish->take_connection();
        return true;
    }

    void start(std::size_t index) {
        TcpSocket& socket = dials[index].socket.emplace(executor);
        ++started;
        if (!worst) {
            tried = index;
        }
        const auto endpoint = to_asio(dials[index].endpoint);
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
            tried = index;
            worst = failed(
                code, "connecting to " + to_string(dials[index].endpoint) + ": " + error.message()
            );
        }
        leave(dials[index]);
    }

    static void leave(Dial& dial) noexcept {
        if (dial.socket) {
            error_code ignored;  // there is nothing to do about a close that fails
            dial.socket->close(ignored);
        }
        dial.wish.reset();
    }

    void close_all() noexcept {
        std::ranges::for_each(dials, leave);
        client.reset();
    }

    [[nodiscard]] Dialled result() {
        if (kept) {
            return {TcpSocket{executor}, {}, {}, std::move(kept)};
        }
        auto& dial = dials[*winner];
        Dialled dialled{std::move(*dial.socket), dial.endpoint};
        if (dial.wish) {
            dialled.place = dial.wish->take_place();
        }
        return dialled;
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

awaitable<Expected<Dialled>> dial(
    std::vector<IpEndpoint> endpoints, Steady::time_point deadline, PlaceOrder* line
) {
    const LoopExecutor executor = co_await asio::this_coro::executor;
    const auto race = std::make_shared<Race>(executor, endpoints, line);
    const Closing closing{*race};
    const auto note_tried = [&race, line] {
        if (line != nullptr && race->tried) {
            line->tried = race->dials[*race->tried].endpoint;
        }
    };

    Steady::time_point next_start = Steady::now();
    std::optional<Steady::time_point> in_line;  // since when there is nothing but to wait
    while (!race->over()) {
        const auto now = Steady::now();
        if (!in_line && now >= deadline) {
            note_tried();
            co_return failed(failure_code::connect_timeout, "connecting: no answer in time");
        }
        const bool due = !race->all_started() && (race->pending == 0 || now >= next_start);
        if (due && race->start_next()) {
            next_start = now + dial_stagger;
            if (in_line) {
                line->waited += now - *in_line;
                deadline = saturating_add(deadline, now - *in_line);
                in_line.reset();
            }
            continue;
        }
        if (race->pending > 0) {
            co_await race->progress.wait_until(
                due || race->all_started() ? deadline : std::min(deadline, next_start)
            );
            continue;
        }
        if (race->all_started()) {
            note_tried();
            co_return std::move(*race->worst);
        }
        if (!in_line) {
            in_line = now;
        }
        if (now >= *in_line + place_patience) {
            line->waited += now - *in_line;
            co_return no_place(*line);
        }
        co_await race->progress.wait_until(*in_line + place_patience);
    }
    auto dialled = race->result();
    co_return dialled;
}

Failure no_place(PlaceOrder& line) {
    line.in_vain = true;
    return failed(
        failure_code::queue_full, "connecting: the address has all the connections it may"
    );
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
