#pragma once

#include "client/api_answer.hpp"
#include "client/api_request.hpp"
#include "client/body_source.hpp"
#include "coro/event_loop.hpp"
#include "http/response_reader.hpp"
#include "net/connection.hpp"
#include "net/ip_address.hpp"
#include "net/tls_policy.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// How to reach a service, and as whom.
struct ApiAccess {
    ServerAddress server;
    std::string key{};      ///< empty: none is shown
    std::string ca_file{};  ///< of https; empty: the system's certificates
};

/// A connection to the API for a program that does one thing after the other: every call blocks.
/// It is made when it is needed, and kept for the next request when the server allows.
///
/// Names are resolved by the C library, as they stand, without a search list; nothing is judged:
/// the server is whoever the person at the keyboard says. HTTPS is verified. Redirects are not
/// followed, so that a key goes to nobody else.
///
/// Errors   those of dns, connect, tls, http and timeout; each leaves the connection closed, and
///          the next request makes a new one
/// Threads  one, which runs no loop
class ApiConnection {
public:
    explicit ApiConnection(ApiAccess access) : access_{std::move(access)} {}
    ~ApiConnection() = default;
    ApiConnection(const ApiConnection&) = delete;
    ApiConnection& operator=(const ApiConnection&) = delete;

    /// Sends a request and reads the head of its answer; `read` has the body. The body of an
    /// upload comes from `body` while it is sent, and is not sent to the end when the server
    /// answers before.
    [[nodiscard]] Expected<ApiAnswer> begin(const ApiRequest& request, BodySource* body = nullptr);

    /// The next piece of the answer's body, valid until the next call; empty when it is complete.
    [[nodiscard]] Expected<std::string_view> read();

    /// A request and its whole answer, which must be of reasonable length.
    [[nodiscard]] Expected<ApiAnswer> call(const ApiRequest& request, BodySource* body = nullptr);

    /// The rest of the answer that was begun.
    [[nodiscard]] Expected<ApiAnswer> read_to_end(ApiAnswer answer);

    [[nodiscard]] const ServerAddress& server() const noexcept { return access_.server; }

private:
    enum class arrival { data, end, late, failed };

    Expected<ApiAnswer> try_begin(const ApiRequest& request, BodySource* body);
    Expected<void> connect();
    Expected<std::vector<IpEndpoint>> find_addresses() const;
    awaitable<Expected<void>> dial_and_shake_hands(std::vector<IpEndpoint> addresses);
    Expected<bool> wait_for_go_ahead();
    Expected<void> send_body(BodySource& body);
    Expected<void> send(std::string_view bytes);
    [[nodiscard]] bool answered_early();
    Expected<void> read_head(std::chrono::milliseconds limit);
    Expected<ResponseStep> next_step(std::chrono::milliseconds limit);
    arrival receive(std::chrono::milliseconds limit);
    [[nodiscard]] std::string_view unread() const noexcept {
        return {buffer_.data() + begin_, end_ - begin_};
    }
    [[nodiscard]] ApiAnswer answer_so_far() const;
    Failure fail(failure_code code, const std::string& what);
    void close() noexcept;

    ApiAccess access_;
    EventLoop loop_{"client"};
    std::optional<TlsPolicy> tls_;
    std::unique_ptr<Connection> link_;
    ResponseReader reader_;
    std::vector<char> buffer_ = std::vector<char>(64U << 10U);
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::chrono::milliseconds silence_{0};
    bool orderly_ = false;  // how the stream ended
    bool has_head_ = false;
    bool cut_short_ = false;  // not all of our body was sent
};

}  // namespace fanfetch
