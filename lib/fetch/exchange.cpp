#include "fetch/exchange.hpp"

#include "fetch/expectations.hpp"
#include "http/request_writer.hpp"
#include "net/connect_reply.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace fanfetch {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// A redirect's body is read over so that the connection can be kept, but only so far.
constexpr std::uint64_t longest_discarded_body = 64U << 10U;

constexpr std::uint16_t proxy_wants_credentials = 407;

/// The whole URL but its fragment: what a proxy is asked for.
std::string_view absolute_form(const Url& url) {
    const std::string_view href = url.href();
    return href.substr(0, href.find('#'));
}

/// The exchange as it goes along: what there is to decide between two reads. A class, because its
/// steps share everything.
class Exchange {
public:
    Exchange(
        Connection& connection, ExchangeScratch& scratch, DeadlineWheel& wheel,
        const ExchangeOrder& order, ExchangeEnd& end
    )
        : connection_{connection},
          scratch_{scratch},
          order_{order},
          watch_{wheel, connection.socket, order.total_deadline},
          end_{end} {}

    void prepare();
    void send();
    [[nodiscard]] bool sending() const noexcept {
        return !ended_ && sent_ < scratch_.request.size();
    }
    [[nodiscard]] asio::const_buffer unsent() const noexcept {
        return asio::buffer(scratch_.request) + sent_;
    }
    void on_sent(const error_code& error, std::size_t size);

    [[nodiscard]] bool receiving() const noexcept { return !ended_; }
    void on_read(const error_code& error, std::size_t size);
    [[nodiscard]] bool wants_flush() const noexcept;
    void on_flushing();
    void on_flushed(const Expected<void>& flushed);
    /// Ends the exchange when the response is complete.
    void settle();

    void finish();

private:
    [[nodiscard]] bool take(std::string_view bytes);
    void await_more();
    void begin_span(const LowSpeed& limit, Steady::time_point at);
    [[nodiscard]] bool on_head();
    [[nodiscard]] bool on_body(std::string_view bytes);
    [[nodiscard]] Expected<void> decode(std::string_view coded);
    [[nodiscard]] bool on_complete();
    void on_read_error(const error_code& error);

    bool fail(Failure failure);
    bool fail_from(const error_code& error);
    [[nodiscard]] Steady::time_point now() const { return Steady::now(); }

    Connection& connection_;
    ExchangeScratch& scratch_;
    const ExchangeOrder& order_;
    ExchangeWatch watch_;
    ExchangeEnd& end_;
    std::size_t sent_ = 0;
    std::uint64_t span_quota_ = 0;   // what the reader has to have received...
    Steady::time_point span_end_{};  // ...by then, where there is a lowest speed
    std::size_t surplus_ = 0;        // bytes in the buffer behind the end of the response
    bool head_seen_ = false;
    bool ended_ = false;
    bool whole_ = false;
};

void Exchange::prepare() {
    const auto& request = *order_.request;
    OutgoingRequest head;
    head.method = request.method;
    head.target = request.url.target();
    if (connection_.forwarder) {
        head.target = absolute_form(request.url);
        head.proxy_authorization = connection_.forwarder->authorization;
    }
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
void Exchange::send() {
    end_.sent_at = now();
    watch_.limit(
        failure_code::timeout_first_byte,
        saturating_add(end_.sent_at, order_.options->timeouts.first_byte)
    );
    if (connection_.tls) {
        return;
    }
    error_code error;
    sent_ = connection_.socket.write_some(asio::buffer(scratch_.request), error);
    if (error && error != asio::error::would_block && error != asio::error::try_again) {
        fail_from(error);
    }
}

void Exchange::on_sent(const error_code& error, std::size_t size) {
    sent_ += size;
    if (error) {
        fail_from(error);
    }
}

/// What one read into the empty buffer came to.
void Exchange::on_read(const error_code& error, std::size_t size) {
    if (error) {
        on_read_error(error);
    } else {
        ended_ = !take({scratch_.buffer.data(), size});
    }
    if (!wants_flush()) {
        settle();
    }
}

/// The end of the stream is the reader's to judge.
void Exchange::on_read_error(const error_code& error) {
    if (watch_.expired() != failure_code::none || error == asio::error::operation_aborted) {
        fail_from(error);
        return;
    }
    auto finished = scratch_.reader.finish(
        error == asio::error::eof ? stream_end::orderly : stream_end::abrupt
    );
    if (finished) {
        return;
    }
    if (scratch_.reader.started()) {
        fail(finished.error());
    } else {
        fail_from(error);
    }
}

bool Exchange::wants_flush() const noexcept {
    return !ended_ && (scratch_.body.wants_flush() ||
                       (scratch_.reader.complete() && head_seen_ && scratch_.body.on_disk()));
}

/// A disk that takes its time is not the origin's fault: while we do not read, the total time is
/// all that counts.
void Exchange::on_flushing() {
    watch_.limit(failure_code::timeout_total, Steady::time_point::max());
}

void Exchange::on_flushed(const Expected<void>& flushed) {
    if (!flushed) {
        fail(flushed.error());
    }
    settle();
    if (!ended_) {
        span_quota_ = 0;
        await_more();
    }
}

void Exchange::settle() {
    if (!ended_ && scratch_.reader.complete()) {
        whole_ = on_complete();
        ended_ = true;
    }
}

void Exchange::finish() {
    end_.reusable = whole_ && scratch_.reader.reusable(surplus_);
    watch_.stop();
    end_.done_at = now();
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
                    await_more();
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
                surplus_ = bytes.size();
                return true;
        }
    }
}

/// Moves the limits on for the next piece of the body: that of the pause, or that of a span of
/// time in which too little came, whichever is sooner. The span begins anew as soon as its bytes
/// are there, so that a body which is never too slow meets each in time, and one that is too slow
/// for twice the span does not.
void Exchange::await_more() {
    const auto& timeouts = order_.options->timeouts;
    const auto at = now();
    const auto idle = saturating_add(at, timeouts.idle);
    if (!timeouts.low_speed) {
        watch_.limit(failure_code::timeout_idle, idle);
        return;
    }
    if (scratch_.reader.received_bytes() >= span_quota_) {
        begin_span(*timeouts.low_speed, at);
    }
    if (span_end_ < idle) {
        watch_.limit(failure_code::timeout_low_speed, span_end_);
    } else {
        watch_.limit(failure_code::timeout_idle, idle);
    }
}

void Exchange::begin_span(const LowSpeed& limit, Steady::time_point at) {
    constexpr double most = 1e18;  // more than any body has, and far from what the type cannot hold
    const auto bytes =
        static_cast<double>(limit.bytes_per_s) * std::chrono::duration<double>(limit.over).count();
    span_quota_ = scratch_.reader.received_bytes() +
                  static_cast<std::uint64_t>(std::ceil(std::min(bytes, most)));
    span_end_ = saturating_add(at, limit.over);
}

bool Exchange::on_head() {
    head_seen_ = true;
    end_.head_at = now();
    if (const auto& slowest = order_.options->timeouts.low_speed) {
        begin_span(*slowest, end_.head_at);
    }
    const auto& head = scratch_.reader.head();
    const auto& options = *order_.options;
    if (connection_.forwarder && head.status == proxy_wants_credentials) {
        return fail(proxy_refusal(head.status));  // the operator's trouble, no origin's
    }
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
            limits.max_ratio = options.max_decoded_ratio;
            scratch_.decoder.emplace(std::span{*codings}, limits);
        }
    }
    BodyCollector::Order order;
    const bool stored = order_.store_body == store_body::always ||
                        (order_.store_body == store_body::success && end_.accepted);
    order.keep = !end_.redirect && (stored || (order_.show_body && end_.accepted));
    order.md5 = !options.expect.md5.empty();
    order.hash_later = order_.hash_later && stored && options.expect.sha256.empty();
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
    ended_ = true;
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

awaitable<void> run_exchange(
    Connection& connection, ExchangeScratch& scratch, DeadlineWheel& wheel,
    const ExchangeOrder& order, ExchangeEnd& end
) {
    Exchange exchange{connection, scratch, wheel, order, end};
    exchange.prepare();
    exchange.send();
    while (exchange.sending()) {
        if (connection.tls) {
            const auto [error, size] =
                co_await connection.tls->async_write_some(exchange.unsent(), no_throw);
            exchange.on_sent(error, size);
        } else {
            const auto [error, size] =
                co_await connection.socket.async_write_some(exchange.unsent(), no_throw);
            exchange.on_sent(error, size);
        }
    }
    const auto space = asio::buffer(scratch.buffer);
    while (exchange.receiving()) {
        if (connection.tls) {
            const auto [error, size] = co_await connection.tls->async_read_some(space, no_throw);
            exchange.on_read(error, size);
        } else {
            const auto [error, size] = co_await connection.socket.async_read_some(space, no_throw);
            exchange.on_read(error, size);
        }
        if (exchange.wants_flush()) {
            exchange.on_flushing();
            const auto flushed = co_await scratch.body.flush();
            exchange.on_flushed(flushed);
        }
    }
    exchange.finish();
}

}  // namespace fanfetch
