#include "net/cares_resolver.hpp"

#include "support/run_coroutine.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>

#include <gtest/gtest.h>

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include <algorithm>

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::udp;
using testing::run_coroutine;

using Texts = std::vector<std::string>;

/// The resolver against a name server that other people wrote.
class Dnsmasq : public ::testing::Test {
protected:
    void SetUp() override {
        if (::access(program, X_OK) != 0) {
            GTEST_SKIP() << program << " is not installed";
        }
        port_ = free_port();
        Texts arguments{
            program,
            "--keep-in-foreground",
            "--no-resolv",
            "--no-hosts",
            "--conf-file=/dev/null",
            "--user=" + std::string{::geteuid() == 0 ? "root" : ""},
            "--pid-file=",
            "--listen-address=127.0.0.1",
            "--bind-interfaces",
            "--port=" + std::to_string(port_),
            "--host-record=web.test,8.8.8.8,2606:4700::1111",
            "--address=/inside.test/10.1.2.3",
            "--address=/mapped.test/::ffff:127.0.0.1",
            "--host-record=real.test,8.8.8.8,2606:4700::1111",
            "--cname=alias.test,real.test",  // its target has to be a record, not an --address
            "--address=/gone.test/",
            "--local-ttl=30"};
        if (::geteuid() != 0) {
            std::erase_if(arguments, [](const auto& one) { return one.starts_with("--user"); });
        }
        std::vector<char*> raw;
        for (std::string& argument : arguments) {
            raw.push_back(argument.data());
        }
        raw.push_back(nullptr);
        ASSERT_EQ(::posix_spawn(&child_, program, nullptr, nullptr, raw.data(), environ), 0);
        ASSERT_TRUE(taken()) << "dnsmasq does not listen";
    }

    void TearDown() override {
        if (child_ > 0) {
            ::kill(child_, SIGTERM);
            ::waitpid(child_, nullptr, 0);
        }
    }

    /// Waits until somebody has the port. A question before that would be refused, and of the two
    /// questions for a name only one might be. Trying to bind it would take it from dnsmasq.
    [[nodiscard]] bool taken() const {
        const auto limit = Steady::now() + 10s;
        std::array<char, 8> wanted{};
        std::snprintf(wanted.data(), wanted.size(), ":%04X ", unsigned{port_});
        while (Steady::now() < limit) {
            std::ifstream sockets{"/proc/net/udp"};
            const std::string text{std::istreambuf_iterator<char>{sockets}, {}};
            if (text.find(wanted.data()) != std::string::npos) {
                return true;
            }
            std::this_thread::yield();
        }
        return false;
    }

    /// Asks until there is an answer.
    Expected<Answer> ask(const std::string& name) {
        return run_coroutine([&](LoopExecutor home) -> awaitable<Expected<Answer>> {
            const auto limit = Steady::now() + 10s;
            Expected<Answer> answer{Answer{}};
            do {
                CaresOptions options{.timeout = 1s};
                options.servers = {"127.0.0.1:" + std::to_string(port_)};
                const auto resolver = make_cares_resolver(home, options).value();
                answer = co_await resolver->resolve(name, limit, "t");
            } while (!answer && answer.error().code != failure_code::dns_nxdomain &&
                     Steady::now() < limit);
            co_return answer;
        });
    }

    static Texts shown(const Expected<Answer>& answer) {
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

private:
    static constexpr const char* program = "/usr/sbin/dnsmasq";

    static std::uint16_t free_port() {
        boost::asio::io_context loop;
        const udp::socket socket{loop, udp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
        return socket.local_endpoint().port();
    }

    std::uint16_t port_ = 0;
    pid_t child_ = 0;
};

TEST_F(Dnsmasq, AnswersWithBothKindsOfAddresses) {
    EXPECT_EQ(shown(ask("web.test")), (Texts{"2606:4700::1111", "8.8.8.8"}));
}

TEST_F(Dnsmasq, FollowsAnAlias) {
    EXPECT_EQ(shown(ask("alias.test")), (Texts{"2606:4700::1111", "8.8.8.8"}));
}

TEST_F(Dnsmasq, Ssrf05GivesInsideAddressesForTheGateToJudge) {
    EXPECT_EQ(shown(ask("inside.test")), Texts{"10.1.2.3"});
    EXPECT_EQ(shown(ask("mapped.test")), Texts{"::ffff:127.0.0.1"});
}

TEST_F(Dnsmasq, Ups16TellsThatANameDoesNotExist) {
    const auto answer = ask("gone.test");

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, failure_code::dns_nxdomain);
}

}  // namespace
}  // namespace fanfetch
