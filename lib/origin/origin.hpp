#pragma once

#include "base/expected.hpp"
#include "coro/loop.hpp"
#include "coro/task_group.hpp"
#include "executor/executor.hpp"
#include "http/server_parser.hpp"
#include "net/connection.hpp"
#include "origin/chance.hpp"
#include "origin/script.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace fanfetch::origin {

struct OriginSettings {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::string directory;  ///< what is served; empty: made-up pages
    std::chrono::milliseconds least_delay{500};
    std::chrono::milliseconds most_delay{500};
    double error_share = 0.25;
    std::uint16_t error_status = 418;
    std::uint64_t seed = 1;
};

/// An origin to try a client against: files or made-up pages at once (/local/…), after a delay
/// (/delay/…), or now and then an error instead (/error/…), and the zoo (/zoo/…).
///
/// Threads  the loop; files are read in `blocking`
class Origin {
public:
    using Endpoint = boost::asio::ip::tcp::endpoint;

    Origin(LoopExecutor loop, Executor& blocking, OriginSettings settings);

    /// Errors  internal, when the address is none or taken
    [[nodiscard]] Expected<Endpoint> open();

    /// Serves until it is cancelled.
    awaitable<void> run();

private:
    struct Request;

    awaitable<void> accept(TaskGroup& group);
    awaitable<void> converse(TcpSocket socket);
    awaitable<std::optional<Request>> next_request(TcpSocket& socket, std::string& unread);
    awaitable<Script> answer(const Request& request);
    awaitable<Script> page(const Request& request, std::string path);
    [[nodiscard]] Script animal(std::string_view path, std::uint64_t asked) const;
    [[nodiscard]] std::uint64_t count(const std::string& target);

    LoopExecutor loop_;
    Executor& blocking_;
    OriginSettings settings_;
    Chance chance_;
    RequestLimits limits_;
    boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, LoopExecutor> acceptor_;
    std::map<std::string, std::uint64_t, std::less<>> asked_;  ///< how often, by target
};

/// What `fanfetch origin --list` prints, and the origin itself at "/".
[[nodiscard]] std::string origin_help();
/// The zoo as a JSON document: [{name, argument, does, ends_as}].
[[nodiscard]] std::string zoo_json();

}  // namespace fanfetch::origin
