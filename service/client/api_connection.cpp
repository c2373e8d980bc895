#include "client/api_connection.hpp"

#include "coro/with_timeout.hpp"
#include "future/errors.hpp"
#include "http/retry_after.hpp"
#include "net/connection_io.hpp"
#include "net/connector.hpp"
#include "net/system_resolver.hpp"
#include "net/tls_handshake.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>

#include <netinet/tcp.h>

#include <array>
#include <cstdio>
#include <utility>

namespace fanfetch {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr milliseconds connect_limit{10'000};
constexpr milliseconds answer_limit{60'000};
/// A server that holds an upload back (its disk, its queue) may take its time.
constexpr milliseconds send_limit{300'000};
/// Whoever does not know `Expect` says nothing: the body is sent all the same then.
///
/// Source  RFC 9110 §10.1.1
constexpr milliseconds go_ahead_limit{2'000};
constexpr milliseconds last_word_limit{2'000};
constexpr std::size_t longest_answer = 64U << 20U;

/// Finds out within two minutes that the machine at the other end is gone.
void watch_peer(TcpSocket& socket) {
    error_code ignored;
    socket.set_option(asio::socket_base::keep_alive{true}, ignored);
    socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
    constexpr int idle_s = 30;
    constexpr int interval_s = 15;
    const int fd = socket.native_handle();
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
}

std::string bare(std::string_view host) {
    const bool bracketed = host.starts_with('[');
    return std::string{bracketed ? host.substr(1, host.size() - 2) : host};
}

}  // namespace

void ApiConnection::close() noexcept {
    link_.reset();
    begin_ = end_ = 0;
}

Failure ApiConnection::fail(failure_code code, const std::string& what) {
    close();
    return failed(code, "talking to " + to_string(access_.server) + ": " + what);
}

Expected<std::vector<IpEndpoint>> ApiConnection::find_addresses() const {
    const auto host = bare(access_.server.host);
    std::vector<IpEndpoint> endpoints;
    if (const auto address = IpAddress::parse(host)) {
        endpoints.push_back({*address, access_.server.port});
        return endpoints;
    }
    const auto answer = ask_system(host);
    if (!answer) {
        return answer.error();
    }
    for (const auto& address : answer->addresses) {
        endpoints.push_back({address, access_.server.port});
    }
    return endpoints;
}

Expected<void> ApiConnection::connect() {
    if (access_.server.https && !tls_) {
        auto made = TlsPolicy::make({.ca_file = access_.ca_file});
        if (!made) {
            return made.error();
        }
        tls_.emplace(std::move(*made));
    }
    auto addresses = find_addresses();
    if (!addresses) {
        return fail(addresses.error().code, addresses.error().detail);
    }
    link_ = std::make_unique<Connection>(loop_.executor());
    begin_ = end_ = 0;
    auto made = loop_.run_until_complete(dial_and_shake_hands(std::move(*addresses)));
    if (!made) {
        return fail(made.error().code, made.error().detail);
    }
    return {};
}

awaitable<Expected<void>> ApiConnection::dial_and_shake_hands(std::vector<IpEndpoint> addresses) {
    const auto deadline = saturating_add(Steady::now(), connect_limit);
    auto dialled = co_await dial(std::move(addresses), deadline);
    if (!dialled) {
        co_return dialled.error();
    }
    link_->socket = std::move(dialled->socket);
    watch_peer(link_->socket);
    if (access_.server.https) {
        link_->tls.emplace(link_->socket, tls_->context(peer_check::required));
        auto shaken = co_await shake_hands(*link_, access_.server.host, deadline);
        co_return shaken;
    }
    co_return Expected<void>{};
}

Expected<ApiAnswer> ApiConnection::begin(const ApiRequest& request, BodySource* body) {
    if (has_head_ && !reader_.complete()) {
        close();  // nobody wants the rest of the last answer
    }
    // The server may have closed a connection that it kept, and who sends again does it twice.
    if (link_ && (body != nullptr || !request.repeatable)) {
        close();
    }
    const bool reused = link_ != nullptr;
    auto answer = try_begin(request, body);
    if (!answer && reused && !reader_.started()) {
        close();
        answer = try_begin(request, body);
    }
    if (!answer) {
        close();
    }
    return answer;
}

Expected<ApiAnswer> ApiConnection::try_begin(const ApiRequest& request, BodySource* body) {
    silence_ = request.silence;
    has_head_ = false;
    cut_short_ = false;
    reader_.reset(request.method);
    if (!link_) {
        if (auto connected = connect(); !connected) {
            return connected.error();
        }
    }
    SentBody sent;
    sent.present = body != nullptr || !request.body.empty();
    sent.asks_first = body != nullptr;
    if (body == nullptr) {
        sent.size = request.body.size();
    }
    auto out = request_head(access_.server, access_.key, request, sent) + request.body;
    if (auto written = send(out); !written) {
        return written.error();
    }
    if (body != nullptr) {
        const auto go_ahead = wait_for_go_ahead();
        if (!go_ahead) {
            return go_ahead.error();
        }
        if (*go_ahead) {
            if (auto written = send_body(*body); !written) {
                return written.error();
            }
        } else {
            cut_short_ = true;
        }
    }
    if (auto read = read_head(answer_limit + request.wait); !read) {
        return read.error();
    }
    return answer_so_far();
}

/// Whether the server wants the body: false when it has answered instead.
Expected<bool> ApiConnection::wait_for_go_ahead() {
    while (reader_.interim_responses() == 0) {
        const auto step = reader_.next(unread());
        if (!step) {
            return fail(step.error().code, step.error().detail);
        }
        begin_ += step->consumed;
        if (step->event == response_event::head) {
            has_head_ = true;
            return false;
        }
        if (reader_.interim_responses() > 0) {
            break;
        }
        const auto came = receive(go_ahead_limit);
        if (came == arrival::late) {
            break;
        }
        if (came != arrival::data) {
            return fail(failure_code::connect_reset, "the connection ended");
        }
    }
    return true;
}

/// Sends the body in chunks, until its end or until the server has something to say.
Expected<void> ApiConnection::send_body(BodySource& body) {
    std::string chunk;
    for (bool ended = false; !ended;) {
        const auto piece = body.next();
        if (!piece) {
            close();  // an upload that breaks off is not one that ended
            return piece.error();
        }
        ended = piece->empty();
        std::array<char, 24> size{};
        std::snprintf(size.data(), size.size(), "%zx\r\n", piece->size());
        chunk.assign(size.data()).append(*piece).append("\r\n");
        auto sent = send(chunk);
        if (!sent || (!ended && answered_early())) {
            cut_short_ = true;
            // What the server said before it hung up tells more than that it did.
            auto said = sent ? Expected<void>{} : read_head(last_word_limit);
            return said ? said : sent;
        }
    }
    return {};
}

/// Whether there is something to be read, which can only be the answer. Under TLS it may be
/// something else; there a server that has heard enough is told by its hanging up.
bool ApiConnection::answered_early() {
    error_code ignored;
    return !link_->tls && (begin_ < end_ || link_->socket.available(ignored) > 0);
}

Expected<void> ApiConnection::send(std::string_view bytes) {
    error_code error;
    try {
        error = loop_.run_until_complete(wait_for(write_all(*link_, bytes), send_limit));
    } catch (const TimeoutError&) {
        return fail(failure_code::timeout_idle, "it takes nothing more");
    }
    if (error) {
        // The connection stays: there may be an answer in it.
        return failed(
            failure_code::connect_reset,
            "talking to " + to_string(access_.server) + ": " + error.message()
        );
    }
    return {};
}

ApiConnection::arrival ApiConnection::receive(milliseconds limit) {
    if (begin_ == end_) {
        begin_ = end_ = 0;
    }
    if (end_ == buffer_.size()) {
        return arrival::failed;  // the reader uses everything up, so this cannot be
    }
    const asio::mutable_buffer space{buffer_.data() + end_, buffer_.size() - end_};
    TlsStream::Transferred got;
    try {
        got = loop_.run_until_complete(wait_for(read_some(*link_, space), limit));
    } catch (const TimeoutError&) {
        return arrival::late;
    }
    const auto& [error, size] = got;
    end_ += size;
    if (!error) {
        return arrival::data;
    }
    orderly_ = error == asio::error::eof;
    return arrival::end;
}

/// One step of the answer, with as many bytes as it takes.
Expected<ResponseStep> ApiConnection::next_step(milliseconds limit) {
    for (;;) {
        auto step = reader_.next(unread());
        if (!step) {
            return fail(step.error().code, step.error().detail);
        }
        begin_ += step->consumed;
        if (step->event != response_event::need_more) {
            return step;
        }
        switch (receive(limit)) {
            case arrival::data:
                continue;
            case arrival::late:
                return fail(failure_code::timeout_idle, "no answer in time");
            default:
                break;
        }
        const bool nothing = !reader_.started();
        const auto end = reader_.finish(orderly_ ? stream_end::orderly : stream_end::abrupt);
        if (!end) {
            return fail(
                nothing ? failure_code::connect_reset : end.error().code,
                nothing ? "the connection ended" : end.error().detail
            );
        }
    }
}

Expected<void> ApiConnection::read_head(milliseconds limit) {
    if (has_head_) {
        return {};
    }
    const auto step = next_step(limit);
    if (!step) {
        return step.error();
    }
    has_head_ = true;
    return {};
}

ApiAnswer ApiConnection::answer_so_far() const {
    const auto& head = reader_.head();
    ApiAnswer answer;
    answer.status = head.status;
    answer.content_type = head.fields.find("Content-Type").value_or("");
    if (const auto value = head.fields.find("Retry-After")) {
        const auto pause = parse_retry_after(*value, system_clock().wall());
        if (pause) {
            answer.retry_after = *pause;
        }
    }
    return answer;
}

Expected<std::string_view> ApiConnection::read() {
    if (!link_) {
        return std::string_view{};
    }
    const auto step = next_step(silence_);
    if (!step) {
        return step.error();
    }
    if (step->event == response_event::body) {
        return step->body;
    }
    if (cut_short_ || !reader_.reusable(unread().size())) {
        close();
    }
    return std::string_view{};
}

Expected<ApiAnswer> ApiConnection::read_to_end(ApiAnswer answer) {
    for (;;) {
        const auto piece = read();
        if (!piece) {
            return piece.error();
        }
        if (piece->empty()) {
            return answer;
        }
        if (answer.body.size() + piece->size() > longest_answer) {
            return fail(failure_code::limit_body_size, "the answer has no end");
        }
        answer.body += *piece;
    }
}

Expected<ApiAnswer> ApiConnection::call(const ApiRequest& request, BodySource* body) {
    auto answer = begin(request, body);
    if (!answer) {
        return answer;
    }
    return read_to_end(std::move(*answer));
}

}  // namespace fanfetch
