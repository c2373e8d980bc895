#pragma once

#include "base/time.hpp"
#include "redis/endpoint.hpp"
#include "support/patience.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace fanfetch::testing {

/// A redis-server on a loopback port of its own, without persistence, in a directory that goes with
/// it. It can be killed and started again on the same port.
class RedisServer {
public:
    static constexpr const char* program = "/usr/bin/redis-server";

    explicit RedisServer(std::vector<std::string> settings = {}) : settings_{std::move(settings)} {
        std::string folder = std::filesystem::temp_directory_path() / "redis_XXXXXX";
        if (::mkdtemp(folder.data()) == nullptr) {
            throw std::system_error{errno, std::generic_category(), "mkdtemp"};
        }
        folder_ = folder;
        // Between our asking for a free port and its taking it somebody else may have it.
        for (int attempt = 0; attempt < 10 && child_ == 0; ++attempt) {
            port_ = free_port();
            try_start();
        }
        if (child_ == 0) {
            throw std::runtime_error{"redis-server does not start: " + said_};
        }
    }
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;
    ~RedisServer() {
        kill();
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    [[nodiscard]] redis::Endpoint endpoint() const { return {"127.0.0.1", port_}; }

    /// As a machine that fails: without a word.
    void kill() {
        if (child_ != 0) {
            ::kill(child_, SIGKILL);
            ::waitpid(child_, nullptr, 0);
            ::close(output_);
            child_ = 0;
        }
    }

    void start_again() {
        const auto limit = Steady::now() + patience;
        while (child_ == 0 && Steady::now() < limit) {
            try_start();
        }
        if (child_ == 0) {
            throw std::runtime_error{"redis-server does not start again: " + said_};
        }
    }

private:
    void try_start() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            throw std::system_error{errno, std::generic_category(), "pipe2"};
        }
        output_ = ends[0];
        std::vector<std::string> words{
            program,      "--port",       std::to_string(port_),
            "--bind",     "127.0.0.1",    "--save",
            "",           "--appendonly", "no",
            "--dir",      folder_,        "--daemonize",
            "no",         "--databases",  "1",
            "--loglevel", "notice",
        };
        words.insert(words.end(), settings_.begin(), settings_.end());
        std::vector<char*> raw;
        std::ranges::transform(words, std::back_inserter(raw), [](auto& word) {
            return word.data();
        });
        raw.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
        const int error = ::posix_spawn(&child_, program, &actions, nullptr, raw.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        if (error != 0) {
            throw std::system_error{error, std::generic_category(), program};
        }
        if (!says("Ready to accept connections")) {
            kill();
        }
    }

    /// Waits until it has said `words`; false when it ended instead.
    [[nodiscard]] bool says(const std::string& words) {
        said_.clear();
        const auto limit = Steady::now() + patience;
        while (said_.find(words) == std::string::npos) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - Steady::now());
            pollfd readable{.fd = output_, .events = POLLIN, .revents = 0};
            if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) != 1) {
                return false;
            }
            std::array<char, 4096> bytes;
            const auto size = ::read(output_, bytes.data(), bytes.size());
            if (size <= 0) {
                return false;
            }
            said_.append(bytes.data(), static_cast<std::size_t>(size));
        }
        return true;
    }

    static std::uint16_t free_port() {
        boost::asio::io_context loop;
        const boost::asio::ip::tcp::acceptor listener{
            loop, {boost::asio::ip::address_v4::loopback(), 0}};
        return listener.local_endpoint().port();
    }

    std::vector<std::string> settings_;
    std::string folder_;
    std::string said_;
    std::uint16_t port_ = 0;
    pid_t child_ = 0;
    int output_ = -1;
};

/// Another client of the same server, over a plain blocking socket.
class Publisher {
public:
    explicit Publisher(const redis::Endpoint& server) {
        socket_.connect({boost::asio::ip::address_v4::loopback(), server.port});
    }

    /// Sends a line of words as one types it; the first line of the answer, without its end.
    std::string say(const std::string& line) {
        boost::asio::write(socket_, boost::asio::buffer(line + "\r\n"));
        boost::asio::read_until(socket_, answers_, "\r\n");
        std::istream in{&answers_};
        std::string answer;
        std::getline(in, answer);
        answer.pop_back();
        return answer;
    }

    /// Publishes, and says how many heard it.
    int publish(const std::string& channel, const std::string& payload) {
        return std::stoi(say("PUBLISH " + channel + " " + payload).substr(1));
    }

private:
    boost::asio::io_context loop_;
    boost::asio::ip::tcp::socket socket_{loop_};
    boost::asio::streambuf answers_{64 * 1024};
};

}  // namespace fanfetch::testing
