#include "fetch/exchange.hpp"

#include "fetch/body_pace.hpp"
#include "fetch/continue_wait.hpp"
#include "fetch/reception.hpp"
#include "net/connect_reply.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <algorithm>
#include <utility>

namespace fanfetch {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// Closing the socket ends whatever the coroutine is suspended in.
class SocketWatch final : public ExchangeWatch {
public:
    SocketWatch(DeadlineWheel& wheel, TcpSocket& socket, Steady::time_point total) noexcept
        : ExchangeWatch{wheel, total}, socket_{socket} {}

private:
    void cut_off() noexcept override {
        error_code ignored;  // a socket that cannot be closed is closed already
        socket_.close(ignored);
    }

    TcpSocket& socket_;
};

constexpr std::uint16_t proxy_wants_credentials = 407;
constexpr std::uint16_t expectation_failed = 417;

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
          end_{end},
          reception_{scratch, order, end},
          pace_{order.options->timeouts},
          leave_{wheel, connection.socket} {}

    void prepare();
    void send();
    [[nodiscard]] bool sending() const noexcept { return !ended_ && sent_ < to_send_; }
    [[nodiscard]] asio::const_buffer unsent() const noexcept {
        return asio::buffer(scratch_.request, to_send_) + sent_;
    }
    void on_sent(const error_code& error, std::size_t size);

    /// Whether the body waits until the origin has asked for it.
    [[nodiscard]] bool withholds_body() const noexcept {
        return !ended_ && !head_seen_ && to_send_ < scratch_.request.size();
    }
    void on_waiting();
    [[nodiscard]] bool waiting() const noexcept {
        return withholds_body() && !leave_.over() && !scratch_.reader.told_to_continue();
    }
    void on_answer(const error_code& error, std::size_t size);
    void on_waited();

    [[nodiscard]] bool receiving() const noexcept { return !ended_; }
    [[nodiscard]] asio::mutable_buffer space() noexcept { return scratch_.buffer.space(); }
    void on_read(const error_code& error, std::size_t size);
    [[nodiscard]] bool wants_flush() const noexcept;
    [[nodiscard]] bool on_flushing();
    void on_flushed(const Expected<void>& flushed);
    [[nodiscard]] bool must_rest() const noexcept {
        return head_seen_ && (whole_ || !ended_) && scratch_.body.must_rest();
    }
    void on_resting();
    void on_rested();
    /// Ends the exchange when the response is complete.
    void settle();

    void finish();

private:
    [[nodiscard]] bool take(std::string_view bytes);
    void await_more();
    [[nodiscard]] bool on_head();
    void on_read_error(const error_code& error);

    bool fail(Failure failure);
    bool fail_from(const error_code& error);
    [[nodiscard]] Steady::time_point now() const { return Steady::now(); }

    Connection& connection_;
    ExchangeScratch& scratch_;
    const ExchangeOrder& order_;
    SocketWatch watch_;
    ExchangeEnd& end_;
    Reception reception_;
    BodyPace pace_;
    ContinueWait leave_;
    std::size_t sent_ = 0;
    std::size_t to_send_ = 0;  // of the request, for now
    std::size_t surplus_ = 0;  // bytes in the buffer behind the end of the response
    bool head_seen_ = false;
    bool ended_ = false;
    bool whole_ = false;
    bool expects_ = false;
};

void Exchange::prepare() {
    const auto& request = *order_.request;
    std::vector<FieldView> fields;
    auto head = outgoing_request(order_, fields);
    if (connection_.forwarder) {
        head.target = absolute_form(request.url);
        head.proxy_authorization = connection_.forwarder->authorization;
    }
    expects_ = order_.may_expect && request.body.size() > longest_unasked_body;
    head.expect_continue = expects_;
    scratch_.request.clear();
    write_request_head(scratch_.request, head);
    to_send_ = scratch_.request.size();
    scratch_.request += request.body;
    if (!expects_) {
        to_send_ = scratch_.request.size();
    }

    ResponseLimits limits;
    limits.header = ByteSize{order_.max_header_bytes};
    limits.body = ByteSize{order_.options->max_body_bytes};
    scratch_.reader.reset(request.method, limits);
    scratch_.buffer.shrink();
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
    sent_ = connection_.socket.write_some(unsent(), error);
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

/// The time it takes the origin to ask for the body is not part of its time for the response.
void Exchange::on_waiting() {
    leave_.begin(now());
    watch_.limit(failure_code::timeout_total, Steady::time_point::max());
}

void Exchange::on_answer(const error_code& error, std::size_t size) {
    const bool cut_short = error == asio::error::operation_aborted && leave_.over() &&
                           watch_.expired() == failure_code::none;
    if (!cut_short) {
        on_read(error, size);
    }
}

/// Sends the body, unless the response has come instead.
void Exchange::on_waited() {
    leave_.stop();
    if (withholds_body()) {
        to_send_ = scratch_.request.size();
        end_.sent_at = now();
        watch_.limit(
            failure_code::timeout_first_byte,
            saturating_add(end_.sent_at, order_.options->timeouts.first_byte)
        );
    }
}

/// What one read into the empty buffer came to.
void Exchange::on_read(const error_code& error, std::size_t size) {
    if (error) {
        on_read_error(error);
    } else {
        ended_ = !take(scratch_.buffer.received(size));
        scratch_.buffer.make_room(size);
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
/// all that counts. Whether this is the last of the body.
bool Exchange::on_flushing() {
    watch_.limit(failure_code::timeout_total, Steady::time_point::max());
    return scratch_.reader.complete();
}

/// Neither is the bandwidth that the operator grants.
void Exchange::on_resting() {
    if (ended_) {
        watch_.stop();
    } else {
        watch_.limit(failure_code::timeout_total, Steady::time_point::max());
    }
}

void Exchange::on_rested() {
    if (ended_) {
        return;
    }
    if (watch_.expired() != failure_code::none) {
        fail_from(asio::error::operation_aborted);
        return;
    }
    pace_.begin(now(), scratch_.reader.received_bytes());
    await_more();
}

void Exchange::on_flushed(const Expected<void>& flushed) {
    if (!flushed) {
        fail(flushed.error());
    }
    settle();
    if (!ended_) {
        pace_.begin(now(), scratch_.reader.received_bytes());
        await_more();
    }
}

void Exchange::settle() {
    if (!ended_ && scratch_.reader.complete()) {
        whole_ = reception_.on_complete(scratch_.reader.body_bytes());
        ended_ = true;
    }
}

void Exchange::finish() {
    // Without the body that it was promised the origin would take the next request for it.
    const bool all_sent = sent_ == scratch_.request.size();
    end_.reusable = whole_ && all_sent && scratch_.reader.reusable(surplus_);
    watch_.stop();
    end_.done_at = now();
    end_.wire_size = scratch_.reader.body_bytes();
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
                if (!reception_.on_body(step->body)) {
                    return false;
                }
                break;
            case response_event::complete:
                surplus_ = bytes.size();
                return true;
        }
    }
}

void Exchange::await_more() {
    const auto limit = pace_.next(now(), scratch_.reader.received_bytes());
    watch_.limit(limit.code, limit.until);
}

bool Exchange::on_head() {
    head_seen_ = true;
    end_.head_at = now();
    pace_.begin(end_.head_at, scratch_.reader.received_bytes());
    const auto& head = scratch_.reader.head();
    if (connection_.forwarder && head.status == proxy_wants_credentials) {
        return fail(proxy_refusal(head.status));  // the operator's trouble, no origin's
    }
    end_.http_version = head.minor_version == 0 ? "1.0" : "1.1";
    if (expects_ && head.status == expectation_failed) {
        end_.expectation_failed = true;
        return fail(failed(failure_code::http_status, "announcing the body: the host refuses that")
        );
    }
    return reception_.on_head(head, scratch_.reader.framing());
}

bool Exchange::fail(Failure failure) {
    ended_ = true;
    return reception_.fail(std::move(failure));
}

/// What an error of the socket means here: a limit that passed, a cancellation, or the peer.
bool Exchange::fail_from(const error_code& error) {
    end_.untouched = !scratch_.reader.started();
    if (watch_.expired() != failure_code::none) {
        end_.untouched = false;
        return fail(time_is_up(watch_.expired(), order_.options->timeouts));
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

/// Waits until the origin asks for the body, answers at once, or has had its time.
awaitable<void> wait_for_leave(Exchange& exchange, Connection& connection) {
    exchange.on_waiting();
    while (exchange.waiting()) {
        if (connection.tls) {
            const auto [error, size] = co_await connection.tls->read_some(exchange.space());
            exchange.on_answer(error, size);
        } else {
            const auto [error, size] =
                co_await connection.socket.async_read_some(exchange.space(), no_throw);
            exchange.on_answer(error, size);
        }
    }
    exchange.on_waited();
}

}  // namespace

OutgoingRequest outgoing_request(const ExchangeOrder& order, std::vector<FieldView>& fields) {
    const auto& request = *order.request;
    fields.reserve(request.headers.size());
    for (const auto& field : request.headers) {
        fields.push_back({field.name, field.value});
    }
    if (order.partial != nullptr) {
        const auto named = [](std::string_view name) {
            return [name](const FieldView& field) { return equal_ignoring_case(field.name, name); };
        };
        if (std::ranges::none_of(fields, named("Accept-Encoding"))) {
            fields.push_back({"Accept-Encoding", "identity"});
        }
        fields.push_back({"Range", order.partial->range});
        fields.push_back({"If-Range", order.partial->validator});
    }
    OutgoingRequest head;
    head.method = request.method;
    head.target = request.url.target();
    head.host = request.url.host_header();
    head.user_agent = order.user_agent;
    head.fields = fields;
    if (!request.body.empty()) {
        head.body_size = request.body.size();
    }
    return head;
}

awaitable<void> run_exchange(
    Connection& connection, ExchangeScratch& scratch, DeadlineWheel& wheel,
    const ExchangeOrder& order, ExchangeEnd& end
) {
    Exchange exchange{connection, scratch, wheel, order, end};
    exchange.prepare();
    exchange.send();
    while (exchange.sending() || exchange.withholds_body()) {
        if (!exchange.sending()) {
            co_await wait_for_leave(exchange, connection);
            continue;
        }
        if (connection.tls) {
            const auto [error, size] = co_await connection.tls->write_some(exchange.unsent());
            exchange.on_sent(error, size);
        } else {
            const auto [error, size] =
                co_await connection.socket.async_write_some(exchange.unsent(), no_throw);
            exchange.on_sent(error, size);
        }
    }
    while (exchange.receiving()) {
        if (connection.tls) {
            const auto [error, size] = co_await connection.tls->read_some(exchange.space());
            exchange.on_read(error, size);
        } else {
            const auto [error, size] =
                co_await connection.socket.async_read_some(exchange.space(), no_throw);
            exchange.on_read(error, size);
        }
        while (exchange.must_rest()) {
            exchange.on_resting();
            co_await scratch.body.rest();
            exchange.on_rested();
        }
        if (exchange.wants_flush()) {
            const bool all = exchange.on_flushing();
            const auto flushed = co_await scratch.body.flush(all);
            exchange.on_flushed(flushed);
        }
    }
    exchange.finish();
}

}  // namespace fanfetch
