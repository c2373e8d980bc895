#include "http/session_shard.hpp"

#include "coro/event_loop.hpp"
#include "future/promise.hpp"
#include "support/patience.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <vector>

namespace fanfetch {
namespace {

namespace asio = boost::asio;

/// A connection whose reads cannot be started: there is no memory for one.
class NoMemoryWire final : public Wire {
public:
    awaitable<IoResult> read_some(asio::mutable_buffer) override {
        auto initiate = [](auto&&) { throw std::bad_alloc{}; };
        const asio::use_awaitable_t<LoopExecutor> token;
        co_await asio::async_initiate<const asio::use_awaitable_t<LoopExecutor>, void()>(
            initiate, token
        );
        co_return IoResult{};
    }
    void
    start_read(asio::mutable_buffer, std::function<void(boost::system::error_code, std::size_t)>)
        override {}
    std::size_t try_write(const WriteBuffers&, boost::system::error_code&) noexcept override {
        return 0;
    }
    awaitable<IoResult> write_some(const WriteBuffers&) override { co_return IoResult{}; }
    void cancel() noexcept override {}
    void shutdown_send() noexcept override {}
    void close() noexcept override {}
    void abort() noexcept override {}
};

TEST(SessionShard, Crs12ASessionThatIsLostGivesItsPlaceBackAndHoldsUpNoEnd) {
    EventLoop loop;
    loop.start();
    const HttpHandler handler = [](HttpRequest&) -> awaitable<HttpReply> { co_return HttpReply{}; };
    const ServerOptions options;
    Promise<void> quiet;
    std::vector<session_kind> given_back;
    const SessionPlace::GiveBack give_back = [&](session_kind kind) { given_back.push_back(kind); };
    SessionShard shard{loop.executor(), options, handler, [&quiet] { quiet.set_result(); }};

    for (const auto kind : {session_kind::regular, session_kind::overflow}) {
        loop.post([&, kind] {
            shard.adopt(std::make_unique<NoMemoryWire>(), "peer", SessionPlace{give_back, kind});
        });
    }
    loop.post([&shard] { shard.stop(); });

    EXPECT_NO_THROW(quiet.get_future().result(testing::patience));
    loop.stop();
    loop.join();
    const std::vector both{session_kind::regular, session_kind::overflow};
    EXPECT_EQ(given_back, both);
}

TEST(SessionShard, Crs12OneThatCannotBeginAfterTheStopGivesItsPlaceBack) {
    EventLoop loop;
    const HttpHandler handler;
    const ServerOptions options;
    int given_back = 0;
    const SessionPlace::GiveBack give_back = [&](session_kind) { ++given_back; };
    SessionShard shard{loop.executor(), options, handler, [] {}};
    shard.stop();

    shard.adopt(
        std::make_unique<NoMemoryWire>(), "peer", SessionPlace{give_back, session_kind::regular}
    );

    EXPECT_EQ(given_back, 1);
}

}  // namespace
}  // namespace fanfetch
