#include "fetch/http_fetcher.hpp"

#include "fetch/expectations.hpp"
#include "fetch/http2_exchange.hpp"
#include "fetch/robots_cache.hpp"
#include "fetch/stored_head.hpp"
#include "future/errors.hpp"
#include "http/retry_after.hpp"
#include "model/request_rules.hpp"
#include "model/retry_policy.hpp"
#include "model/validators.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <utility>

namespace fanfetch {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

constexpr std::uint16_t not_modified_status = 304;

bool unverified(const Url& url, const DialReport& report) noexcept {
    return url.https() && !report.tls_verified;
}

/// Whether a transfer ended for a reason that has nothing to do with what was transferred.
bool broke_off(const ExchangeEnd& end) noexcept {
    switch (end.code) {
        case failure_code::connect_reset:
        case failure_code::http_truncated:
        case failure_code::timeout_idle:
        case failure_code::timeout_total:
        case failure_code::timeout_low_speed:
        case failure_code::http_h2_error:
            return end.head != nullptr && !end.start_over;
        default:
            return false;
    }
}

microseconds between(Steady::time_point from, Steady::time_point to) {
    return std::max(duration_cast<microseconds>(to - from), microseconds{0});
}

/// Several Locations that differ lead to different places for different readers.
bool contradictory(const HeaderBlock& fields, std::string_view name) {
    const auto first = fields.find(name);
    bool differs = false;
    fields.for_each(name, [&](std::string_view value) { differs = differs || value != first; });
    return differs;
}

Http2Pool::Limits shared_limits(const ConnectionPool::Limits& limits, std::uint64_t header_bytes) {
    Http2Pool::Limits shared;
    shared.idle_limit = limits.idle_limit;
    shared.most = limits.most;
    shared.connection.header_bytes = static_cast<std::size_t>(header_bytes);
    return shared;
}

}  // namespace

/// Looks after the idle connections once a second while there are any.
class HttpFetcher::SweepTimer final : public DeadlineEntry {
public:
    static constexpr std::chrono::seconds interval{1};

    SweepTimer(HttpFetcher& owner, DeadlineWheel& wheel) : owner_{owner}, wheel_{wheel} {}

    void keep_going(Steady::time_point now) {
        if (!armed()) {
            wheel_.arm(*this, now + interval);
        }
    }

private:
    void expire() noexcept override {
        const auto now = owner_.parts_.clock->now();
        owner_.pool_.sweep(now);
        owner_.shared_.sweep(now);
        if (owner_.pool_.size() > 0 || !owner_.shared_.empty()) {
            keep_going(now);
        }
    }

    HttpFetcher& owner_;
    DeadlineWheel& wheel_;
};

HttpFetcher::HttpFetcher(Parts parts)
    : parts_{std::move(parts)},
      wheel_{deadlines_of(parts_.loop)},
      pool_{parts_.pool},
      shared_{shared_limits(parts_.pool, parts_.max_header_bytes)},
      sweep_{std::make_unique<SweepTimer>(*this, wheel_)},
      alive_{std::make_shared<HttpFetcher*>(this)} {
    if (parts_.places != nullptr) {
        const std::weak_ptr<HttpFetcher*> weak = alive_;
        parts_.places->add_holder(parts_.loop, [weak](const IpAddress& address, std::size_t count) {
            if (const auto self = weak.lock()) {
                const auto given_up = (*self)->pool_.give_up(address, count);
                (*self)->shared_.give_up_idle(address, count - given_up);
            }
        });
    }
}

HttpFetcher::~HttpFetcher() = default;

void HttpFetcher::sweep_later() {
    sweep_->keep_going(parts_.clock->now());
}

awaitable<void> HttpFetcher::fetch(FetchOrder order, FetchOutcome& outcome) {
    const auto& options = *order.options;
    const auto started = parts_.clock->now();
    outcome.attempt.started_at = parts_.clock->wall();
    Course course{
        .request = {*order.url, options.method, options.headers, options.body},
        .order = order,
        .deadline = std::min(saturating_add(started, options.timeouts.total), order.deadline),
        .outcome = outcome,
    };
    if (!options.conditional.empty()) {
        override_headers(course.request.headers, condition_fields(options.conditional));
    }
    auto scratch = lease_scratch();
    try {
        for (bool going_on = true; going_on;) {
            ExchangeEnd end;
            co_await one_hop(course, *scratch, end);
            if (end.code == failure_code::none && end.redirect) {
                going_on = follow(course, *end.head);
                if (going_on) {
                    going_on = co_await go_there(course, end);
                }
            } else {
                conclude(course, *scratch, end);
                going_on = false;
            }
        }
    } catch (const CancelledError&) {
        outcome.code = failure_code::cancelled_by_user;
    } catch (const boost::system::system_error& error) {
        const bool aborted = error.code() == boost::asio::error::operation_aborted;
        outcome.code = aborted ? failure_code::cancelled_by_user : failure_code::internal;
        outcome.detail = error.what();
    }
    return_scratch(std::move(scratch));
    outcome.attempt.timing.total = between(started, parts_.clock->now());
}

/// Makes the request of the next hop; false when there is none, which the outcome says then.
bool HttpFetcher::follow(Course& course, const ResponseHead& head) {
    auto& hops = course.outcome.attempt.redirects;
    const auto location = head.fields.find("location").value_or("");
    auto next = contradictory(head.fields, "location")
                    ? Expected<HopRequest>{failed(
                          failure_code::http_redirect_invalid,
                          "following a redirect: there are several targets"
                      )}
                    : next_hop(
                          course.request, head.status, location, static_cast<int>(hops.size()),
                          course.order.options->redirects
                      );
    if (!next) {
        course.outcome.code = next.error().code;
        course.outcome.detail = std::move(next.error().detail);
        course.outcome.status = head.status;
        if (course.outcome.code == failure_code::http_redirect_cross_origin) {
            if (const auto target = course.request.url.resolve(location)) {
                hops.push_back({head.status, target->href()});
            }
        }
        return false;
    }
    course.request = std::move(*next);
    course.outcome.final_url = course.request.url.href();
    hops.push_back({head.status, course.outcome.final_url});
    return true;
}

/// Whether we may go where a redirect leads; the outcome says if not. Neither a robots.txt nor the
/// other host is waited for while this one is held, and that time is not the attempt's.
awaitable<bool> HttpFetcher::go_there(Course& course, const ExchangeEnd& end) {
    const auto& order = course.order;
    const auto& to = course.request.url;
    const bool elsewhere = order.visits != nullptr && order.visits->elsewhere(to);
    if (elsewhere) {
        order.visits->leave(end.head->status, between(end.sent_at, end.head_at));
    }
    if (order.robots != nullptr) {
        const bool allowed = co_await robots_allow(course);
        if (!allowed) {
            co_return false;
        }
    }
    if (!elsewhere) {
        co_return true;
    }
    const auto asked = parts_.clock->now();
    const auto refused = co_await order.visits->enter(to);
    const auto waited = parts_.clock->now() - asked;
    course.deadline = std::min(saturating_add(course.deadline, waited), order.deadline);
    const auto cancelled = co_await boost::asio::this_coro::cancellation_state;
    if (cancelled.cancelled() != boost::asio::cancellation_type::none) {
        course.outcome.code = failure_code::cancelled_by_user;
        co_return false;
    }
    if (refused) {
        course.outcome.put_off = refused;
        course.outcome.code = failure_code::internal;
        course.outcome.detail = "following a redirect: its host does not admit us yet";
    }
    co_return !refused;
}

/// Whether the robots.txt of where a redirect leads lets us go there; the outcome says if not.
awaitable<bool> HttpFetcher::robots_allow(Course& course) {
    const RobotsQuestion question{
        course.order.tenant, &course.request.url, course.order.options->verify};
    const auto allowed = co_await course.order.robots->check(question, course.deadline);
    if (!allowed) {
        auto& outcome = course.outcome;
        outcome.code = allowed.error().code;
        outcome.detail = allowed.error().detail;
        outcome.status = outcome.attempt.redirects.back().status;
    }
    co_return allowed.has_value();
}

awaitable<void> HttpFetcher::one_hop(Course& course, ExchangeScratch& scratch, ExchangeEnd& end) {
    const auto& options = *course.order.options;
    const auto key = ConnectionPool::key(course.request.url, options.verify, course.order.tenant);
    ExchangeOrder order;
    order.request = &course.request;
    order.options = &options;
    order.user_agent = parts_.user_agent;
    order.max_header_bytes = parts_.max_header_bytes;
    order.store_body = course.order.store_body;
    order.show_body = course.order.show_body;
    order.hash_later = course.order.hash_later;
    order.may_redirect = true;
    auto* const kept = course.order.partial;
    if (kept != nullptr && *kept && (*kept)->url == course.request.url.href() &&
        course.request.method == "GET") {
        order.partial = kept->get();
    }

    auto& attempt = course.outcome.attempt;
    Line line = take_kept(course, key);
    Repeats repeats;
    for (;;) {
        if (!line.there()) {
            auto connected = co_await connect(course, key, line);
            if (!connected) {
                if (connected.error().code == failure_code::queue_full && !course.outcome.put_off) {
                    // Nobody uses their descriptors, and the store may need one.
                    renew_connections();
                }
                end.code = connected.error().code;
                end.detail = std::move(connected.error().detail);
                co_return;
            }
        }
        order.total_deadline = course.deadline;  // later, perhaps, than before it stood in line
        attempt.remote_address = line.report().remote_address;
        attempt.reused_connection = line.reused;
        if (options.verify == tls_verify::label && unverified(course.request.url, line.report())) {
            drop_credentials(course.request.headers);  // for good, as across origins
        }
        if (line.shared) {
            co_await run_http2_exchange(line.shared, scratch, wheel_, order, end);
            shared_.done_with(*line.shared, key);
        } else {
            co_await run_exchange(*line.own, scratch, wheel_, order, end);
        }
        if (end.expectation_failed) {
            order.may_expect = false;
        } else if (!end.start_over && !send_again(course, line, end, repeats)) {
            break;
        }
        if (end.start_over) {
            order.partial = nullptr;
            kept->reset();
        }
        end = ExchangeEnd{};
        line = Line{};
    }
    if (line.shared || line.own->tls) {
        attempt.tls = tls_verdict_of(line.report());
    }
    if (order.partial != nullptr && !end.resumed && end.head != nullptr) {
        kept->reset();  // the whole came, or something else
    }
    if (kept != nullptr && scratch.body.on_disk() && broke_off(end)) {
        co_await keep_partial(course, scratch, end);
    }
    if (end.reusable) {
        keep(key, std::move(line.own), end);
    }
}

/// Keeps a connection for the next one who comes, unless somebody waits for it or for its place.
void HttpFetcher::keep(
    const std::string& key, std::unique_ptr<Connection> connection, const ExchangeEnd& end
) {
    if (AddressPlace::after_use(connection, key, end.done_at) == place_use::keep) {
        pool_.put(key, std::move(connection), end.done_at);
        sweep_->keep_going(end.done_at);
    }
}

/// Keeps what came of a large body, if the rest of it can be asked for.
awaitable<void> HttpFetcher::keep_partial(
    Course& course, ExchangeScratch& scratch, const ExchangeEnd& end
) {
    auto& kept = *course.order.partial;
    const auto& request = course.request;
    auto next = end.resumed ? std::move(kept) : std::make_unique<PartialBody>();
    kept.reset();
    if (!end.resumed) {
        const auto& head = *end.head;
        next->validator = range_validator(head);
        if (next->validator.empty() || !end.accepted || scratch.decoder ||
            request.method != "GET" || asks_for_range(request.headers) || !end.announced) {
            co_return;
        }
        next->url = request.url.href();
        next->complete = *end.announced;
        next->head = stored_head(head, {*end.announced, false});
        next->content_type = head.fields.find("content-type").value_or("");
        next->http_version = end.http_version;
    }
    const auto flushed = co_await scratch.body.flush(true);
    if (!flushed) {
        co_return;
    }
    next->wire_size += end.wire_size;
    scratch.body.suspend(*next);
    next->range = "bytes=" + std::to_string(next->size) + "-";
    kept = std::move(next);
}

/// Makes the outcome of the last exchange.
void HttpFetcher::conclude(Course& course, ExchangeScratch& scratch, const ExchangeEnd& end) {
    auto& outcome = course.outcome;
    outcome.code = end.code;
    outcome.detail = end.detail;
    outcome.wire_size = end.wire_size;
    if (end.head == nullptr) {  // no response
        if (end.sent_at != Steady::time_point{}) {
            outcome.attempt.timing.first_byte = between(end.sent_at, end.done_at);
        }
        return;
    }
    outcome.attempt.timing.first_byte = between(end.sent_at, end.head_at);
    outcome.attempt.timing.download = between(end.head_at, end.done_at);
    const auto& head = *end.head;
    outcome.status = head.status;
    outcome.http_version = end.http_version;
    outcome.content_type = head.fields.find("content-type").value_or("");
    if (end.code != failure_code::none) {
        return;  // cut off: nothing of it is stored
    }
    scratch.body.finish(outcome);
    const auto& options = *course.order.options;
    if (head.status == not_modified_status && asked_conditionally(course.request.headers)) {
        outcome.code = failure_code::http_not_modified;
        outcome.detail = "the response: it has not changed";
        outcome.sha256.reset();  // of nothing: there was no body
        outcome.keep_payload = false;
        outcome.head = stored_head(head, {std::nullopt, false});
        return;
    }
    outcome.keep_payload = course.order.store_body == store_body::always ||
                           (course.order.store_body == store_body::success && end.accepted) ||
                           outcome.spilled != nullptr;
    const bool bodiless = course.request.method == "HEAD" || head.status == not_modified_status;
    outcome.head = stored_head(
        head, {bodiless ? std::nullopt : std::optional{outcome.size}, scratch.decoder.has_value()}
    );
    if (end.resumed) {  // what is recorded is the response that began it, now that it is whole
        auto& begun = **course.order.partial;
        outcome.status = 200;
        outcome.wire_size += begun.wire_size;
        outcome.head = std::move(begun.head);
        outcome.content_type = std::move(begun.content_type);
        outcome.http_version = std::move(begun.http_version);
        course.order.partial->reset();
    }
    if (!end.accepted) {
        outcome.code = failure_code::http_status;
        outcome.detail = "the response: " + std::to_string(head.status) +
                         (head.reason.empty() ? "" : " " + head.reason);
        if (const auto value = head.fields.find("retry-after")) {
            outcome.retry_after = parse_retry_after(*value, parts_.clock->wall());
        }
        return;
    }
    const auto size = bodiless ? size_told(head) : outcome.size;
    if (auto difference = unmet(options.expect, outcome, size)) {
        outcome.code = difference->code;
        outcome.detail = std::move(difference->detail);
    }
}

std::unique_ptr<ExchangeScratch> HttpFetcher::lease_scratch() {
    if (scratches_.empty()) {
        return std::make_unique<ExchangeScratch>(parts_.body);
    }
    auto scratch = std::move(scratches_.back());
    scratches_.pop_back();
    return scratch;
}

void HttpFetcher::return_scratch(std::unique_ptr<ExchangeScratch> scratch) {
    constexpr std::size_t kept = 64;  // less than a megabyte
    if (scratches_.size() < kept) {
        scratch->buffer.shrink();
        scratches_.push_back(std::move(scratch));
    }
}

}  // namespace fanfetch
