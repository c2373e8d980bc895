#include "fetch/http2_exchange.hpp"

#include "base/byte_size.hpp"
#include "coro/loop_state.hpp"
#include "coro/parking.hpp"
#include "fetch/body_pace.hpp"
#include "fetch/reception.hpp"

#include <boost/asio/this_coro.hpp>

#include <utility>
#include <vector>

namespace fanfetch {
namespace {

/// The exchange as it goes along. What comes is taken while the connection reads it, so that the
/// coroutine is woken for the end and for the disk only.
///
/// While the disk is behind, the window of what comes is kept back: the origin stops when it is
/// used up.
class Http2Exchange final : private Http2Stream, private ExchangeWatch {
public:
    Http2Exchange(
        Http2Connection& connection, LoopState& loop, DeadlineWheel& wheel,
        ExchangeScratch& scratch, const ExchangeOrder& order, ExchangeEnd& end
    )
        : ExchangeWatch{wheel, order.total_deadline},
          connection_{connection},
          scratch_{scratch},
          order_{order},
          end_{end},
          reception_{scratch, order, end},
          pace_{order.options->timeouts},
          parking_{loop} {}
    Http2Exchange(const Http2Exchange&) = delete;
    Http2Exchange& operator=(const Http2Exchange&) = delete;
    ~Http2Exchange() { leave(); }

    void begin();
    [[nodiscard]] bool running() const noexcept { return !ended_; }
    [[nodiscard]] awaitable<> wait() { return parking_.park(*this); }
    [[nodiscard]] bool wants_flush() const noexcept {
        return !ended_ &&
               (scratch_.body.wants_flush() || (whole_ && scratch_.body.on_disk() && !flushed_));
    }
    awaitable<Expected<void>> flush();
    void on_flushed(const Expected<void>& flushed);
    [[nodiscard]] bool must_rest() const noexcept {
        return end_.head_at != Steady::time_point{} && end_.code == failure_code::none &&
               scratch_.body.must_rest();
    }
    awaitable<void> rest();
    void finish();

private:
    friend class fanfetch::Parking;

    void parked() noexcept {}
    void cancel_requested();

    void on_head(const ResponseFraming& framing) override;
    void on_data(std::string_view bytes) override;
    void on_end(Http2End end) override;
    void cut_off() noexcept override;

    void await_more();
    [[nodiscard]] Failure too_large() const;
    void settle();
    void leave();
    void wake_with(Failure failure);
    void wake();

    Http2Connection& connection_;
    ExchangeScratch& scratch_;
    const ExchangeOrder& order_;
    ExchangeEnd& end_;
    Reception reception_;
    BodyPace pace_;
    Parking parking_;
    std::size_t held_ = 0;  // bytes whose window has not been given back
    bool whole_ = false;    // the response has come to its end
    bool paused_ = false;   // what comes is not read: the disk is behind, or the bandwidth used up
    bool last_flush_ = false;  // the flush under way has all of the body
    bool flushed_ = false;
    bool ended_ = false;
};

void Http2Exchange::begin() {
    std::vector<FieldView> fields;
    const Http2Request request{outgoing_request(order_, fields), order_.request->body};
    end_.sent_at = Steady::now();
    auto opened = connection_.open(request, scratch_.head, *this);
    if (!opened) {
        end_.unprocessed = true;
        ended_ = true;
        reception_.fail(std::move(opened.error()));
        return;
    }
    limit(
        failure_code::timeout_first_byte,
        saturating_add(end_.sent_at, order_.options->timeouts.first_byte)
    );
}

void Http2Exchange::on_head(const ResponseFraming& framing) {
    end_.head_at = Steady::now();
    end_.http_version = "2";
    pace_.begin(end_.head_at, 0);
    await_more();
    const auto most = order_.options->max_body_bytes;
    bool going_on = reception_.on_head(scratch_.head, framing);
    if (going_on && framing.kind == body_framing::length && framing.length > most) {
        going_on = reception_.fail(too_large());
    }
    if (!going_on) {
        leave();
        wake();
    }
}

void Http2Exchange::on_data(std::string_view bytes) {
    if (!paused_) {
        await_more();
    }
    const bool too_long = body_bytes() > order_.options->max_body_bytes;
    if (too_long || !reception_.on_body(bytes)) {
        if (too_long) {
            reception_.fail(too_large());
        }
        leave();
        wake();
        return;
    }
    if (!paused_ && !scratch_.body.wants_flush() && !scratch_.body.must_rest()) {
        connection_.consumed(*this, bytes.size());
        return;
    }
    held_ += bytes.size();
    parking_.resume_soon();
}

void Http2Exchange::on_end(Http2End end) {
    if (end.code != failure_code::none) {
        end_.unprocessed = end.unprocessed;
        end_.untouched = end.untouched;
        wake_with(failed(end.code, std::move(end.detail)));
        return;
    }
    whole_ = true;
    settle();
    parking_.resume_soon();
}

Failure Http2Exchange::too_large() const {
    return failed(
        failure_code::limit_body_size, "reading the body: more than " +
                                           to_string(ByteSize{order_.options->max_body_bytes}) +
                                           " allowed"
    );
}

/// A response that is whole and has reached the disk, if that is where it goes, is the end.
void Http2Exchange::settle() {
    if (!ended_ && whole_ && (flushed_ || !scratch_.body.on_disk())) {
        (void)reception_.on_complete(body_bytes());
        ended_ = true;
    }
}

awaitable<Expected<void>> Http2Exchange::flush() {
    paused_ = true;
    last_flush_ = whole_;
    // A disk that takes its time is not the origin's fault: only the total time counts meanwhile.
    limit(failure_code::timeout_total, Steady::time_point::max());
    return scratch_.body.flush(last_flush_);
}

awaitable<void> Http2Exchange::rest() {
    paused_ = true;
    if (ended_) {
        stop();
    } else {
        limit(failure_code::timeout_total, Steady::time_point::max());
    }
    co_await scratch_.body.rest();
    paused_ = false;
    if (!scratch_.body.wants_flush()) {
        connection_.consumed(*this, std::exchange(held_, 0));
    }
    if (!ended_ && !whole_) {
        pace_.begin(Steady::now(), body_bytes());
        await_more();
    }
}

void Http2Exchange::on_flushed(const Expected<void>& flushed) {
    paused_ = false;
    flushed_ = last_flush_;
    if (!flushed && !ended_) {
        leave();
        wake_with(flushed.error());
        return;
    }
    if (!scratch_.body.wants_flush()) {
        connection_.consumed(*this, std::exchange(held_, 0));
    }
    settle();
    if (!ended_ && !whole_) {
        pace_.begin(Steady::now(), body_bytes());
        await_more();
    }
}

/// Nothing at all came on the connection for half the time we waited: it may be dead, and is not
/// used again.
void Http2Exchange::cut_off() noexcept {
    const auto now = Steady::now();
    if (now - connection_.last_read() > (now - end_.sent_at) / 2) {
        connection_.retire();
    }
    leave();
    wake_with(time_is_up(expired(), order_.options->timeouts));
}

void Http2Exchange::cancel_requested() {
    leave();
    wake_with(failed(failure_code::cancelled_by_user, "the attempt was cancelled"));
}

/// Moves the limits on for the next piece of the body.
void Http2Exchange::await_more() {
    const auto next = pace_.next(Steady::now(), body_bytes());
    limit(next.code, next.until);
}

void Http2Exchange::leave() {
    if (open()) {
        connection_.give_up(*this);
    }
}

void Http2Exchange::wake_with(Failure failure) {
    if (!ended_) {
        reception_.fail(std::move(failure));
    }
    wake();
}

void Http2Exchange::wake() {
    ended_ = true;
    parking_.resume_soon();
}

void Http2Exchange::finish() {
    stop();
    end_.done_at = Steady::now();
    end_.wire_size = body_bytes();
}

}  // namespace

awaitable<void> run_http2_exchange(
    std::shared_ptr<Http2Connection> connection, ExchangeScratch& scratch, DeadlineWheel& wheel,
    const ExchangeOrder& order, ExchangeEnd& end
) {
    auto& loop = loop_state(co_await boost::asio::this_coro::executor);
    Http2Exchange exchange{*connection, loop, wheel, scratch, order, end};
    exchange.begin();
    while (exchange.running() || exchange.must_rest()) {
        if (exchange.must_rest()) {
            co_await exchange.rest();
        } else if (exchange.wants_flush()) {
            const auto flushed = co_await exchange.flush();
            exchange.on_flushed(flushed);
        } else {
            co_await exchange.wait();
        }
    }
    exchange.finish();
}

}  // namespace fanfetch
