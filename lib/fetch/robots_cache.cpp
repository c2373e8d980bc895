#include "fetch/robots_cache.hpp"

#include "model/retry_policy.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <iterator>
#include <utility>

namespace fanfetch {
namespace {

namespace asio = boost::asio;

using LoopTimer = asio::basic_waitable_timer<Steady, asio::wait_traits<Steady>, LoopExecutor>;

/// What a robots.txt is fetched with. More than is read of it may come; much more is no answer.
FetchOptions robots_options(tls_verify verify) {
    constexpr std::uint64_t longest_body = 1U << 20U;
    constexpr int most_redirects = 5;
    FetchOptions options;
    options.redirects.max = most_redirects;
    options.max_body_bytes = longest_body;
    options.timeouts.total = std::chrono::seconds{30};
    options.verify = verify;
    return options;
}

/// The origin has no robots.txt, as opposed to one that cannot be had just now.
bool unavailable(const FetchOutcome& outcome) noexcept {
    constexpr std::uint16_t too_many_requests = 429;
    switch (outcome.code) {
        case failure_code::http_status:
            return outcome.status >= 300 && outcome.status < 500 &&
                   outcome.status != too_many_requests;
        case failure_code::http_redirect_limit:
        case failure_code::http_redirect_invalid:
        case failure_code::url_scheme:
            return true;
        case failure_code::policy_address:
        case failure_code::policy_port:
        case failure_code::policy_host:
            return outcome.attempt.redirects.empty();
        default:
            return false;
    }
}

}  // namespace

struct RobotsCache::Entry {
    std::string key;
    Rules rules;
    Steady::time_point until;
};

RobotsCache::RobotsCache(Parts parts) : parts_{std::move(parts)} {}

RobotsCache::~RobotsCache() = default;

std::string RobotsCache::key_of(const RobotsQuestion& question) {
    std::string key{question.url->scheme()};
    key += "://";
    key += question.url->host_key();
    key += '/';
    key += std::to_string(static_cast<int>(question.verify));
    key += question.tenant;
    return key;
}

RobotsCache::Rules RobotsCache::find(const RobotsQuestion& question) {
    const auto found = by_key_.find(key_of(question));
    if (found == by_key_.end()) {
        return nullptr;
    }
    const auto entry = found->second;
    if (entry->until <= parts_.clock->now()) {
        drop(entry);
        return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    return entry->rules;
}

void RobotsCache::ask(const RobotsQuestion& question, std::function<void(Rules)> told) {
    auto key = key_of(question);
    const auto [flight, fresh] = flights_.try_emplace(key);
    flight->second.told.push_back(std::move(told));
    if (!fresh) {
        return;
    }
    auto url = question.url->resolve("/robots.txt");
    if (!url) {  // an origin that leaves no room for it: such a URL could not have been read
        land(key, std::make_shared<RobotsRules>(RobotsRules::allow_all()), life);
        return;
    }
    parts_.spawn(fly(std::move(key), std::move(*url), std::string{question.tenant}, question.verify)
    );
}

awaitable<Expected<void>> RobotsCache::check(RobotsQuestion question, Steady::time_point deadline) {
    auto rules = find(question);
    if (!rules) {
        struct Wait {
            explicit Wait(LoopExecutor loop) : timer{loop} {}
            LoopTimer timer;
            Rules rules;
        };
        auto wait = std::make_shared<Wait>(parts_.loop);
        wait->timer.expires_at(deadline);
        ask(question, [wait](Rules told) {
            wait->rules = std::move(told);
            wait->timer.expires_at(Steady::time_point::min());
        });
        if (!wait->rules) {
            co_await wait->timer.async_wait(no_throw);
        }
        rules = std::exchange(wait->rules, nullptr);
        const auto cancelled = co_await asio::this_coro::cancellation_state;
        if (!rules && cancelled.cancelled() == asio::cancellation_type::none &&
            parts_.clock->now() >= deadline) {
            co_return failed(
                failure_code::timeout_total, "waiting for a robots.txt: the time is up"
            );
        }
    }
    if (!rules) {
        co_return failed(failure_code::cancelled_by_user, "the attempt was cancelled");
    }
    co_return judge(*rules, *question.url);
}

Expected<void> RobotsCache::judge(const RobotsRules& rules, const Url& url) {
    if (rules.allows(url.target())) {
        return {};
    }
    return failed(
        failure_code::policy_robots, rules.why().empty()
                                         ? std::string{"asking robots.txt: it disallows this path"}
                                         : "asking robots.txt: it cannot be had: " + rules.why()
    );
}

std::optional<Steady::time_point> RobotsCache::asked_at(const std::string& key) const {
    const auto flight = flights_.find(key);
    return flight == flights_.end() ? std::nullopt : flight->second.asked_at;
}

awaitable<void> RobotsCache::fetch(Flight& flight, const FetchOrder& order, FetchOutcome& outcome) {
    flight.asked_at = parts_.clock->now();
    co_await parts_.fetcher->fetch(order, outcome);
    flight.asked_at.reset();
}

/// One attempt, made when the hosts it leads to admit it.
awaitable<void> RobotsCache::ask_origin(Flight& flight, FetchOrder order, FetchOutcome& outcome) {
    if (!parts_.visits) {
        co_await fetch(flight, order, outcome);
        co_return;
    }
    LoopTimer timer{parts_.loop};
    for (;;) {
        const auto visits = parts_.visits();
        order.visits = visits.get();
        auto refused = co_await visits->enter(*order.url);
        if (!refused) {
            outcome = FetchOutcome{};
            co_await fetch(flight, order, outcome);
            visits->end(outcome);
            refused = outcome.put_off;
        }
        if (!refused) {
            co_return;
        }
        timer.expires_at(refused->until);
        co_await timer.async_wait(no_throw);
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) {
            outcome.code = failure_code::cancelled_by_user;
            co_return;
        }
    }
}

/// One robots.txt, with its retries.
awaitable<void> RobotsCache::fly(std::string key, Url url, std::string tenant, tls_verify verify) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto options = robots_options(verify);
    const RetryPolicy policy{options.retry, options.method, parts_.longest_retry_after};
    FetchOrder order;
    order.url = &url;
    order.options = &options;
    order.tenant = tenant;
    order.store_body = store_body::never;
    order.show_body = true;
    LoopTimer timer{parts_.loop};
    auto& flight = flights_.at(key);
    for (int attempt = 1;; ++attempt) {
        FetchOutcome outcome;
        co_await ask_origin(flight, order, outcome);
        AttemptEnd end;
        end.code = outcome.code;
        end.status = outcome.status;
        end.attempt = attempt;
        end.retry_after = outcome.retry_after;
        if (const auto pause = policy.pause_after(end, *parts_.random)) {
            timer.expires_after(*pause);
            const auto [stopped] = co_await timer.async_wait(no_throw);
            if (!stopped) {
                continue;
            }
            outcome.code = failure_code::cancelled_by_user;
        }
        if (outcome.code == failure_code::cancelled_by_user) {
            land(key, nullptr, {});
            co_return;
        }
        if (outcome.code == failure_code::none && !outcome.spilled) {
            auto rules = RobotsRules::parse(outcome.payload, product_token(parts_.user_agent));
            land(key, std::make_shared<RobotsRules>(std::move(rules)), life);
        } else if (unavailable(outcome)) {
            land(key, std::make_shared<RobotsRules>(RobotsRules::allow_all()), life);
        } else {
            auto why = std::string{dotted(outcome.code, outcome.status)};
            auto rules = RobotsRules::disallow_all(std::move(why));
            land(key, std::make_shared<RobotsRules>(std::move(rules)), life_of_refusal);
        }
        co_return;
    }
}

void RobotsCache::land(const std::string& key, Rules rules, std::chrono::milliseconds kept) {
    auto flight = flights_.extract(key);
    if (rules) {
        put(key, rules, saturating_add(parts_.clock->now(), kept));
    }
    for (auto& told : flight.mapped().told) {
        told(rules);
    }
}

/// What was asked for longest ago makes room; the newest stays, however large it is.
void RobotsCache::put(const std::string& key, Rules rules, Steady::time_point until) {
    if (const auto old = by_key_.find(key); old != by_key_.end()) {
        drop(old->second);
    }
    bytes_ += rules->bytes() + 2 * key.size() + sizeof(Entry);
    entries_.push_front({key, std::move(rules), until});
    by_key_.emplace(key, entries_.begin());
    while (bytes_ > most_bytes && entries_.size() > 1) {
        drop(std::prev(entries_.end()));
    }
}

void RobotsCache::drop(Entries::iterator entry) {
    bytes_ -= entry->rules->bytes() + 2 * entry->key.size() + sizeof(Entry);
    by_key_.erase(entry->key);
    entries_.erase(entry);
}

}  // namespace fanfetch
