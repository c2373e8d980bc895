#include "fetch/exchange.hpp"

#include "fetch/expectations.hpp"
#include "http/request_writer.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace fanfetch {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// A redirect's body is read over so that the connection can be kept, but only so far.
constexpr std::uint64_t longest_discarded_body = 64U << 10U;

/// The exchange as it goes along. A class, because its steps share everything.
class Exchange {
public:
    Exchange(
        Connection& connection, ExchangeScratch& scratch, DeadlineWheel& wheel,
        const ExchangeOrder& order
    )
        : connection_{connection},
          scratch_{scratch},
          order_{order},
          watch_{wheel, connection.socket, order.total_deadline} {}

    awaitable<void> run();
    [[nodiscard]] ExchangeEnd end() && { return std::move(end_); }

private:
    void prepare();
    awaitable<bool> send();
    awaitable<bool> send_rest(std::size_t sent);
    awaitable<bool> receive();
    awaitable<bool> fill();
    [[nodiscard]] bool take(std::string_view bytes);
    [[nodiscard]] bool on_head();
    [[nodiscard]] bool on_body(std::string_view bytes);
    [[nodiscard]] Expected<void> decode(std::string_view coded);
    [[nodiscard]] bool on_complete();

    bool fail(Failure failure);
    bool fail_from(const error_code& error);
    [[nodiscard]] Steady::time_point now() const { return Steady::now(); }

    Connection& connection_;
    ExchangeScratch& scratch_;
    const ExchangeOrder& order_;
    ExchangeWatch watch_;
    ExchangeEnd end_;
    std::string_view unread_;  // what is left in the buffer behind the end of the response
    bool head_seen_ = false;
};

awaitable<void> Exchange::run() {
    prepare();
    const bool sent = co_await send();
    if (sent) {
        const bool received = co_await receive();
        end_.reusable = received && scratch_.reader.reusable(unread_.size());
    }
    watch_.stop();
    end_.done_at = now();
}

void Exchange::prepare() {
    const auto& request = *order_.request;
    OutgoingRequest head;
    head.method = request.method;
    head.target = request.url.target();
    head.host = request.url.host_header();
    head.user_agent = order_.user_agent;
    if (!request.body.empty()) {
        head.body_size = request.body.size();
    }
    std::vector<FieldView> fields;
    fields.reserve(request.headers.size());
    for (const auto& field : request.headers) {
        fields.push_back({field.name, field.value});
    }
    head.fields = fields;
    scratch_.request.clear();
    write_request_head(scratch_.request, head);
    scratch_.request += request.body;

    ResponseLimits limits;
    limits.header = ByteSize{order_.max_header_bytes};
    limits.body = ByteSize{order_.options->max_body_bytes};
    scratch_.reader.reset(request.method, limits);
    scratch_.decoder.reset();
}

/// Small requests fit into the socket's buffer: one system call and no suspension.
awaitable<bool> Exchange::send() {
    end_.sent_at = now();
    watch_.limit(
        failure_code::timeout_first_byte,
        saturating_add(end_.sent_at, order_.options->timeouts.first_byte)
    );
    std::size_t sent = 0;
    if (!connection_.tls) {
        error_code error;
        sent = connection_.socket.write_some(asio::buffer(scratch_.request), error);
        if (error && error != asio::error::would_block && error != asio::error::try_again) {
            co_return fail_from(error);
        }
    }
    if (sent == scratch_.request.size()) {
        co_return true;
    }
    const bool rest = co_await send_rest(sent);
    co_return rest;
}

awaitable<bool> Exchange::send_rest(std::size_t sent) {
    const auto rest = asio::buffer(scratch_.request) + sent;
    error_code error;
    if (connection_.tls) {
        const auto [tls_error, n] = co_await asio::async_write(*connection_.tls, rest, no_throw);
        error = tls_error;
    } else {
        const auto [tcp_error, n] = co_await asio::async_write(connection_.socket, rest, no_throw);
        error = tcp_error;
    }
    co_return !error || fail_from(error);
}

awaitable<bool> Exchange::receive() {
    for (;;) {
        const bool more = co_await fill();
        if (!more) {
            co_return false;
        }
        if (!take(unread_)) {
            co_return false;
        }
        if (scratch_.body.wants_flush() ||
            (scratch_.reader.complete() && head_seen_ && scratch_.body.on_disk())) {
            auto flushed = co_await scratch_.body.flush();
            if (!flushed) {
                co_return fail(flushed.error());
            }
        }
        if (scratch_.reader.complete()) {
            co_return on_complete();
        }
    }
}

/// Reads once into the empty buffer; the end of the stream is the reader's to judge.
awaitable<bool> Exchange::fill() {
    const auto space = asio::buffer(scratch_.buffer);
    error_code error;
    std::size_t size = 0;
    if (connection_.tls) {
        const auto [tls_error, n] = co_await connection_.tls->async_read_some(space, no_throw);
        error = tls_error;
        size = n;
    } else {
        const auto [tcp_error, n] = co_await connection_.socket.async_read_some(space, no_throw);
        error = tcp_error;
        size = n;
    }
    if (!error) {
        unread_ = {scratch_.buffer.data(), size};
        co_return true;
    }
    if (watch_.expired() != failure_code::none || error == asio::error::operation_aborted) {
        co_return fail_from(error);
    }
    auto finished = scratch_.reader.finish(
        error == asio::error::eof ? stream_end::orderly : stream_end::abrupt
    );
    if (!finished) {
        if (!scratch_.reader.started()) {
            co_return fail_from(error);
        }
        co_return fail(finished.error());
    }
    unread_ = {};
    co_return true;
}

/// Gives the reader everything that came. The head is read over in one go with a short body, so
/// that a small response is one read and no second turn.
bool Exchange::take(std::string_view bytes) {
    for (;;) {
        auto step = scratch_.reader.next(bytes);
        if (!step) {
            return fail(step.error());
        }
        bytes.remove_prefix(step->consumed);
        switch (step->event) {
            case response_event::need_more:
                if (head_seen_) {
                    watch_.limit(
                        failure_code::timeout_idle,
                        saturating_add(now(), order_.options->timeouts.idle)
                    );
                }
                return true;
            case response_event::head:
                if (!on_head()) {
                    return false;
                }
                break;
            case response_event::body:
                if (!on_body(step->body)) {
                    return false;
                }
                break;
            case response_event::complete:
                unread_ = bytes;
                return true;
        }
    }
}

bool Exchange::on_head() {
    head_seen_ = true;
    end_.head_at = now();
    const auto& head = scratch_.reader.head();
    const auto& options = *order_.options;
    end_.accepted = accepted(head.status, options.accept_status);
    end_.redirect = order_.may_redirect && is_redirect(head.status) && options.redirects.max > 0 &&
                    head.fields.contains("location");
    if (!end_.redirect && scratch_.reader.framing().kind != body_framing::none &&
        head.fields.contains("content-encoding")) {
        auto codings = parse_content_encoding(head.fields);
        if (!codings) {
            return fail(codings.error());
        }
        if (!codings->empty()) {
            DecodeLimits limits;
            limits.max_bytes = options.max_body_bytes;
            scratch_.decoder.emplace(std::span{*codings}, limits);
        }
    }
    BodyCollector::Order order;
    order.keep = !end_.redirect && (order_.store_body == store_body::always ||
                                    (order_.store_body == store_body::success && end_.accepted));
    order.md5 = !options.expect.md5.empty();
    order.hash_later = order_.hash_later && options.expect.sha256.empty();
    order.max_bytes = end_.redirect ? longest_discarded_body : options.max_body_bytes;
    if (scratch_.reader.framing().kind == body_framing::length) {
        order.announced = scratch_.reader.framing().length;
    }
    scratch_.body.reset(order);
    return true;
}

bool Exchange::on_body(std::string_view bytes) {
    auto taken = scratch_.decoder ? decode(bytes) : scratch_.body.append(bytes);
    if (taken) {
        return true;
    }
    if (end_.redirect) {
        // Too long to read over: the redirect is followed all the same, on another connection.
        return false;
    }
    return fail(taken.error());
}

Expected<void> Exchange::decode(std::string_view coded) {
    for (;;) {
        auto decoded = scratch_.decoder->next(coded);
        if (!decoded) {
            return decoded.error();
        }
        if (decoded->empty()) {
            return {};
        }
        if (auto taken = scratch_.body.append(*decoded); !taken) {
            return taken.error();
        }
    }
}

bool Exchange::on_complete() {
    // Servers do label an empty body as compressed; nothing is what it decodes to.
    if (!scratch_.decoder || scratch_.reader.body_bytes() == 0) {
        return true;
    }
    auto ended = scratch_.decoder->finish();
    return ended ? true : fail(ended.error());
}

bool Exchange::fail(Failure failure) {
    end_.code = failure.code;
    end_.detail = std::move(failure.detail);
    return false;
}

/// What an error of the socket means here: a limit that passed, a cancellation, or the peer.
bool Exchange::fail_from(const error_code& error) {
    end_.untouched = !scratch_.reader.started();
    if (watch_.expired() != failure_code::none) {
        end_.untouched = false;
        return fail(failed(watch_.expired(), "waiting for the response: the time is up"));
    }
    if (error == asio::error::operation_aborted) {
        end_.untouched = false;
        return fail(failed(failure_code::cancelled_by_user, "the attempt was cancelled"));
    }
    if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
        return fail(
            failed(failure_code::http_truncated, "reading the response: the connection was closed")
        );
    }
    return fail(failed(failure_code::connect_reset, "talking to the host: " + error.message()));
}

}  // namespace

awaitable<ExchangeEnd> run_exchange(
    Connection& connection, ExchangeScratch& scratch, DeadlineWheel& wheel, ExchangeOrder order
) {
    Exchange exchange{connection, scratch, wheel, order};
    co_await exchange.run();
    co_return std::move(exchange).end();
}

}  // namespace fanfetch
