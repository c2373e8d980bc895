#include "net/cares_resolver.hpp"

#include "support/patience.hpp"
#include "support/run_coroutine.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <optional>
#include <system_error>

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using boost::asio::ip::udp;
using testing::patience;
using testing::run_coroutine;

using Texts = std::vector<std::string>;

/// A dnsmasq on a loopback port of its own, gone with this object.
class NameServer {
public:
    static constexpr const char* program = "/usr/sbin/dnsmasq";

    NameServer() : port_{free_port()} {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) {
            throw std::system_error{errno, std::generic_category(), "pipe2"};
        }
        output_ = ends[0];
        auto words = arguments();
        std::vector<char*> raw;
        std::ranges::transform(words, std::back_inserter(raw), [](auto& word) {
            return word.data();
        });
        raw.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
        const int error = ::posix_spawn(&child_, program, &actions, nullptr, raw.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        if (error != 0) {
            throw std::system_error{error, std::generic_category(), program};
        }
    }
    NameServer(const NameServer&) = delete;
    NameServer& operator=(const NameServer&) = delete;
    ~NameServer() {
        ::kill(child_, SIGTERM);
        ::waitpid(child_, nullptr, 0);
        ::close(output_);
    }

    /// Waits until it listens; false when it ended instead, as it does when somebody else has taken
    /// its port.
    [[nodiscard]] bool wait_until_started() {
        const auto limit = Steady::now() + patience;
        while (said_.find(": started,") == std::string::npos) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - Steady::now());
            pollfd readable{.fd = output_, .events = POLLIN, .revents = 0};
            if (::poll(&readable, 1, static_cast<int>(std::max(left, 0ms).count())) != 1) {
                return false;
            }
            std::array<char, 1024> space;
            const auto size = ::read(output_, space.data(), space.size());
            if (size <= 0) {
                return false;
            }
            said_.append(space.data(), static_cast<std::size_t>(size));
        }
        return true;
    }

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] const std::string& said() const noexcept { return said_; }

private:
    /// Free in both protocols, for now.
    static std::uint16_t free_port() {
        boost::asio::io_context loop;
        const auto loopback = boost::asio::ip::address_v4::loopback();
        const tcp::acceptor listener{loop, {loopback, 0}};
        const auto port = listener.local_endpoint().port();
        udp::socket socket{loop, udp::v4()};
        boost::system::error_code taken;
        socket.bind({loopback, port}, taken);
        return taken ? free_port() : port;
    }

    [[nodiscard]] Texts arguments() const {
        Texts words{
            program,
            "--keep-in-foreground",
            "--log-facility=-",
            "--no-resolv",
            "--no-hosts",
            "--conf-file=/dev/null",
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
        if (::geteuid() == 0) {
            words.emplace_back("--user=root");
        }
        return words;
    }

    std::uint16_t port_;
    pid_t child_ = 0;
    int output_ = -1;
    std::string said_;
};

/// The resolver against a name server that other people wrote.
class Dnsmasq : public ::testing::Test {
protected:
    void SetUp() override {
        if (::access(NameServer::program, X_OK) != 0) {
            GTEST_SKIP() << NameServer::program << " is not installed";
        }
        constexpr int tries = 20;  // its port may be taken between our choice and its start
        bool started = false;
        for (int i = 0; i < tries && !started; ++i) {
            started = server_.emplace().wait_until_started();
        }
        ASSERT_TRUE(started) << server_->said();
    }

    Expected<Answer> ask(const std::string& name) {
        return run_coroutine([&](LoopExecutor home) -> awaitable<Expected<Answer>> {
            CaresOptions options{.timeout = patience};
            options.servers = {server_->address()};
            const auto resolver = make_cares_resolver(home, options).value();
            co_return co_await resolver->resolve(name, Steady::now() + patience, "t");
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
    std::optional<NameServer> server_;
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
