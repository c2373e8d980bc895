#include "http/session_body.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

using enum failure_code;

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

awaitable<Expected<std::string>> RequestBody::read_all(std::uint64_t limit) {
    const auto too_large = [limit] {
        return failed(
            api_body_too_large,
            "reading the body: it is larger than " + std::to_string(limit) + " bytes"
        );
    };
    if (declared_size().value_or(0) > limit) {
        co_return too_large();
    }
    std::string all;
    for (;;) {
        const auto piece = co_await next();
        if (!piece) {
            co_return piece.error();
        }
        if (piece->empty()) {
            co_return all;
        }
        if (piece->size() > limit - all.size()) {
            co_return too_large();
        }
        all += *piece;
    }
}

SessionBody::SessionBody(
    SessionIo& io, SessionWatch& watch, const ServerLimits& limits, const RequestFraming& framing
)
    : io_{io},
      watch_{watch},
      limits_{limits},
      framing_{framing},
      reader_{framing},
      awaits_continue_{framing.expects_continue} {
    if (reader_.done()) {
        watch_.body_ended();
    }
}

awaitable<Expected<std::string_view>> SessionBody::next() {
    while (!failure_ && !reader_.done()) {
        const auto step = reader_.take(io_.buffer().unread());
        if (!step) {
            co_return fail(step.error());
        }
        io_.buffer().consume(step->used);
        if (!step->piece.empty()) {
            received_ += step->piece.size();
            co_return step->piece;
        }
        if (reader_.done()) {
            break;
        }
        if (auto failure = co_await wait_for_bytes()) {
            co_return fail(*std::move(failure));
        }
    }
    if (failure_) {
        co_return *failure_;
    }
    watch_.body_ended();
    co_return std::string_view{};
}

awaitable<std::optional<Failure>> SessionBody::wait_for_bytes() {
    if (std::exchange(awaits_continue_, false)) {
        const WriteBuffers line{boost::asio::buffer(continue_line)};
        co_await io_.send(line, limits_.write_stall);  // a failure shows at the read below
    }
    const auto began = Steady::now();
    const auto end = co_await io_.fill(SessionBuffer::body_bytes, deadline());
    waited_ += Steady::now() - began;
    switch (end) {
        case read_end::data:
            co_return std::nullopt;
        case read_end::timed_out:
            co_return failed(api_timeout, "reading the body: it comes too slowly");
        default:
            co_return failed(upload_aborted, "reading the body: the connection ended before it");
    }
}

Steady::time_point SessionBody::deadline() const noexcept {
    using Seconds = std::chrono::duration<double>;
    const auto rate =
        static_cast<double>(std::max<std::uint64_t>(limits_.min_upload_rate.bytes, 1));
    const Seconds earned{static_cast<double>(received_) / rate};
    // What came early buys time, but no more than the client may be idle between requests.
    const auto allowed = limits_.header_timeout + earned - waited_;
    const auto limit = std::min<Seconds>(allowed, limits_.idle_timeout);
    return after(std::chrono::duration_cast<Steady::duration>(limit));
}

Failure SessionBody::fail(Failure failure) {
    failure_ = std::move(failure);
    if (failure_->code == upload_aborted) {
        watch_.report_gone();
    }
    return *failure_;
}

std::optional<std::uint64_t> SessionBody::declared_size() const {
    return framing_.length;
}

bool SessionBody::can_drain() const noexcept {
    if (reader_.done()) {
        return true;
    }
    const bool short_enough =
        !framing_.length || *framing_.length - received_ <= limits_.drained_bytes;
    return !failure_ && !awaits_continue_ && short_enough;
}

awaitable<bool> SessionBody::drain() {
    if (!can_drain()) {
        co_return false;
    }
    const auto most = received_ + limits_.drained_bytes;
    while (!reader_.done()) {
        const auto piece = co_await next();
        if (!piece || received_ > most) {
            co_return false;
        }
    }
    co_return true;
}

}  // namespace fanfetch
