#include "fetch/http_fetcher.hpp"

#include "model/retry_policy.hpp"
#include "net/connector.hpp"

#include <algorithm>
#include <utility>

// What an exchange goes over: how a connection is found or made, and when it is given another try.

namespace fanfetch {
namespace {

/// Whether HTTP/2 is an answer to this request.
bool negotiates(const Url& url, const FetchOptions& options) noexcept {
    return url.https() && options.http_version != http_version::one;
}

void add_steps(Timing& timing, const DialReport& report) noexcept {
    timing.dns += report.dns;
    timing.connect += report.connect;
    timing.tls += report.tls;
}

/// An origin that refuses again and again has no use for us.
constexpr int most_unprocessed = 3;

}  // namespace

TlsVerdict tls_verdict_of(const DialReport& report) {
    return {report.tls_version, report.tls_cipher, report.tls_verified, report.tls_verdict};
}

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
    // What an earlier hop went over is not what this one did.
    course.outcome.attempt.remote_address.clear();
    course.outcome.attempt.reused_connection = false;
    course.outcome.attempt.tls = {};
    if (options.http_version == http_version::two && !negotiating) {
        co_return failed(
            failure_code::http_h2_error, "agreeing on HTTP/2: it is spoken over TLS only"
        );
    }
    Http2Pool::Turn turn{Http2Pool::next_step::dial, nullptr};
    if (negotiating) {
        auto dialled_by = connect_deadline(course);
        if (parts_.places != nullptr) {
            dialled_by += place_patience;  // that somebody else's dial may take for ours
        }
        const Http2Pool::Patience patience{dialled_by, course.deadline};
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
    auto dialled = co_await dial(course, key, negotiating, line);
    if (!dialled) {
        if (!course.outcome.put_off) {  // else the next one stands in line, and the others wait
            Http2Pool::failed_to_dial(turn);
        }
        co_return std::move(dialled.error());
    }
    if (line.own->report.http2) {
        line.shared = shared_.adopt(turn, key, std::move(line.own));
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

awaitable<Expected<void>> HttpFetcher::dial(
    Course& course, const std::string& key, bool offer_http2, Line& line
) {
    const auto& options = *course.order.options;
    PlaceWait wait;
    // One that has served speaks HTTP/1.1.
    wait.takes_kept = options.http_version != http_version::two;
    DialOrder order;
    order.url = &course.request.url;
    order.deadline = connect_deadline(course);
    order.check =
        options.verify == tls_verify::strict ? peer_check::required : peer_check::recorded;
    order.offer_http2 = offer_http2;
    order.tenant = course.order.tenant;
    order.session_key = key;
    order.wait = &wait;
    DialReport how_far;
    order.failed = &how_far;
    auto dialled = co_await parts_.gate->connect(std::move(order));
    course.deadline = std::min(saturating_add(course.deadline, wait.waited), course.order.deadline);
    if (wait.in_vain) {
        no_place(course);
    }
    auto& attempt = course.outcome.attempt;
    if (!dialled) {
        add_steps(attempt.timing, how_far);
        attempt.remote_address = std::move(how_far.remote_address);
        attempt.tls = tls_verdict_of(how_far);
        co_return std::move(dialled.error());
    }
    line.own = std::move(*dialled);
    line.reused = wait.kept;
    if (!wait.kept) {
        add_steps(attempt.timing, line.own->report);
    }
    co_return Expected<void>{};
}

/// The item holds up nobody while it waits: it comes again, and this was no attempt.
void HttpFetcher::no_place(Course& course) {
    constexpr std::chrono::seconds pause{1};
    course.outcome.put_off =
        NotAdmitted{wait_reason::host_concurrency, parts_.clock->now() + pause};
}

}  // namespace fanfetch
