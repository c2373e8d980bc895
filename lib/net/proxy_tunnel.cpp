#include "net/proxy_tunnel.hpp"

#include "coro/deadline_wheel.hpp"
#include "net/connect_reply.hpp"
#include "net/connector.hpp"
#include "net/wakeup.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <string_view>

namespace fanfetch {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

std::string connect_request(const EgressProxy& proxy, const std::string& target) {
    std::string request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
    if (!proxy.authorization.empty()) {
        request += "Proxy-Authorization: " + proxy.authorization + "\r\n";
    }
    return request += "\r\n";
}

Failure broken(const error_code& error) {
    const bool closed = error == asio::error::eof;
    return failed(
        closed ? failure_code::connect_reset : connect_failure(error),
        "connecting through the egress proxy: " +
            (closed ? std::string{"it closed the connection"} : error.message())
    );
}

/// What has come of the answer: one header after another, until one is final.
class Incoming {
public:
    [[nodiscard]] asio::mutable_buffer room() noexcept { return asio::buffer(bytes_) + size_; }

    /// Whether the tunnel stands; nullopt while there is more to come.
    [[nodiscard]] std::optional<Expected<void>> add(std::size_t came) {
        size_ += came;
        for (;;) {
            const std::string_view rest{bytes_.data() + read_, size_ - read_};
            const auto reply = read_connect_reply(rest);
            if (!reply) {
                return reply.error();
            }
            if (!*reply) {
                return size_ < bytes_.size() ? std::nullopt : std::optional{endless()};
            }
            read_ += (*reply)->size;
            if ((*reply)->status / 100 == 1 && (*reply)->status != switching_protocols) {
                continue;  // interim; all of them share the buffer, which bounds their number
            }
            if ((*reply)->status / 100 != 2) {
                return proxy_refusal((*reply)->status);
            }
            if (read_ < size_) {
                return failed(
                    failure_code::connect_unreachable,
                    "connecting through the egress proxy: more came than its answer"
                );
            }
            return Expected<void>{};
        }
    }

private:
    static constexpr std::uint16_t switching_protocols = 101;

    static Expected<void> endless() {
        return failed(
            failure_code::connect_unreachable,
            "connecting through the egress proxy: its answer has no end"
        );
    }

    std::array<char, longest_connect_reply> bytes_;
    std::size_t size_ = 0;
    std::size_t read_ = 0;
};

}  // namespace

awaitable<Expected<void>> open_tunnel(
    TcpSocket& socket, const EgressProxy& proxy, std::string target, Steady::time_point deadline
) {
    bool too_late = false;
    DeadlineCall on_deadline{[&socket, &too_late]() noexcept {
        too_late = true;
        error_code ignored;  // closing is all that can be done
        socket.close(ignored);
    }};
    deadlines_of(socket.get_executor()).arm(on_deadline, deadline);

    const std::string request = connect_request(proxy, target);
    auto [error, sent] = co_await asio::async_write(socket, asio::buffer(request), no_throw);
    Incoming answer;
    std::optional<Expected<void>> outcome;
    while (!error && !outcome) {
        auto [failure, came] = co_await socket.async_read_some(answer.room(), no_throw);
        error = failure;
        if (!error) {
            outcome = answer.add(came);
        }
    }
    if (error) {
        co_await rethrow_cancellation();
    }
    if (too_late) {
        co_return failed(
            failure_code::connect_timeout, "connecting through the egress proxy: no answer in time"
        );
    }
    if (error) {
        co_return broken(error);
    }
    co_return std::move(*outcome);
}

}  // namespace fanfetch
