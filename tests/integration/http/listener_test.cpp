#include "http/listener.hpp"

#include "coro/event_loop.hpp"
#include "future/promise.hpp"
#include "raw_client.hpp"
#include "support/patience.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include <new>

namespace fanfetch::testing {
namespace {

namespace asio = boost::asio;

TEST(Listener, Crs12AConnectionThatCannotBeTakenIsClosedAndTheNextIsTaken) {
    EventLoop loop;
    int taken = 0;
    Promise<void> second;
    Promise<void> over;
    const Listener::Events events{
        .next_loop = [&loop] { return loop.executor(); },
        .accepted =
            [&](const TcpSocket&, const Listener::Endpoint&, session_kind) {
                if (++taken == 1) {
                    throw std::bad_alloc{};
                }
                second.set_result();
            },
        .exhausted = [] {}};
    Listener listener{loop.executor(), events};
    const auto address = listener.open({asio::ip::address_v4::loopback(), 0});
    ASSERT_TRUE(address);
    asio::co_spawn(loop.executor(), listener.run(), [&over](const std::exception_ptr& error) {
        EXPECT_FALSE(error);
        over.set_result();
    });
    loop.start();

    RawClient refused{address->port()};
    EXPECT_EQ(refused.read_all(), "");
    EXPECT_FALSE(refused.timed_out());
    RawClient welcome{address->port()};
    EXPECT_NO_THROW(second.get_future().result(patience));

    loop.post([&listener] { listener.close(); });
    over.get_future().result(patience);
    loop.stop();
    loop.join();
}

}  // namespace
}  // namespace fanfetch::testing
