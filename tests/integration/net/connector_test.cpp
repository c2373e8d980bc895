#include "net/connector.hpp"

#include "coro/with_timeout.hpp"
#include "future/errors.hpp"
#include "support/patience.hpp"
#include "support/run_coroutine.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using testing::patience;
using testing::run_coroutine;

/// A listening socket of the kernel's: it accepts in the background, as far as its backlog goes.
class Listener {
public:
    explicit Listener(LoopExecutor home, int backlog = 16, const V4Bytes& address = {127, 0, 0, 1})
        : acceptor_{home} {
        acceptor_.open(tcp::v4());
        acceptor_.bind({boost::asio::ip::address_v4{address}, 0});
        acceptor_.listen(backlog);
    }

    [[nodiscard]] IpEndpoint endpoint() const {
        const auto own = acceptor_.local_endpoint();
        return {IpAddress{own.address().to_v4().to_bytes()}, own.port()};
    }

private:
    boost::asio::basic_socket_acceptor<tcp, LoopExecutor> acceptor_;
};

/// A port whose queue is full: a connect to it hangs, as to a host that drops packets.
class BlackHole {
public:
    explicit BlackHole(LoopExecutor home) : listener_{home, 0} {
        for (int i = 0; i < 3; ++i) {
            fillers_.emplace_back(home);
            fillers_.back().open(tcp::v4());
            fillers_.back().native_non_blocking(true);
            const tcp::endpoint full{boost::asio::ip::address_v4::loopback(), endpoint().port};
            ::connect(  // Asio's own waits for the outcome
                fillers_.back().native_handle(), full.data(), static_cast<socklen_t>(full.size())
            );
            if (i == 0) {
                wait_until_connected(fillers_.back());
            }
        }
    }

    [[nodiscard]] IpEndpoint endpoint() const { return listener_.endpoint(); }

private:
    /// Even on loopback the kernel may take the packets of a handshake a while later.
    static void wait_until_connected(TcpSocket& socket) {
        pollfd writable{.fd = socket.native_handle(), .events = POLLOUT, .revents = 0};
        constexpr std::chrono::milliseconds limit = patience;
        ::poll(&writable, 1, static_cast<int>(limit.count()));
    }

    Listener listener_;
    std::vector<TcpSocket> fillers_;
};

IpEndpoint closed_port(LoopExecutor home) {
    const Listener gone{home};
    return gone.endpoint();
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator descriptors{"/proc/self/fd"};
    return static_cast<std::size_t>(std::distance(begin(descriptors), end(descriptors)));
}

struct Seen {
    failure_code code = failure_code::none;
    std::string detail;
    std::string remote;
    std::string wanted;
    bool no_delay = false;
    Steady::duration took{};
};

/// Dials what `choose` says and tells how it went.
template <class Choose>
Seen dial_to(Choose choose, Steady::duration limit = patience) {
    return run_coroutine([&](LoopExecutor home) -> awaitable<Seen> {
        Seen seen;
        const auto begun = Steady::now();
        auto dial_all = [&](std::vector<IpEndpoint> endpoints) -> awaitable<> {
            seen.wanted = to_string(endpoints.back());
            auto dialled = co_await dial(std::move(endpoints), begun + limit);
            if (!dialled) {
                seen.code = dialled.error().code;
                seen.detail = dialled.error().detail;
                co_return;
            }
            seen.remote = to_string(dialled->remote);
            tcp::no_delay option;
            dialled->socket.get_option(option);
            seen.no_delay = option.value();
        };
        co_await choose(home, dial_all);
        seen.took = Steady::now() - begun;
        co_return seen;
    });
}

TEST(Connector, ConnectsWithoutDelay) {
    const Seen seen = dial_to([](LoopExecutor home, auto dial_all) -> awaitable<> {
        const Listener listener{home};
        const std::vector endpoints{listener.endpoint()};
        co_await dial_all(endpoints);
    });

    EXPECT_EQ(seen.code, failure_code::none) << seen.detail;
    EXPECT_EQ(seen.remote, seen.wanted);
    EXPECT_TRUE(seen.no_delay);
}

TEST(Connector, Ups01ARefusalIsToldAtOnce) {
    const Seen seen = dial_to([](LoopExecutor home, auto dial_all) -> awaitable<> {
        const std::vector endpoints{closed_port(home)};
        co_await dial_all(endpoints);
    });

    EXPECT_EQ(seen.code, failure_code::connect_refused);
    EXPECT_NE(seen.detail.find(seen.wanted), std::string::npos) << "a dialled address may be told";
}

TEST(Connector, Ups01ABlackHoleEndsAtTheDeadline) {
    const Seen seen = dial_to(
        [](LoopExecutor home, auto dial_all) -> awaitable<> {
            const BlackHole hole{home};
            const std::vector endpoints{hole.endpoint()};
            co_await dial_all(endpoints);
        },
        300ms
    );

    EXPECT_EQ(seen.code, failure_code::connect_timeout);
    EXPECT_GE(seen.took, 300ms);
    EXPECT_LT(seen.took, patience);
}

TEST(Connector, Ssrf06TheNextAddressIsDialledWhenOneRefuses) {
    static constexpr int refusals = 50;

    const Seen seen = dial_to([](LoopExecutor home, auto dial_all) -> awaitable<> {
        const Listener listener{home};
        std::vector endpoints(refusals, closed_port(home));
        endpoints.push_back(listener.endpoint());
        co_await dial_all(endpoints);
    });

    EXPECT_EQ(seen.code, failure_code::none) << seen.detail;
    EXPECT_EQ(seen.remote, seen.wanted);
    EXPECT_LT(seen.took, refusals * dial_stagger) << "refusals are not waited out";
}

TEST(Connector, Ssrf06TheNextAddressIsDialledBesideOneThatStalls) {
    const Seen seen = dial_to([](LoopExecutor home, auto dial_all) -> awaitable<> {
        const BlackHole hole{home};
        const Listener listener{home};
        const std::vector endpoints{hole.endpoint(), listener.endpoint()};
        co_await dial_all(endpoints);
    });

    EXPECT_EQ(seen.code, failure_code::none) << seen.detail;
    EXPECT_EQ(seen.remote, seen.wanted);
    EXPECT_GE(seen.took, dial_stagger);
    EXPECT_LT(seen.took, patience) << "the one that stalls is not waited out";
}

TEST(Connector, OfSeveralFailuresTheTellingOneIsReported) {
    const Seen seen = dial_to([](LoopExecutor home, auto dial_all) -> awaitable<> {
        const IpEndpoint nowhere{IpAddress{V4Bytes{255, 255, 255, 255}}, 80};
        const std::vector endpoints{nowhere, closed_port(home), nowhere};
        co_await dial_all(endpoints);
    });

    EXPECT_EQ(seen.code, failure_code::connect_refused);
}

TEST(Connector, NothingStaysOpenWhenItIsCancelled) {
    struct Count {
        std::size_t before = 0;
        std::size_t after = 0;
        bool cancelled = false;
    };

    const auto count = run_coroutine([](LoopExecutor home) -> awaitable<Count> {
        const BlackHole hole{home};
        Count seen;
        const std::vector endpoints{hole.endpoint(), hole.endpoint()};
        auto dialling = [&] { return dial(endpoints, Steady::now() + patience); };
        seen.before = open_descriptors();
        try {
            co_await with_timeout(400ms, dialling);
        } catch (const TimeoutError&) {
            seen.cancelled = true;
        }
        seen.after = open_descriptors();
        co_return seen;
    });

    EXPECT_TRUE(count.cancelled);
    EXPECT_EQ(count.after, count.before);
}

TEST(Connector, WithoutDescriptorsItIsNobodysFault) {
    const Seen seen = dial_to([](LoopExecutor home, auto dial_all) -> awaitable<> {
        const Listener listener{home};
        const std::vector endpoints{listener.endpoint()};
        rlimit usual{};
        ::getrlimit(RLIMIT_NOFILE, &usual);
        const int lowest_free = ::dup(0);
        ::close(lowest_free);
        const rlimit none{static_cast<rlim_t>(lowest_free), usual.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
        co_await dial_all(endpoints);
        ::setrlimit(RLIMIT_NOFILE, &usual);
    });

    EXPECT_EQ(seen.code, failure_code::queue_full);
    EXPECT_NE(seen.detail.find("Too many open files"), std::string::npos) << seen.detail;
}

/// A place at an address that somebody has until this goes.
class TakenPlace {
public:
    TakenPlace(LoopExecutor home, AddressPlaces& places, const IpAddress& address)
        : client_{home, std::make_shared<Wakeup>(home), {}, "other", false},
          wish_{places, client_, address} {}

private:
    PlaceClient client_;
    PlaceWish wish_;
};

/// What came of a dial that may have to stand in line.
struct InLine {
    failure_code code = failure_code::none;
    std::string remote;
    PlaceOrder order;
    std::size_t taken = 0;  // while the connection was there
    std::size_t left = 0;   // and afterwards
    Steady::duration took{};
};

awaitable<InLine> dial_in_line(
    AddressPlaces& places, std::vector<IpEndpoint> endpoints, Steady::duration limit
) {
    InLine seen;
    seen.order.places = &places;
    const auto begun = Steady::now();
    const auto last = endpoints.back().address;
    {
        auto dialled = co_await dial(std::move(endpoints), begun + limit, &seen.order);
        seen.took = Steady::now() - begun;
        seen.taken = places.taken(last);
        if (dialled) {
            seen.remote = to_string(dialled->remote);
        } else {
            seen.code = dialled.error().code;
        }
    }
    seen.left = places.taken(last);
    co_return seen;
}

TEST(Connector, AConnectionHasItsPlaceAsLongAsItIsThere) {
    AddressPlaces places{2};

    const auto seen = run_coroutine([&](LoopExecutor home) -> awaitable<InLine> {
        const Listener listener{home};
        const std::vector endpoints{closed_port(home), listener.endpoint()};
        co_return co_await dial_in_line(places, endpoints, patience);
    });

    EXPECT_EQ(seen.code, failure_code::none);
    EXPECT_EQ(seen.taken, 1U) << "what failed has given its own back";
    EXPECT_EQ(seen.left, 0U);
    EXPECT_EQ(seen.order.waited, 0s);
}

TEST(Connector, WithoutAPlaceItIsPutOff) {
    AddressPlaces places{1};

    const auto seen = run_coroutine([&](LoopExecutor home) -> awaitable<InLine> {
        const Listener listener{home};
        const TakenPlace taken{home, places, listener.endpoint().address};
        const std::vector endpoints{listener.endpoint()};
        co_return co_await dial_in_line(places, endpoints, 100ms);
    });

    EXPECT_EQ(seen.code, failure_code::queue_full);
    EXPECT_TRUE(seen.order.in_vain);
    EXPECT_GE(seen.took, place_patience) << "whatever the time for connecting";
    EXPECT_GE(seen.order.waited, place_patience);
    EXPECT_EQ(places.waiting(), 0U);
}

TEST(Connector, TimeInLineIsAddedToTheDeadline) {
    AddressPlaces places{1};

    const auto seen = run_coroutine([&](LoopExecutor home) -> awaitable<InLine> {
        const Listener listener{home};
        std::optional<TakenPlace> taken{std::in_place, home, places, listener.endpoint().address};
        boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>
            timer{home, 300ms};
        timer.async_wait([&taken](const boost::system::error_code&) { taken.reset(); });
        const std::vector endpoints{listener.endpoint()};
        co_return co_await dial_in_line(places, endpoints, 100ms);
    });

    EXPECT_EQ(seen.code, failure_code::none);
    EXPECT_FALSE(seen.order.in_vain);
    EXPECT_GE(seen.order.waited, 250ms);
    EXPECT_LT(seen.order.waited, place_patience);
}

TEST(Connector, AnAddressWithoutAPlaceLetsTheNextOneGoFirst) {
    AddressPlaces places{1};

    const auto seen = run_coroutine([&](LoopExecutor home) -> awaitable<InLine> {
        const Listener full{home};
        const Listener other{home, 16, {127, 0, 0, 2}};
        const TakenPlace taken{home, places, full.endpoint().address};
        const std::vector endpoints{full.endpoint(), other.endpoint()};
        co_return co_await dial_in_line(places, endpoints, patience);
    });

    EXPECT_EQ(seen.code, failure_code::none);
    EXPECT_EQ(seen.remote.find("127.0.0.2:"), 0U) << seen.remote;
    EXPECT_EQ(seen.order.waited, 0s);
    EXPECT_LT(seen.took, dial_stagger);
    EXPECT_EQ(places.waiting(), 0U) << "it does not wait for the other one any more";
}

TEST(Connector, APlaceThatComesFreeMeanwhileIsUsed) {
    AddressPlaces places{1};

    const auto seen = run_coroutine([&](LoopExecutor home) -> awaitable<InLine> {
        const BlackHole hole{home};
        const Listener other{home, 16, {127, 0, 0, 2}};
        std::optional<TakenPlace> taken{std::in_place, home, places, other.endpoint().address};
        boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>
            timer{home, 400ms};
        timer.async_wait([&taken](const boost::system::error_code&) { taken.reset(); });
        const std::vector endpoints{hole.endpoint(), other.endpoint()};
        co_return co_await dial_in_line(places, endpoints, patience);
    });

    EXPECT_EQ(seen.code, failure_code::none);
    EXPECT_EQ(seen.remote.find("127.0.0.2:"), 0U) << seen.remote;
    EXPECT_EQ(seen.order.waited, 0s) << "something was being dialled all the time";
    EXPECT_GE(seen.took, 400ms);
    EXPECT_LT(seen.took, patience);
}

TEST(Connector, EveryErrorHasItsCode) {
    const auto code = [](int error) {
        return connect_failure({error, boost::system::system_category()});
    };

    EXPECT_EQ(code(ECONNREFUSED), failure_code::connect_refused);
    EXPECT_EQ(code(ECONNRESET), failure_code::connect_reset);
    EXPECT_EQ(code(EPIPE), failure_code::connect_reset);
    EXPECT_EQ(code(ETIMEDOUT), failure_code::connect_timeout);
    EXPECT_EQ(code(EHOSTUNREACH), failure_code::connect_unreachable);
    EXPECT_EQ(code(ENETUNREACH), failure_code::connect_unreachable);
    EXPECT_EQ(code(EADDRNOTAVAIL), failure_code::connect_unreachable);
    EXPECT_EQ(code(EACCES), failure_code::connect_unreachable);
    EXPECT_EQ(code(EMFILE), failure_code::queue_full);
    EXPECT_EQ(code(ENFILE), failure_code::queue_full);
    EXPECT_EQ(code(ENOMEM), failure_code::queue_full);
}

}  // namespace
}  // namespace fanfetch
