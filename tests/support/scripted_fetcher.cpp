#include "support/scripted_fetcher.hpp"

#include "fetch/hasher.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <new>

namespace fanfetch::testing {

namespace asio = boost::asio;

void ScriptedFetcher::answer(
    const std::string& url, std::uint16_t status,
    std::optional<std::chrono::milliseconds> retry_after
) {
    const auto code = status < 300 ? failure_code::none : failure_code::http_status;
    script_[url].push_back({status, code, false, retry_after});
}

void ScriptedFetcher::fail(const std::string& url, failure_code code) {
    script_[url].push_back({0, code, false, {}});
}

void ScriptedFetcher::hang(const std::string& url) {
    script_[url].push_back({0, {}, true, {}});
}

void ScriptedFetcher::spill(const std::string& url, std::unique_ptr<SpilledBody> body) {
    spilled_[url] = std::move(body);
}

std::size_t ScriptedFetcher::attempts(const std::string& url) const {
    const auto found = attempts_.find(url);
    return found == attempts_.end() ? 0 : found->second;
}

std::size_t ScriptedFetcher::attempts_of(const std::string& tenant) const {
    const auto found = attempts_of_.find(tenant);
    return found == attempts_of_.end() ? 0 : found->second;
}

std::size_t ScriptedFetcher::in_flight_of(const std::string& tenant) const {
    const auto found = in_flight_of_.find(tenant);
    return found == in_flight_of_.end() ? 0 : found->second;
}

ScriptedFetcher::Step ScriptedFetcher::next(const std::string& url) {
    ++attempts_[url];
    const auto found = script_.find(url);
    if (found == script_.end()) {
        return {};
    }
    const auto step = found->second.front();
    if (found->second.size() > 1) {
        found->second.pop_front();
    }
    return step;
}

std::size_t ScriptedFetcher::most_in_flight(const std::string& beginning) const {
    std::size_t most = 0;
    for (const auto& [origin, count] : most_running_) {
        most += origin.starts_with(beginning) ? count : 0;
    }
    return most;
}

Steady::time_point ScriptedFetcher::asked_at(const std::string& url) const {
    const auto found = asked_at_.find(url);
    return found == asked_at_.end() ? Steady::time_point{} : found->second;
}

/// One request; whether it was cancelled.
awaitable<bool> ScriptedFetcher::pass_time(const std::string& url, bool hangs) {
    const auto origin = url.substr(0, url.find('/', url.find("//") + 2));
    const auto own = running_.insert(origin);
    auto& most = most_running_[origin];
    most = std::max(most, running_.count(origin));
    most_in_flight_ = std::max(most_in_flight_, ++in_flight_);
    asked_at_[url] = Steady::now();
    const LoopExecutor loop = co_await asio::this_coro::executor;
    asio::basic_waitable_timer<Steady, asio::wait_traits<Steady>, LoopExecutor> timer{loop};
    if (hangs) {
        timer.expires_at(Steady::time_point::max());
    } else {
        timer.expires_after(time_);
    }
    const auto [error] = co_await timer.async_wait(no_throw);
    running_.erase(own);
    --in_flight_;
    co_return static_cast<bool>(error);
}

awaitable<void> ScriptedFetcher::fetch(FetchOrder order, FetchOutcome& outcome) {
    auto url = order.url->href();
    if (lost_.contains(url)) {
        auto initiate = [](auto&&) { throw std::bad_alloc{}; };
        const asio::use_awaitable_t<LoopExecutor> token;
        co_await asio::async_initiate<const asio::use_awaitable_t<LoopExecutor>, void()>(
            initiate, token
        );
    }
    auto step = next(url);
    const std::string tenant{order.tenant};
    ++attempts_of_[tenant];
    ++in_flight_of_[tenant];
    bool error = co_await pass_time(url, step.hangs);
    for (auto to = redirects_.find(url); !error && to != redirects_.end();
         to = redirects_.find(url)) {
        url = to->second;
        const auto target = Url::parse(url).value();
        if (order.visits != nullptr && order.visits->elsewhere(target)) {
            constexpr std::uint16_t found = 302;
            order.visits->leave(found, std::chrono::microseconds{1});
            outcome.put_off = co_await order.visits->enter(target);
            if (outcome.put_off) {
                outcome.code = failure_code::cancelled_by_user;
                --in_flight_of_[tenant];
                co_return;
            }
        }
        step = next(url);
        error = co_await pass_time(url, step.hangs);
    }
    --in_flight_of_[tenant];
    outcome.retry_after = step.retry_after;
    outcome.code = error ? failure_code::cancelled_by_user : step.code;
    outcome.status = step.status;
    if (step.status != 0) {
        outcome.head = "HTTP/1.1 " + std::to_string(step.status) + " Said\r\n";
        const auto said = bodies_.find(order.url->href());
        outcome.payload = said == bodies_.end() ? "body of " + order.url->href() : said->second;
        outcome.size = outcome.wire_size = outcome.payload.size();
        outcome.sha256.emplace();
        outcome.head += "Content-Length: " + std::to_string(outcome.size) + "\r\n";
        if (const auto fields = fields_.find(order.url->href()); fields != fields_.end()) {
            outcome.head += fields->second;
            Sha256Hasher hasher;
            hasher.reset();
            hasher.update(outcome.payload);
            outcome.sha256 = hasher.digest();
        }
        if (const auto spilled = spilled_.find(order.url->href()); spilled != spilled_.end()) {
            outcome.spilled = std::move(spilled->second);
        }
    }
    if (const auto call = before_end_.find(url); call != before_end_.end()) {
        call->second();
    }
}

}  // namespace fanfetch::testing
