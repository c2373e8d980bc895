// Three actors and an outsider: Hello begins a greeting, World ends it, Goodbye takes its leave.
//
// The outsider asks Hello. Hello makes a World and hands it the outsider's address together with
// what it has so far, so that the answer comes from somebody the outsider has never heard of. Then
// the outsider asks Goodbye, which fails at first: it is given the same message again. In the end
// everybody is asked to exit, a child by its parent.

#include "actor/actor_system.hpp"

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using fanfetch::Actor;
using fanfetch::Address;

/// A greeting under way, and to whom it goes.
struct Relay {
    Address reply_to;
    std::string prefix;
};

struct World : Actor<Relay> {
    void receive(Relay m, Address) override {
        std::puts("World:    completes the greeting");
        send(m.reply_to, m.prefix + " world!");
    }
};

struct Hello : Actor<std::string> {
    void receive(std::string m, Address from) override {
        if (m == "are you there?") {
            std::puts("Hello:    somebody asks; makes a World and passes it on");
            send(create<World>(), Relay{from, "Hello,"});
        }
    }
};

struct Goodbye : Actor<std::string, fanfetch::ExitRequest> {
    void receive(std::string name, Address from) override {
        if (++tries_ == 1) {
            std::puts("Goodbye:  fails, and is given the message again");
            throw std::runtime_error{"lost for words"};
        }
        send(from, "Goodbye, " + name + "!");
    }
    void receive(fanfetch::ExitRequest, Address) override { std::puts("Goodbye:  cleans up"); }

    int tries_ = 0;
};

}  // namespace

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    fanfetch::ActorSystem sys;

    const auto greeting = sys.ask<std::string>(sys.create<Hello>(), "are you there?", 30s);
    std::printf("Outsider: is told \"%s\"\n", greeting.result().c_str());

    const auto farewell = sys.ask<std::string>(sys.create<Goodbye>(), "world", 30s);
    std::printf("Outsider: is told \"%s\"\n", farewell.result().c_str());

    sys.shutdown();
    std::printf(
        "%zu actors are left, %zu messages reached nobody\n", sys.actors(),
        static_cast<std::size_t>(sys.dead_letters())
    );
}
