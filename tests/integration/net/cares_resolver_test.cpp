#include "net/cares_resolver.hpp"

#include "coro/event_loop.hpp"
#include "coro/spawn.hpp"
#include "coro/with_timeout.hpp"
#include "future/errors.hpp"
#include "future/promise.hpp"
#include "integration/net/connect_log.hpp"
#include "support/dns_stub.hpp"
#include "support/patience.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::DnsMessage;
using testing::DnsQuestion;
using testing::DnsStub;
using testing::patience;
using testing::run_coroutine;

using Texts = std::vector<std::string>;

/// So much time that nothing is asked twice and nobody gives up, however crowded the machine is:
/// for the tests that are about something else.
constexpr std::chrono::milliseconds ample = 2 * patience;

std::unique_ptr<Resolver> resolver_for(
    LoopExecutor home, const DnsStub& stub, CaresOptions options = {.timeout = ample}
) {
    options.servers = {stub.server()};
    return make_cares_resolver(home, options).value();
}

Steady::time_point soon() {
    return Steady::now() + ample;
}

Texts shown(const Expected<Answer>& answer) {
    Texts texts;
    if (answer) {
        std::ranges::transform(
            answer->addresses, std::back_inserter(texts),
            [](const IpAddress& address) { return to_string(address); }
        );
        std::ranges::sort(texts);
    }
    return texts;
}

failure_code code_of(const Expected<Answer>& answer) {
    return answer ? failure_code::none : answer.error().code;
}

/// Asks once, of a stub that `prepare` has scripted.
template <class Prepare>
Expected<Answer> ask_once(
    std::string name, Prepare prepare, CaresOptions options = {.timeout = ample}
) {
    return run_coroutine([&](LoopExecutor home) -> awaitable<Expected<Answer>> {
        DnsStub stub{home};
        prepare(stub);
        const auto resolver = resolver_for(home, stub, options);
        co_return co_await resolver->resolve(name, soon(), "t");
    });
}

TEST(CaresResolver, GivesBothKindsOfAddresses) {
    const auto answer = ask_once("both.test", [](DnsStub& stub) {
        stub.answer("both.test", {"192.0.2.1", "192.0.2.2", "2001:db8::1"});
    });

    EXPECT_EQ(shown(answer), (Texts{"192.0.2.1", "192.0.2.2", "2001:db8::1"}));
}

TEST(CaresResolver, Ups16NoSuchNameAndNoAddress) {
    EXPECT_EQ(code_of(ask_once("none.test", [](DnsStub&) {})), failure_code::dns_nxdomain);
    EXPECT_EQ(
        code_of(ask_once("empty.test", [](DnsStub& stub) { stub.answer("empty.test", {}); })),
        failure_code::dns_nxdomain
    );
}

TEST(CaresResolver, Ups16ABrokenServerIsAFailure) {
    for (const auto code : {DnsMessage::code::server_failure, DnsMessage::code::refused}) {
        const auto answer =
            ask_once("broken.test", [code](DnsStub& stub) { stub.fail("broken.test", code); });
        EXPECT_EQ(code_of(answer), failure_code::dns_failure);
    }
}

TEST(CaresResolver, Ups16SilenceEndsAtTheTimeout) {
    const auto begun = Steady::now();

    const auto answer = ask_once(
        "silent.test", [](DnsStub& stub) { stub.silence("silent.test"); }, {.timeout = 300ms}
    );

    EXPECT_EQ(code_of(answer), failure_code::dns_timeout);
    EXPECT_LT(Steady::now() - begun, patience);
}

TEST(CaresResolver, Ups16AnAnswerWithAnotherIdOrNameIsNone) {
    const IpAddress forged{V4Bytes{6, 6, 6, 6}};
    const auto other_name = [&](DnsStub& stub) {
        stub.script("forged.test", [&](const DnsQuestion& question) {
            DnsMessage reply{"other.test", question.type};
            reply.address("other.test", forged, 60s);
            return std::optional{reply};
        });
    };
    const auto other_id = [&](DnsStub& stub) {
        stub.script("forged.test", [&](const DnsQuestion& question) {
            DnsMessage reply{question.name, question.type};
            reply.id(static_cast<std::uint16_t>(question.id ^ 0x0101U))
                .address(question.name, forged, 60s);
            return std::optional{reply};
        });
    };

    EXPECT_FALSE(ask_once("forged.test", other_name, {.timeout = 300ms}));
    EXPECT_FALSE(ask_once("forged.test", other_id, {.timeout = 300ms}));
}

TEST(CaresResolver, Ups16ATruncatedAnswerIsFetchedOverTcp) {
    Texts many;
    for (int i = 0; i < 100; ++i) {
        many.push_back("192.0.2." + std::to_string(i));
    }

    const auto answer =
        ask_once("large.test", [&](DnsStub& stub) { stub.truncate("large.test", many); });

    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->addresses.size(), 100U);
}

TEST(CaresResolver, OneKindOfAddressIsNotHeldUpByTheOther) {
    const auto begun = Steady::now();

    const auto answer = ask_once("half.test", [](DnsStub& stub) {
        stub.script("half.test", [](const DnsQuestion& question) -> std::optional<DnsMessage> {
            if (question.type == record_type::aaaa) {
                return std::nullopt;
            }
            return DnsMessage{question.name, question.type}.address(
                question.name, IpAddress{V4Bytes{192, 0, 2, 1}}, 60s
            );
        });
    });

    EXPECT_EQ(shown(answer), Texts{"192.0.2.1"});
    EXPECT_LT(Steady::now() - begun, patience) << "the other would take nearly twice that";
}

TEST(CaresResolver, Ssrf20AliasesAreFollowedAndLoopsEnd) {
    const auto chain = ask_once("alias.test", [](DnsStub& stub) {
        stub.script("alias.test", [](const DnsQuestion& question) {
            DnsMessage reply{question.name, question.type};
            std::string name = "alias.test";
            for (int i = 0; i < 20; ++i) {
                const std::string next = "a" + std::to_string(i) + ".test";
                reply.alias(name, next, 60s);
                name = next;
            }
            if (question.type == record_type::a) {
                reply.address(name, IpAddress{V4Bytes{192, 0, 2, 9}}, 60s);
            }
            return std::optional{reply};
        });
    });
    const auto loop = ask_once("loop.test", [](DnsStub& stub) {
        stub.script("loop.test", [](const DnsQuestion& question) {
            return std::optional{DnsMessage{question.name, question.type}
                                     .alias("loop.test", "pool.test", 60s)
                                     .alias("pool.test", "loop.test", 60s)};
        });
    });

    EXPECT_EQ(shown(chain), Texts{"192.0.2.9"});
    EXPECT_FALSE(loop);
}

TEST(CaresResolver, M01SlowNamesAreWaitedForTogether) {
    constexpr int names = 64;
    constexpr std::chrono::milliseconds timeout{400};
    const auto begun = Steady::now();

    const int timeouts = run_coroutine([&](LoopExecutor home) -> awaitable<int> {
        DnsStub stub{home};
        const auto resolver = resolver_for(home, stub, {.timeout = timeout});
        std::vector<Task<Expected<Answer>>> tasks;
        for (int i = 0; i < names; ++i) {
            const std::string name = "slow" + std::to_string(i) + ".test";
            stub.silence(name);
            tasks.push_back(spawn(home, resolver->resolve(name, soon(), "t")));
        }
        int late = 0;
        for (const auto& task : tasks) {
            const auto answer = co_await task.join();
            late += code_of(answer) == failure_code::dns_timeout ? 1 : 0;
        }
        co_return late;
    });

    EXPECT_EQ(timeouts, names);
    EXPECT_LT(Steady::now() - begun, names * timeout / 2) << "not one after the other";
}

TEST(CaresResolver, M01WhoeverWaitsMayLetGo) {
    struct Seen {
        bool cancelled = false;
        Texts other;
        std::size_t questions = 0;
    };

    const auto seen = run_coroutine([&](LoopExecutor home) -> awaitable<Seen> {
        DnsStub stub{home};
        stub.silence("late.test");
        const auto resolver = resolver_for(home, stub);
        auto body = [&] { return resolver->resolve("late.test", soon(), "t"); };
        auto other = spawn(home, resolver->resolve("late.test", soon(), "u"));
        Seen result;
        try {
            co_await with_timeout(50ms, body);
        } catch (const TimeoutError&) {
            result.cancelled = true;
        }
        stub.break_silence("late.test", {"192.0.2.1"});
        const auto answer = co_await other.join();
        result.other = shown(answer);
        result.questions = stub.times_asked("late.test", record_type::aaaa);
        co_return result;
    });

    EXPECT_TRUE(seen.cancelled);
    EXPECT_EQ(seen.other, Texts{"192.0.2.1"}) << "the other's question went on";
    EXPECT_EQ(seen.questions, 1U);
}

TEST(CaresResolver, ALostQuestionIsAskedAgain) {
    int asked = 0;
    const auto first_is_lost = [&asked](const DnsQuestion& question) -> std::optional<DnsMessage> {
        if (question.type == record_type::a && ++asked == 1) {
            return std::nullopt;
        }
        DnsMessage reply{question.name, question.type};
        if (question.type == record_type::a) {
            reply.address(question.name, IpAddress{V4Bytes{192, 0, 2, 1}}, 60s);
        }
        return reply;
    };

    const auto answer = ask_once(
        "lossy.test", [&](DnsStub& stub) { stub.script("lossy.test", first_is_lost); },
        {.timeout = 5s}
    );

    EXPECT_EQ(shown(answer), Texts{"192.0.2.1"});
    EXPECT_EQ(asked, 2);
}

TEST(CaresResolver, ANameIsAskedForOnceHoweverManyWait) {
    const auto questions = run_coroutine([&](LoopExecutor home) -> awaitable<std::size_t> {
        DnsStub stub{home};
        stub.answer("busy.test", {"192.0.2.1"});
        const auto resolver = resolver_for(home, stub);
        std::vector<Task<Expected<Answer>>> tasks;
        for (int i = 0; i < 50; ++i) {
            tasks.push_back(spawn(home, resolver->resolve("busy.test", soon(), "t")));
        }
        for (const auto& task : tasks) {
            const auto answer = co_await task.join();
            EXPECT_EQ(shown(answer), Texts{"192.0.2.1"});
        }
        const auto again = co_await resolver->resolve("busy.test.", soon(), "t");
        EXPECT_TRUE(again);
        co_return stub.asked().size();
    });

    EXPECT_EQ(questions, 2U) << "A and AAAA, once each";
}

TEST(CaresResolver, Ups16ATenantsSlowNamesAreItsOwnTrouble) {
    struct Seen {
        failure_code flooder = failure_code::none;
        Texts neighbour;
        std::size_t questions = 0;
    };

    const auto seen = run_coroutine([&](LoopExecutor home) -> awaitable<Seen> {
        DnsStub stub{home};
        stub.silence("slow1.test");
        stub.silence("slow2.test");
        stub.answer("good.test", {"192.0.2.1"});
        const auto resolver = resolver_for(home, stub, {.timeout = ample, .tenant_slots = 2});
        auto first = spawn(home, resolver->resolve("slow1.test", soon(), "flooder"));
        auto second = spawn(home, resolver->resolve("slow2.test", soon(), "flooder"));
        auto third = spawn(home, resolver->resolve("more.test", Steady::now() + 100ms, "flooder"));
        Seen result;
        const auto good = co_await resolver->resolve("good.test", soon(), "neighbour");
        result.neighbour = shown(good);
        const auto refused = co_await third.join();
        result.flooder = code_of(refused);
        result.questions = stub.times_asked("more.test", record_type::a);
        first.cancel();
        second.cancel();
        co_return result;
    });

    EXPECT_EQ(seen.neighbour, Texts{"192.0.2.1"});
    EXPECT_EQ(seen.flooder, failure_code::dns_timeout);
    EXPECT_EQ(seen.questions, 0U);
}

TEST(CaresResolver, M01TenThousandNamesResolveSideBySide) {
    constexpr std::size_t names = 10'000;
    constexpr auto each = 50ms;
    struct Seen {
        std::size_t good = 0;
        Steady::duration took{};
    };
    EventLoop elsewhere{"names"};  // on a thread of its own, as name servers are
    std::optional<DnsStub> stub{elsewhere.executor()};
    stub->answer_others({"192.0.2.1"});
    stub->delay(each);
    CaresOptions options{.servers = {stub->server()}, .timeout = 20s};
    elsewhere.start();

    const auto seen = run_coroutine([&](LoopExecutor home) -> awaitable<Seen> {
        const auto resolver = make_cares_resolver(home, options).value();
        const auto begun = Steady::now();
        std::vector<Task<Expected<Answer>>> tasks;
        for (std::size_t i = 0; i < names; ++i) {
            const std::string name = "n" + std::to_string(i) + ".test";
            tasks.push_back(spawn(home, resolver->resolve(name, soon(), "t")));
        }
        Seen result;
        for (auto& task : tasks) {
            const auto answer = co_await task.join();
            result.good += answer ? 1U : 0U;
        }
        result.took = Steady::now() - begun;
        co_return result;
    });
    Promise<std::size_t> counted;
    elsewhere.post([&] {
        const auto questions = stub->asked().size();
        stub.reset();
        counted.set_result(questions);
    });
    const auto questions = counted.get_future().result();
    elsewhere.stop();
    elsewhere.join();

    EXPECT_EQ(seen.good, names);
    EXPECT_LT(questions, 3 * names) << "A and AAAA of each, few of them twice";
    const auto seconds = std::chrono::duration<double>(seen.took).count();
    RecordProperty("seconds", std::to_string(seconds));
    EXPECT_LT(seconds, 25) << "one after the other it would be 500 s";
}

TEST(CaresResolver, AFreedSlotGoesToTheNextInLine) {
    const auto answers = run_coroutine([&](LoopExecutor home) -> awaitable<int> {
        DnsStub stub{home};
        const auto resolver = resolver_for(home, stub, {.timeout = ample, .tenant_slots = 1});
        std::vector<Task<Expected<Answer>>> tasks;
        for (int i = 0; i < 10; ++i) {
            const std::string name = "n" + std::to_string(i) + ".test";
            stub.answer(name, {"192.0.2.1"});
            tasks.push_back(spawn(home, resolver->resolve(name, soon(), "t")));
        }
        tasks[3].cancel();  // in the middle of the line
        int good = 0;
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            if (i != 3) {
                const auto answer = co_await tasks[i].join();
                good += answer ? 1 : 0;
            }
        }
        co_return good;
    });

    EXPECT_EQ(answers, 9);
}

TEST(CaresResolver, Ssrf04M17NamesAreAbsoluteWhateverTheEnvironmentSays) {
    const std::string aliases = ::testing::TempDir() + "host_aliases_" + std::to_string(::getpid());
    FILE* file = std::fopen(aliases.c_str(), "w");
    ASSERT_NE(file, nullptr);
    std::fputs("intranet.test evil.test\nintranet evil.test\n", file);
    std::fclose(file);
    ::setenv("LOCALDOMAIN", "search.test other.test", 1);
    ::setenv("RES_OPTIONS", "ndots:5 timeout:60 attempts:9 rotate", 1);
    ::setenv("HOSTALIASES", aliases.c_str(), 1);

    const auto asked = run_coroutine([&](LoopExecutor home) -> awaitable<std::vector<DnsQuestion>> {
        DnsStub stub{home};
        const auto resolver = resolver_for(home, stub);
        for (const char* name : {"intranet.test", "intranet", "localhost.example.test"}) {
            co_await resolver->resolve(name, soon(), "t");
        }
        co_return stub.asked();
    });
    ::unsetenv("LOCALDOMAIN");
    ::unsetenv("RES_OPTIONS");
    ::unsetenv("HOSTALIASES");

    EXPECT_GE(asked.size(), 6U) << "three names, A and AAAA";
    for (const DnsQuestion& question : asked) {
        EXPECT_TRUE(
            question.name == "intranet.test" || question.name == "intranet" ||
            question.name == "localhost.example.test"
        ) << question.name;
    }
}

TEST(CaresResolver, M17NoAnswerIsEverConnectedTo) {
    struct Seen {
        std::string server;
        Texts connected;
    };

    const auto seen = run_coroutine([&](LoopExecutor home) -> awaitable<Seen> {
        DnsStub stub{home};
        stub.answer("many.test", {"10.0.0.1", "192.0.2.1", "8.8.8.8", "fd00::1", "2001:db8::1"});
        const auto resolver = resolver_for(home, stub);
        testing::begin_connect_log();
        co_await resolver->resolve("many.test", soon(), "t");
        co_return Seen{stub.server(), testing::connect_log()};
    });

    EXPECT_FALSE(seen.connected.empty());
    for (const std::string& endpoint : seen.connected) {
        EXPECT_EQ(endpoint, seen.server) << "sorting would connect a socket to every answer";
    }
}

TEST(CaresResolver, Ssrf07AnswersAreAskedForAgainAfterTheirTimeToLive) {
    const auto answers = run_coroutine([&](LoopExecutor home) -> awaitable<std::vector<Texts>> {
        DnsStub stub{home};
        int round = 0;
        stub.script("rebind.test", [&round](const DnsQuestion& question) {
            DnsMessage reply{question.name, question.type};
            if (question.type == record_type::a) {
                const auto last = static_cast<std::uint8_t>(++round);
                reply.address(question.name, IpAddress{V4Bytes{192, 0, 2, last}}, 0s);
            }
            return std::optional{reply};
        });
        const auto resolver = resolver_for(home, stub, {.timeout = ample, .cached_names = 0});
        std::vector<Texts> seen;
        for (int i = 0; i < 2; ++i) {
            const auto answer = co_await resolver->resolve("rebind.test", soon(), "t");
            seen.push_back(shown(answer));
        }
        co_return seen;
    });

    EXPECT_EQ(answers, (std::vector<Texts>{{"192.0.2.1"}, {"192.0.2.2"}}));
}

TEST(CaresResolver, ItMayGoWhileQuestionsAreOpen) {
    const bool cancelled = run_coroutine([&](LoopExecutor home) -> awaitable<bool> {
        DnsStub stub{home};
        stub.silence("open.test");
        auto resolver = resolver_for(home, stub);
        auto body = [&] { return resolver->resolve("open.test", soon(), "t"); };
        bool timed_out = false;
        try {
            co_await with_timeout(50ms, body);
        } catch (const TimeoutError&) {
            timed_out = true;
        }
        resolver.reset();
        co_return timed_out;
    });

    EXPECT_TRUE(cancelled);
}

TEST(CaresResolver, AServerMustBeAnAddress) {
    const auto made = run_coroutine([](LoopExecutor home) -> awaitable<failure_code> {
        const auto resolver = make_cares_resolver(home, {.servers = {"192.0.2.1", "dns.test:53"}});
        co_return resolver ? failure_code::none : resolver.error().code;
    });

    EXPECT_EQ(made, failure_code::request_invalid);
}

TEST(CaresResolver, NamesThatCannotBeAreNotAsked) {
    const auto answer = ask_once(std::string(64, 'a') + ".test", [](DnsStub&) {});

    EXPECT_EQ(code_of(answer), failure_code::dns_nxdomain);
}

}  // namespace
}  // namespace fanfetch
