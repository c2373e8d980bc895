#include "net/flight_resolver.hpp"

#include "coro/event_loop.hpp"
#include "coro/spawn.hpp"
#include "executor/thread_pool_executor.hpp"
#include "net/system_resolver.hpp"
#include "support/patience.hpp"
#include "support/run_coroutine.hpp"

#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::patience;
using testing::run_coroutine;

/// Says nothing until the test does.
class FakeSource final : public NameSource {
public:
    struct Log {
        std::vector<std::string> asked;
        std::map<std::string, OnAnswer> open;

        void answer(const std::string& name, const char* address, std::chrono::seconds ttl = 60s) {
            auto then = std::move(open.at(name));
            open.erase(name);
            then(Answer{{IpAddress::parse(address).value()}}, ttl);
        }
        void fail(const std::string& name, failure_code code) {
            auto then = std::move(open.at(name));
            open.erase(name);
            then(failed(code, "as scripted"), 0s);
        }
    };

    explicit FakeSource(Log& log) : log_{log} {}
    void ask(std::string name, Steady::time_point, OnAnswer on_answer) override {
        log_.asked.push_back(name);
        log_.open.insert_or_assign(std::move(name), std::move(on_answer));
    }

private:
    Log& log_;
};

Steady::time_point soon() {
    return Steady::now() + patience;
}

TEST(FlightResolver, OneQuestionForAllWhoWait) {
    FakeSource::Log log;
    const bool same = run_coroutine([&](LoopExecutor home) -> awaitable<bool> {
        const auto resolver = make_flight_resolver(home, std::make_unique<FakeSource>(log), {});
        auto first = spawn(home, resolver->resolve("a.test", soon(), "t"));
        auto second = spawn(home, resolver->resolve("a.test.", soon(), "u"));
        auto third = spawn(home, resolver->resolve("b.test", soon(), "t"));
        while (log.open.size() < 2) {
            co_await boost::asio::post(home, no_throw);
        }
        log.answer("a.test", "192.0.2.1");
        log.answer("b.test", "192.0.2.2");
        const auto one = co_await first.join();
        const auto two = co_await second.join();
        const auto other = co_await third.join();
        const auto again = co_await resolver->resolve("a.test", soon(), "v");
        co_return one&& two&& other&& again && one->addresses == two->addresses &&
            again->addresses == one->addresses;
    });

    EXPECT_TRUE(same);
    EXPECT_EQ(log.asked, (std::vector<std::string>{"a.test", "b.test"})) << "absolute, once, kept";
}

TEST(FlightResolver, Ups16WhoWaitsLetsGoAtTheDeadlineAndTheSlotStaysTaken) {
    FakeSource::Log log;
    const auto codes =
        run_coroutine([&](LoopExecutor home) -> awaitable<std::vector<failure_code>> {
            const FlightOptions options{.timeout = 50ms, .tenant_slots = 1};
            const auto resolver =
                make_flight_resolver(home, std::make_unique<FakeSource>(log), options);
            std::vector<failure_code> seen;
            const auto hung = co_await resolver->resolve("hung.test", soon(), "t");
            seen.push_back(hung.error().code);
            const auto queued = co_await resolver->resolve("next.test", soon(), "t");
            seen.push_back(queued.error().code);
            auto neighbour = spawn(home, resolver->resolve("other.test", soon(), "u"));
            while (!log.open.contains("other.test")) {
                co_await boost::asio::post(home, no_throw);
            }
            log.fail("other.test", failure_code::dns_failure);
            const auto other = co_await neighbour.join();
            seen.push_back(other.error().code);
            log.answer("hung.test", "192.0.2.1");
            const auto late = co_await resolver->resolve("hung.test", soon(), "t");
            seen.push_back(late ? failure_code::none : late.error().code);
            co_return seen;
        });

    EXPECT_EQ(
        codes, (std::vector{
                   failure_code::dns_timeout, failure_code::dns_timeout, failure_code::dns_failure,
                   failure_code::none})
    ) << "the late answer is remembered";
    EXPECT_EQ(log.asked, (std::vector<std::string>{"hung.test", "other.test"}));
}

TEST(FlightResolver, AnAnswerThatComesTooLateForTheResolverIsDropped) {
    FakeSource::Log log;
    const auto codes =
        run_coroutine([&](LoopExecutor home) -> awaitable<std::vector<failure_code>> {
            const FlightOptions options{.timeout = 10ms};
            std::vector<failure_code> seen;
            for (int round = 0; round < 2; ++round) {
                {
                    const auto resolver =
                        make_flight_resolver(home, std::make_unique<FakeSource>(log), options);
                    const auto hung = co_await resolver->resolve("hung.test", soon(), "t");
                    seen.push_back(hung ? failure_code::none : hung.error().code);
                }
                log.answer("hung.test", "192.0.2.1");
            }
            co_return seen;
        });

    EXPECT_EQ(codes, (std::vector{failure_code::dns_timeout, failure_code::dns_timeout}))
        << "the next resolver knows nothing of it";
    EXPECT_EQ(log.asked, (std::vector<std::string>{"hung.test", "hung.test"}));
}

TEST(SystemResolver, AsksTheLibraryOnOtherThreads) {
    ThreadPoolExecutor threads{{.max_workers = 2}};
    const auto found = run_coroutine([&](LoopExecutor home) -> awaitable<std::string> {
        const auto resolver = make_system_resolver(home, threads, {.timeout = patience});
        const auto answer = co_await resolver->resolve("192.0.2.7", soon(), "t");
        co_return answer && answer->addresses.size() == 1 ? to_string(answer->addresses.front())
                                                          : answer.error().detail;
    });

    EXPECT_EQ(found, "192.0.2.7") << "an address needs no name server";
}

TEST(SystemResolver, IsGoneBeforeItsThreadsAre) {
    ThreadPoolExecutor threads{{.max_workers = 1}};
    Promise<void> hold;
    auto held = threads.submit([held = hold.get_future()] { held.result(); });
    EventLoop loop;
    auto ask = [&]() -> awaitable<failure_code> {
        const auto resolver = make_system_resolver(loop.executor(), threads, {.timeout = 10ms});
        const auto answer = co_await resolver->resolve("192.0.2.7", soon(), "t");
        co_return answer ? failure_code::none : answer.error().code;
    };
    EXPECT_EQ(loop.run(ask()), failure_code::dns_timeout);
    auto& context = loop.executor().context();
    context.restart();
    context.poll();

    hold.set_result();
    held.result();
    threads.shutdown();

    context.restart();
    EXPECT_EQ(context.poll(), 0U) << "the call that ran afterwards found nobody";
}

}  // namespace
}  // namespace fanfetch
