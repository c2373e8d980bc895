#include "origin/origin.hpp"

#include "coro/run_in_executor.hpp"
#include "coro/sleep.hpp"
#include "http/request_checks.hpp"
#include "http/server_body.hpp"
#include "http/server_target.hpp"
#include "origin/pages.hpp"
#include "origin/player.hpp"
#include "origin/zoo.hpp"
#include "origin/zoo_parts.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace fanfetch::origin {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::uint64_t made_up_bytes = 2048;
/// Beyond so many targets the counting begins anew.
constexpr std::size_t most_targets = 100'000;
/// When there are no descriptors left, or the client was gone before we looked.
constexpr std::chrono::milliseconds accept_pause{50};

/// "/zoo/ok/…" as "zoo" and "/ok/…".
std::pair<std::string_view, std::string_view> first_segment(std::string_view path) {
    path.remove_prefix(path.starts_with('/') ? 1 : 0);
    const auto slash = std::min(path.find('/'), path.size());
    return {path.substr(0, slash), path.substr(slash)};
}

Script not_found() {
    return script_of(
        response("404 Not Found", "Content-Type: text/plain\r\n", "nothing here; see /\n"),
        script_end::keep
    );
}

std::uint64_t wanted_bytes(const QueryParameters& query) {
    for (const auto& [name, value] : query) {
        if (name == "bytes") {
            return number_or(value, made_up_bytes, longest_page);
        }
    }
    return made_up_bytes;
}

}  // namespace

struct Origin::Request {
    std::string target;
    RequestTarget parts;
    bool head = false;
    bool keep_alive = true;
    bool readable = true;
};

Origin::Origin(LoopExecutor loop, Executor& blocking, OriginSettings settings)
    : loop_{loop},
      blocking_{blocking},
      settings_{std::move(settings)},
      chance_{settings_.seed},
      acceptor_{loop} {}

Expected<Origin::Endpoint> Origin::open() {
    error_code error;
    const auto address = asio::ip::make_address(settings_.address, error);
    if (error) {
        return failed(
            failure_code::internal, "listening: " + settings_.address + " is not an address"
        );
    }
    const Endpoint wanted{address, settings_.port};
    if (acceptor_.open(wanted.protocol(), error); !error) {
        acceptor_.set_option(asio::socket_base::reuse_address{true}, error);
    }
    if (!error) {
        acceptor_.bind(wanted, error);
    }
    if (!error) {
        acceptor_.listen(asio::socket_base::max_listen_connections, error);
    }
    const auto bound = error ? Endpoint{} : acceptor_.local_endpoint(error);
    if (error) {
        return failed(failure_code::internal, "listening: " + error.message());
    }
    return bound;
}

awaitable<void> Origin::run() {
    auto body = [this](TaskGroup& group) { return accept(group); };
    co_await with_task_group(body);
}

awaitable<void> Origin::accept(TaskGroup& group) {
    for (;;) {
        auto [error, socket] = co_await acceptor_.async_accept(no_throw);
        if (error) {
            co_await sleep(accept_pause);
            continue;
        }
        error_code ignored;
        socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
        group.spawn(converse(std::move(socket)));
    }
}

awaitable<void> Origin::converse(TcpSocket socket) {
    std::string unread;
    for (;;) {
        const auto request = co_await next_request(socket, unread);
        if (!request) {
            co_return;
        }
        auto script = co_await answer(*request);
        if (!request->keep_alive && script.end == script_end::keep) {
            script.end = script_end::close;
        }
        const bool going_on = co_await play(socket, std::move(script));
        if (!going_on) {
            co_return;
        }
    }
}

/// Reads one request with its body, which nobody wants. None when the client has left.
awaitable<std::optional<Origin::Request>> Origin::next_request(
    TcpSocket& socket, std::string& unread
) {
    std::array<char, 16U << 10U> buffer;
    const auto space = asio::buffer(buffer);
    RequestParser parser{limits_};
    std::optional<BodyReader> body;
    Request request;
    for (;;) {
        if (!parser.done()) {
            const auto used = parser.put(unread);
            if (!used) {
                request.readable = false;
                break;
            }
            unread.erase(0, *used);
        }
        if (parser.done() && !body) {
            const auto framing = judge_framing(parser.head());
            auto parts = parse_request_target(parser.head().target);
            if (!framing || !parts) {
                request.readable = false;
                break;
            }
            request.target = parser.head().target;
            request.parts = *std::move(parts);
            request.head = parser.head().method == http::verb::head;
            request.keep_alive = framing->keep_alive;
            body.emplace(*framing);
            if (framing->expects_continue && framing->has_body()) {
                constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
                co_await asio::async_write(socket, asio::buffer(go_on), no_throw);
            }
        }
        while (body && !body->done() && !unread.empty()) {
            const auto step = body->take(unread);
            if (!step) {
                request.readable = false;
                co_return request;
            }
            unread.erase(0, step->used);
        }
        if (body && body->done()) {
            break;
        }
        const auto [error, size] = co_await socket.async_read_some(space, no_throw);
        if (error) {
            co_return std::nullopt;
        }
        unread.append(buffer.data(), size);
    }
    co_return request;
}

awaitable<Script> Origin::answer(const Request& request) {
    if (!request.readable) {
        co_return script_of(response("400 Bad Request", "Connection: close\r\n", {}));
    }
    const auto asked = count(request.target);
    const auto [area, rest] = first_segment(request.parts.path);
    std::string path{rest};
    if (area == "zoo") {
        co_return animal(path, asked);
    }
    if (area.empty()) {
        const auto help = origin_help();
        co_return script_of(
            response("200 OK", "Content-Type: text/plain\r\n", request.head ? "" : help),
            script_end::keep
        );
    }
    if (area == "local") {
        co_return co_await page(request, std::move(path));
    }
    if (area == "delay") {
        const auto delay =
            chance_.between(settings_.least_delay, settings_.most_delay, request.target, asked);
        co_await sleep(delay);
        co_return co_await page(request, std::move(path));
    }
    if (area == "error") {
        if (chance_.happens(settings_.error_share, request.target, asked)) {
            const auto status = std::to_string(settings_.error_status) + " By Chance";
            co_return script_of(
                response(status, {}, request.head ? "" : "by chance\n"), script_end::keep
            );
        }
        co_return co_await page(request, std::move(path));
    }
    co_return not_found();
}

awaitable<Script> Origin::page(const Request& request, std::string path) {
    Expected<Page> found = failed(failure_code::api_not_found, "");
    if (settings_.directory.empty()) {
        found = made_up_page(path, wanted_bytes(request.parts.query));
    } else {
        auto read = [directory = settings_.directory, path] { return read_page(directory, path); };
        found = co_await run_in_executor(blocking_, std::move(read));
    }
    if (!found) {
        co_return not_found();
    }
    auto text = response("200 OK", "Content-Type: " + found->content_type + "\r\n", found->body);
    if (request.head) {
        text.resize(text.size() - found->body.size());
    }
    co_return script_of(std::move(text), script_end::keep);
}

Script Origin::animal(std::string_view path, std::uint64_t asked) const {
    const auto [name, rest] = first_segment(path);
    const auto* const found = find_animal(name);
    if (found == nullptr) {
        return not_found();
    }
    ZooRequest request;
    request.argument = rest.empty() ? rest : rest.substr(1);
    request.asked = asked;
    return found->answer(request);
}

/// How often this target has been asked for before.
std::uint64_t Origin::count(const std::string& target) {
    if (asked_.size() >= most_targets) {
        asked_.clear();
    }
    return asked_[target]++;
}

}  // namespace fanfetch::origin
