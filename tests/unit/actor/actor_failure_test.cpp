// What goes wrong in actors: handlers and constructors that throw, exits, and the family's part.

#include "actor/actor.hpp"
#include "actor/actor_system.hpp"
#include "notes.hpp"
#include "support/patience.hpp"
#include "unit/future/logged_errors.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::eventually;
using testing::Lines;
using testing::LoggedErrors;
using testing::Notes;
using testing::patience;

struct Refused {
    std::string text;
};

/// Of a type that is handled once, whatever happens.
struct Counted {
    static constexpr bool retried = false;
    std::string text;
};

/// Fails the given number of times, then answers with the number of tries.
struct Failing : Actor<Refused, Counted, int> {
    explicit Failing(int failures) : failures_{failures} {}
    void receive(Refused, Address from) override { answer(from); }
    void receive(Counted, Address from) override { answer(from); }
    void receive(int, Address from) override { send(from, tries_); }
    void answer(const Address& from) {
        ++tries_;
        if (failures_-- > 0) {
            throw std::runtime_error{"try " + std::to_string(tries_)};
        }
        send(from, tries_);
    }
    int failures_;
    int tries_ = 0;
};

TEST(Actor, Act08AHandlerThatThrowsIsTriedOnceMoreWithTheSameMessage) {
    ActorSystem system;

    EXPECT_EQ(system.ask<int>(system.create<Failing>(1), Refused{"again"}).result(patience), 2);
}

TEST(Actor, Act08ASecondThrowIsTheExceptionOfTheAskAndTheActorGoesOn) {
    ActorSystem system;
    const auto failing = system.create<Failing>(2);

    try {
        (void)system.ask<int>(failing, Refused{"no"}).result(patience);
        FAIL() << "the handler failed";
    } catch (const Poison& poison) {
        ASSERT_NE(poison.message.get_if<Refused>(), nullptr);
        EXPECT_EQ(poison.message.get_if<Refused>()->text, "no");
        EXPECT_EQ(poison.details, "std::runtime_error: try 2");
        EXPECT_THROW(std::rethrow_exception(poison.cause), std::runtime_error);
    }

    EXPECT_EQ(system.ask<int>(failing, 0).result(patience), 2) << "the next message is handled";
}

TEST(Actor, Act08ATypeThatIsNotRetriedIsHandledOnce) {
    ActorSystem system;
    const auto failing = system.create<Failing>(1);

    try {
        (void)system.ask<int>(failing, Counted{"once"}).result(patience);
        FAIL() << "the handler failed";
    } catch (const Poison& poison) {
        EXPECT_TRUE(poison.message.empty()) << "it was moved into the handler";
    }

    EXPECT_EQ(system.ask<int>(failing, 0).result(patience), 1);
}

TEST(Actor, Act08PoisonComesBackToAnActorAsAMessage) {
    struct Sender : Actor<std::string, Poison> {
        explicit Sender(Notes& log) : notes{log} {}
        void receive(std::string text, Address) override {
            send(failing = create<Failing>(2), Refused{text});
        }
        void receive(Poison poison, Address from) override {
            notes.add(poison.message.get_if<Refused>()->text + " " + poison.details);
            notes.add(from == failing ? "from it" : "from elsewhere");
        }
        Notes& notes;
        Address failing;
    };
    Notes notes;
    ActorSystem system;

    system.send(system.create<Sender>(std::ref(notes)), "mine");

    EXPECT_EQ(notes.await(2), (Lines{"mine std::runtime_error: try 2", "from it"}));
}

TEST(Actor, Act08AFailureThatNobodyIsToldOfIsLogged) {
    const LoggedErrors logged;
    {
        ActorSystem system;
        system.send(system.create<Failing>(2), Refused{"from outside"});
        struct Deaf : Actor<int> {
            void receive(int, Address) override { send(create<Failing>(2), Refused{"x"}); }
        };
        system.send(system.create<Deaf>(), 1);
    }  // wherever the ends of the actors fall

    const auto lines = logged.all();
    EXPECT_EQ(lines.size(), 2U);
    EXPECT_TRUE(std::ranges::all_of(lines, [](const auto& line) {
        return line.ends_with("std::runtime_error: try 2");
    }));
}

TEST(Actor, Act08AFailureThatComesTooLateForTheAskIsLogged) {
    struct Late : Actor<int> {
        explicit Late(std::shared_future<void> start) : go{start} {}
        void receive(int, Address) override {
            go.wait_for(patience);
            throw std::runtime_error{"late"};
        }
        std::shared_future<void> go;
    };
    const LoggedErrors logged;
    {
        std::promise<void> go;
        ActorSystem system;
        EXPECT_THROW(
            system.ask<int>(system.create<Late>(go.get_future().share()), 1, 1ms).result(),
            TimeoutError
        );
        go.set_value();
    }

    ASSERT_EQ(logged.all().size(), 1U);
    EXPECT_TRUE(logged.all()[0].ends_with("std::runtime_error: late"));
}

TEST(Actor, Act08PoisonThatCannotBeHandledGoesNoFurther) {
    struct Worse : Actor<std::string, Poison> {
        void receive(std::string, Address) override { send(create<Failing>(2), Refused{"x"}); }
        void receive(Poison, Address) override { throw std::logic_error{"worse"}; }
    };
    const LoggedErrors logged;
    {
        ActorSystem system;
        system.send(system.create<Worse>(), "go");
        EXPECT_TRUE(eventually([&] { return !logged.all().empty(); }));
    }

    const auto lines = logged.all();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_NE(lines[0].find("std::logic_error: worse"), std::string::npos);
}

/// Has a child, and says what it hears of it.
struct Parent : Actor<std::string, ChildExited> {
    explicit Parent(Notes& log) : notes{log} {}
    void receive(ChildExited gone, Address) override {
        notes.add(gone.address == child ? "child gone" : "somebody gone");
        if (gone.error) {
            notes.add(describe(gone.error));
        }
    }
    void receive(std::string order, Address from) override = 0;
    Notes& notes;
    Address child;
};

TEST(Actor, Act07AConstructorsFailureIsReportedToTheParent) {
    struct Unborn : Actor<int> {
        Unborn() { throw std::runtime_error{"not today"}; }
        void receive(int, Address) override {}
    };
    struct Mother : Parent {
        using Parent::Parent;
        void receive(std::string, Address) override {
            child = create<Unborn>();
            send(child, 1);
            send(child, 2);
        }
    };
    Notes notes;
    ActorSystem system;

    system.send(system.create<Mother>(std::ref(notes)), "create");

    EXPECT_EQ(notes.await(2), (Lines{"child gone", "std::runtime_error: not today"}));
    EXPECT_TRUE(eventually([&] { return system.dead_letters() == 2; }));
}

TEST(Actor, Act07AConstructorsFailureAtTopLevelIsLogged) {
    struct Unborn : Actor<int> {
        Unborn() { throw std::runtime_error{"not today"}; }
        void receive(int, Address) override {}
    };
    const LoggedErrors logged;
    {
        ActorSystem system;
        system.create<Unborn>();
    }

    ASSERT_EQ(logged.all().size(), 1U);
    EXPECT_TRUE(logged.all()[0].ends_with("std::runtime_error: not today"));
}

TEST(Actor, Act07AConstructorMayUseWhatAnActorCan) {
    struct Echo : Actor<std::string> {
        void receive(std::string text, Address from) override { send(from, text + "!"); }
    };
    struct Eager : Actor<std::string> {
        explicit Eager(Notes& log) : notes{log} { send(create<Echo>(), "born"); }
        void receive(std::string text, Address) override { notes.add(text); }
        Notes& notes;
    };
    Notes notes;
    ActorSystem system;

    system.create<Eager>(std::ref(notes));

    EXPECT_EQ(notes.await(1), Lines{"born!"});
}

/// Hears of its exit, and does not like it.
struct Unwilling : Actor<int, ExitRequest> {
    explicit Unwilling(Notes& log) : notes{log} {}
    ~Unwilling() override { notes.add("gone"); }
    void receive(int number, Address) override { notes.add(std::to_string(number)); }
    void receive(ExitRequest, Address) override {
        notes.add("no");
        throw std::runtime_error{"I stay"};
    }
    Notes& notes;
};

TEST(Actor, Act09AnExitIsDeliveredInItsTurnAndCannotBeRefused) {
    const LoggedErrors logged;
    Notes notes;
    ActorSystem system;
    const auto unwilling = system.create<Unwilling>(std::ref(notes));

    system.send(unwilling, 1);
    system.send(unwilling, ExitRequest{});

    EXPECT_EQ(notes.await(4), (Lines{"1", "no", "no", "gone"})) << "tried twice, as any message";
    EXPECT_TRUE(eventually([&] { return system.actors() == 0; }));
    EXPECT_EQ(system.send(unwilling, 2), delivery::dead_letter);
    EXPECT_EQ(notes.await(4).size(), 4U);
}

/// Makes a child of its own for every level below.
struct Ancestor : Actor<int> {
    Ancestor(Notes& log, int levels, std::vector<Address>& all) : notes{log} {
        all.push_back(self());
        if (levels > 0) {
            create<Ancestor>(std::ref(log), levels - 1, std::ref(all));
        } else {
            notes.add("all there");
        }
    }
    ~Ancestor() override { notes.add("gone"); }
    void receive(int, Address from) override { send(from, 1); }
    Notes& notes;
};

TEST(Actor, Act09AnExitSpreadsToTheChildren) {
    Notes notes;
    std::vector<Address> all;
    ActorSystem system;
    const auto oldest = system.create<Ancestor>(std::ref(notes), 4, std::ref(all));
    ASSERT_EQ(notes.await(1).size(), 1U);

    system.send(oldest, ExitRequest{});

    EXPECT_TRUE(eventually([&] { return system.actors() == 0; }));
    EXPECT_EQ(notes.await(6).size(), 6U);
}

TEST(Actor, Act09AnExitThatIsNotRecursiveLeavesTheChildrenAlone) {
    Notes notes;
    std::vector<Address> all;
    ActorSystem system;
    const auto oldest = system.create<Ancestor>(std::ref(notes), 2, std::ref(all));
    ASSERT_EQ(notes.await(1).size(), 1U);

    system.send(oldest, ExitRequest{.recursive = false});

    EXPECT_TRUE(eventually([&] { return system.actors() == 2; }));
    EXPECT_EQ(system.ask<int>(all[1], 0).result(patience), 1);
    EXPECT_EQ(system.ask<int>(all[2], 0).result(patience), 1);
    system.shutdown();
    EXPECT_EQ(system.actors(), 0U) << "orphans are asked to exit as well";
}

TEST(Actor, Act10TheParentHearsOnceOfEachChild) {
    struct Child : Actor<int> {
        void receive(int, Address) override {}
    };
    struct Mother : Parent {
        using Parent::Parent;
        void receive(std::string, Address) override {
            child = create<Child>();
            send(child, ExitRequest{});
            send(child, ExitRequest{});
        }
    };
    Notes notes;
    {
        ActorSystem system;
        const auto mother = system.create<Mother>(std::ref(notes));
        system.send(mother, "create");
        EXPECT_EQ(notes.await(1), Lines{"child gone"});
    }

    EXPECT_EQ(notes.await(1).size(), 1U);
}

TEST(Actor, Act10AParentMayStartAnother) {
    struct Echo : Actor<int> {
        void receive(int number, Address from) override { send(from, number); }
    };
    struct Restarter : Parent {
        explicit Restarter(Notes& log) : Parent{log} { child = create<Echo>(); }
        void receive(std::string, Address) override { send(child, ExitRequest{}); }
        void receive(ChildExited gone, Address from) override {
            Parent::receive(gone, from);
            child = create<Echo>();
        }
    };
    Notes notes;
    ActorSystem system;
    const auto restarter = system.create<Restarter>(std::ref(notes));

    system.send(restarter, "end it");

    EXPECT_EQ(notes.await(1), Lines{"child gone"});
    EXPECT_TRUE(eventually([&] { return system.actors() == 2; })) << "it has a child again";
}

}  // namespace
}  // namespace fanfetch
