#include "net/address_places.hpp"

#include "coro/event_loop.hpp"
#include "coro/spawn.hpp"
#include "net/connection.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

const IpAddress here{V4Bytes{192, 0, 2, 1}};
const IpAddress there{V4Bytes{192, 0, 2, 2}};

/// A bound with people who want connections; they never wait, a test looks at their wishes.
class AddressPlacesTest : public ::testing::Test {
protected:
    struct Guest {
        Guest(AddressPlaces& places, PlaceClient who, const IpAddress& address)
            : client{std::move(who)}, wish{places, client, address} {}
        PlaceClient client;
        PlaceWish wish;
    };

    explicit AddressPlacesTest(std::size_t each = 1) : places_{each} {}

    std::unique_ptr<Guest> guest(
        std::string tenant, std::string key = "k", const IpAddress& address = here
    ) {
        PlaceClient client{
            loop_.executor(), std::make_shared<Wakeup>(loop_.executor()), std::move(key),
            std::move(tenant), true};
        return std::make_unique<Guest>(places_, std::move(client), address);
    }
    /// A connection that somebody has with the place of `guest`.
    std::unique_ptr<Connection> connect(Guest& guest) {
        auto connection = std::make_unique<Connection>(loop_.executor());
        connection->place = guest.wish.take_place();
        return connection;
    }

    EventLoop loop_{"test"};
    AddressPlaces places_;
};

TEST_F(AddressPlacesTest, EachAddressHasItsOwn) {
    const auto first = guest("t");
    const auto elsewhere = guest("t", "k", there);
    const auto second = guest("t");

    EXPECT_TRUE(first->wish.granted());
    EXPECT_TRUE(elsewhere->wish.granted());
    EXPECT_FALSE(second->wish.granted());
    EXPECT_EQ(places_.taken(here), 1U);
    EXPECT_EQ(places_.waiting(), 1U);
}

TEST_F(AddressPlacesTest, APlaceThatIsGivenBackIsTheNextOnesAtOnce) {
    auto first = guest("t");
    auto connection = connect(*first);
    first.reset();
    const auto second = guest("t");
    const auto third = guest("t");

    connection.reset();

    EXPECT_TRUE(second->wish.granted());
    EXPECT_FALSE(third->wish.granted());
    EXPECT_EQ(places_.taken(here), 1U);
}

TEST_F(AddressPlacesTest, WhoGoesPassesOnWhatHeWasGranted) {
    auto first = guest("t");
    auto second = guest("t");
    auto third = guest("t");

    second.reset();  // never was granted anything
    first.reset();   // was, and did not use it

    EXPECT_TRUE(third->wish.granted());
    third.reset();
    EXPECT_EQ(places_.taken(here), 0U);
    EXPECT_EQ(places_.waiting(), 0U);
}

TEST_F(AddressPlacesTest, TenantsTakeTurns) {
    std::deque<std::unique_ptr<Guest>> line;
    auto last = guest("a");
    for (int i = 0; i < 3; ++i) {
        line.push_back(guest("a", "a" + std::to_string(i)));
    }
    line.push_back(guest("b", "b0"));
    line.push_back(guest("b", "b1"));

    std::string order;
    while (!line.empty()) {
        last.reset();
        const auto next =
            std::ranges::find_if(line, [](const auto& one) { return one->wish.granted(); });
        order += (*next)->client.key + " ";
        last = std::move(*next);
        line.erase(next);
    }

    EXPECT_EQ(order, "a0 b0 a1 b1 a2 ");
}

TEST_F(AddressPlacesTest, NobodyWaitsAndAConnectionIsKept) {
    auto first = guest("t");
    auto connection = connect(*first);
    const auto elsewhere = guest("t", "k", there);
    const auto behind = guest("t", "k", there);

    EXPECT_EQ(AddressPlace::after_use(connection, "k", Steady::now()), place_use::keep);
    EXPECT_NE(connection, nullptr);
    EXPECT_FALSE(connection->place.wanted(loop_.executor(), "k", true, Steady::now()));
}

TEST_F(AddressPlacesTest, AConnectionWithoutAPlaceIsKept) {
    auto connection = std::make_unique<Connection>(loop_.executor());

    EXPECT_EQ(AddressPlace::after_use(connection, "k", Steady::now()), place_use::keep);
    EXPECT_FALSE(connection->place.at(here));
    EXPECT_FALSE(connection->place.wanted(loop_.executor(), "k", true, Steady::now()));
}

TEST_F(AddressPlacesTest, AConnectionPassesToWhoWaitsForTheSame) {
    auto first = guest("t", "mine");
    auto connection = connect(*first);
    const auto* const same = connection.get();
    const auto other = guest("t", "other");
    const auto own = guest("t", "mine");

    EXPECT_EQ(AddressPlace::after_use(connection, "mine", Steady::now()), place_use::passed_on);

    EXPECT_TRUE(own->wish.granted());
    EXPECT_FALSE(other->wish.granted()) << "its turn comes when the slice is over";
    EXPECT_EQ(own->wish.take_connection().get(), same);
    EXPECT_TRUE(other->wish.granted()) << "the connection was closed, and its place given back";
}

TEST_F(AddressPlacesTest, AConnectionThatNobodyTookOverGivesItsPlaceBack) {
    auto first = guest("t", "mine");
    auto connection = connect(*first);
    auto own = guest("t", "mine");
    const auto other = guest("t", "other");
    EXPECT_EQ(AddressPlace::after_use(connection, "mine", Steady::now()), place_use::passed_on);

    own.reset();

    EXPECT_TRUE(other->wish.granted());
    EXPECT_EQ(places_.taken(here), 1U);
}

TEST_F(AddressPlacesTest, WhenItsSliceIsOverAConnectionGivesWay) {
    auto first = guest("t", "mine");
    auto connection = connect(*first);
    const auto other = guest("t", "other");
    const auto own = guest("t", "mine");
    const auto later = Steady::now() + place_slice;

    EXPECT_EQ(AddressPlace::after_use(connection, "mine", later), place_use::give_up);
    EXPECT_TRUE(connection->place.wanted(loop_.executor(), "mine", false, later));
    EXPECT_FALSE(connection->place.wanted(loop_.executor(), "mine", false, Steady::now()));
    EXPECT_TRUE(connection->place.wanted(loop_.executor(), "mine", true, Steady::now()));
    EXPECT_FALSE(connection->place.wanted(loop_.executor(), "other", true, later)) << "its own";
}

TEST_F(AddressPlacesTest, WhoeverIsNextAnywayGetsTheConnectionHoweverOld) {
    auto first = guest("t", "mine");
    auto connection = connect(*first);
    const auto own = guest("t", "mine");
    const auto other = guest("t", "other");

    const auto use = AddressPlace::after_use(connection, "mine", Steady::now() + 1h);

    EXPECT_EQ(use, place_use::passed_on);
}

TEST_F(AddressPlacesTest, AConnectionNeverGoesToAnotherLoop) {
    EventLoop other_loop{"other"};
    auto first = guest("t", "mine");
    auto connection = connect(*first);
    const PlaceClient far{
        other_loop.executor(), std::make_shared<Wakeup>(other_loop.executor()), "mine", "t", true};
    const PlaceWish wish{places_, far, here};

    EXPECT_EQ(AddressPlace::after_use(connection, "mine", Steady::now()), place_use::give_up);
}

TEST_F(AddressPlacesTest, NorToWhoWantsANewOne) {
    auto first = guest("t", "mine");
    auto connection = connect(*first);
    const PlaceClient choosy{
        loop_.executor(), std::make_shared<Wakeup>(loop_.executor()), "mine", "t", false};
    const PlaceWish wish{places_, choosy, here};

    EXPECT_EQ(AddressPlace::after_use(connection, "mine", Steady::now()), place_use::give_up);
}

TEST_F(AddressPlacesTest, WhoKeepsIdleConnectionsIsAskedWhenSomebodyBeginsToWait) {
    auto first = guest("t");
    auto idle = connect(*first);
    std::vector<std::size_t> asked;
    places_.add_holder(loop_.executor(), [&](const IpAddress& address, std::size_t count) {
        EXPECT_EQ(address, here);
        asked.push_back(count);
        idle.reset();
    });
    const auto second = guest("t");
    const auto third = guest("t");

    loop_.run([]() -> awaitable<void> { co_return; }());

    EXPECT_EQ(asked, std::vector<std::size_t>{2}) << "once, for all who wait by then";
    EXPECT_TRUE(second->wish.granted());
    EXPECT_FALSE(third->wish.granted());
}

/// Takes a place, has it for a moment, gives it back; again and again.
awaitable<void> come_and_go(
    LoopExecutor loop, AddressPlaces& places, std::string tenant, int rounds,
    std::atomic<int>& inside, std::atomic<int>& most
) {
    const auto wakeup = std::make_shared<Wakeup>(loop);
    const PlaceClient client{loop, wakeup, tenant, tenant, false};
    for (int round = 0; round < rounds; ++round) {
        PlaceWish wish{places, client, here};
        while (!wish.granted()) {
            co_await wakeup->wait_until(Steady::time_point::max());
        }
        const auto place = wish.take_place();
        const int now = ++inside;
        int seen = most.load();
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        co_await boost::asio::post(loop, boost::asio::use_awaitable_t<LoopExecutor>{});
        --inside;
    }
}

TEST(AddressPlaces, ShardsShareThemAndNobodyIsForgotten) {
    constexpr int each = 3;
    constexpr int loops = 4;
    constexpr int guests = 8;
    constexpr int rounds = 500;
    AddressPlaces places{each};
    std::atomic<int> inside{0};
    std::atomic<int> most{0};

    std::vector<std::jthread> threads;
    for (int number = 0; number < loops; ++number) {
        threads.emplace_back([&, number] {
            EventLoop loop{"shard"};
            auto all = [&]() -> awaitable<void> {
                std::vector<Task<>> tasks;
                for (int guest = 0; guest < guests; ++guest) {
                    auto body = come_and_go(
                        loop.executor(), places, std::to_string((number + guest) % 3), rounds,
                        inside, most
                    );
                    tasks.push_back(spawn(loop.executor(), std::move(body)));
                }
                for (auto& task : tasks) {
                    co_await task.join();
                }
            };
            loop.run(all());
        });
    }
    threads.clear();  // each ends when all of its guests have had their rounds

    EXPECT_LE(most.load(), each);
    EXPECT_GE(most.load(), 1);
    EXPECT_EQ(places.taken(here), 0U);
    EXPECT_EQ(places.waiting(), 0U);
}

}  // namespace
}  // namespace fanfetch
