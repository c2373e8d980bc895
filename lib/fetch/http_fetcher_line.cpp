#include "fetch/http_fetcher.hpp"

#include "model/retry_policy.hpp"

#include <algorithm>
#include <utility>

// What an exchange goes over: how a connection is found or made, and when it is given another try.

namespace fanfetch {
namespace {

/// Whether HTTP/2 is an answer to this request.
bool negotiates(const Url& url, const FetchOptions& options) noexcept {
    return url.https() && options.http_version != http_version::one;
}

/// An origin that refuses again and again has no use for us.
constexpr int most_unprocessed = 3;

}  // namespace

/// What is open already.
HttpFetcher::Line HttpFetcher::take_kept(const Course& course, const std::string& key) {
    const auto& options = *course.order.options;
    Line line;
    if (options.http_version != http_version::two) {
        line.own = pool_.take(key);
    }
    if (!line.own && negotiates(course.request.url, options)) {
        line.shared = shared_.take(key);
    }
    line.reused = line.there();
    return line;
}

awaitable<Expected<void>> HttpFetcher::connect(Course& course, const std::string& key, Line& line) {
    const auto& options = *course.order.options;
    const bool negotiating = negotiates(course.request.url, options);
    if (options.http_version == http_version::two && !negotiating) {
        co_return failed(
            failure_code::http_h2_error, "agreeing on HTTP/2: it is spoken over TLS only"
        );
    }
    Http2Pool::Turn turn{Http2Pool::next_step::dial, nullptr};
    if (negotiating) {
        const Http2Pool::Patience patience{connect_deadline(course), course.deadline};
        turn = co_await shared_.turn(key, patience);
    }
    if (turn.step == Http2Pool::next_step::use) {
        line.shared = std::move(turn.connection);
        line.reused = true;
        co_return Expected<void>{};
    }
    if (turn.step == Http2Pool::next_step::give_up) {
        const bool total = parts_.clock->now() >= course.deadline;
        co_return failed(
            total ? failure_code::timeout_total : failure_code::connect_timeout,
            "waiting for a connection: the time is up"
        );
    }
    auto dialled = co_await dial(course, key, negotiating);
    if (!dialled) {
        Http2Pool::failed_to_dial(turn);
        co_return std::move(dialled.error());
    }
    if ((*dialled)->report.http2) {
        line.shared = shared_.adopt(turn, key, std::move(*dialled));
        sweep_later();
        co_return Expected<void>{};
    }
    if (negotiating) {
        shared_.found_http1(turn, key);
        sweep_later();
    }
    if (options.http_version == http_version::two) {
        co_return failed(
            failure_code::http_h2_error, "agreeing on HTTP/2: the origin does not speak it"
        );
    }
    line.own = std::move(*dialled);
    co_return Expected<void>{};
}

bool HttpFetcher::send_again(
    const Course& course, const Line& line, const ExchangeEnd& end, Repeats& repeats
) {
    if (end.unprocessed) {
        return ++repeats.unprocessed <= most_unprocessed;
    }
    return line.reused && end.untouched && safe(course.request.method) &&
           !std::exchange(repeats.after_close, true);
}

Steady::time_point HttpFetcher::connect_deadline(const Course& course) const {
    const auto limit = course.order.options->timeouts.connect;
    return std::min(course.deadline, saturating_add(parts_.clock->now(), limit));
}

awaitable<Expected<std::unique_ptr<Connection>>> HttpFetcher::dial(
    Course& course, const std::string& key, bool offer_http2
) {
    const auto& options = *course.order.options;
    DialOrder order;
    order.url = &course.request.url;
    order.deadline = connect_deadline(course);
    order.check =
        options.verify == tls_verify::strict ? peer_check::required : peer_check::recorded;
    order.offer_http2 = offer_http2;
    order.tenant = course.order.tenant;
    order.session_key = key;
    auto dialled = co_await parts_.gate->connect(std::move(order));
    if (dialled) {
        const auto& report = (*dialled)->report;
        auto& timing = course.outcome.attempt.timing;
        timing.dns += report.dns;
        timing.connect += report.connect;
        timing.tls += report.tls;
    }
    co_return dialled;
}

}  // namespace fanfetch
