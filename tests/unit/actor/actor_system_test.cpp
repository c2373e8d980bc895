#include "actor/actor_system.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

struct Relay {
    Address reply_to;
    std::string prefix;
};

struct World : Actor<Relay> {
    void receive(Relay m, Address) override { send(m.reply_to, m.prefix + " world!"); }
};

struct Hello : Actor<std::string> {
    void receive(std::string m, Address from) override {
        if (m == "are you there?") {
            send(create<World>(), Relay{from, "Hello,"});
        }
    }
};

TEST(ActorSystem, Act06TheReplyMayComeFromSomebodyElse) {
    ActorSystem sys;

    EXPECT_EQ(
        sys.ask<std::string>(sys.create<Hello>(), "are you there?", 1500ms).result(),
        "Hello, world!"
    );
}

}  // namespace
}  // namespace fanfetch
