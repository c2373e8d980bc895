#include "support/scripted_fetcher.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace fanfetch::testing {

namespace asio = boost::asio;

void ScriptedFetcher::answer(const std::string& url, std::uint16_t status) {
    const auto code = status < 300 ? failure_code::none : failure_code::http_status;
    script_[url].push_back({status, code, false});
}

void ScriptedFetcher::fail(const std::string& url, failure_code code) {
    script_[url].push_back({0, code, false});
}

void ScriptedFetcher::hang(const std::string& url) {
    script_[url].push_back({0, {}, true});
}

void ScriptedFetcher::spill(const std::string& url, std::unique_ptr<SpilledBody> body) {
    spilled_[url] = std::move(body);
}

std::size_t ScriptedFetcher::attempts(const std::string& url) const {
    const auto found = attempts_.find(url);
    return found == attempts_.end() ? 0 : found->second;
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

awaitable<void> ScriptedFetcher::fetch(FetchOrder order, FetchOutcome& outcome) {
    const auto step = next(order.url->href());
    most_in_flight_ = std::max(most_in_flight_, ++in_flight_);
    const LoopExecutor loop = co_await asio::this_coro::executor;
    asio::basic_waitable_timer<Steady, asio::wait_traits<Steady>, LoopExecutor> timer{loop};
    if (step.hangs) {
        timer.expires_at(Steady::time_point::max());
    } else {
        timer.expires_after(time_);
    }
    const auto [error] = co_await timer.async_wait(no_throw);
    --in_flight_;
    outcome.code = error ? failure_code::cancelled_by_user : step.code;
    outcome.status = step.status;
    if (step.status != 0) {
        outcome.head = "HTTP/1.1 " + std::to_string(step.status) + " Said\r\n";
        const auto said = bodies_.find(order.url->href());
        outcome.payload = said == bodies_.end() ? "body of " + order.url->href() : said->second;
        outcome.size = outcome.wire_size = outcome.payload.size();
        outcome.sha256.emplace();
        if (const auto spilled = spilled_.find(order.url->href()); spilled != spilled_.end()) {
            outcome.spilled = std::move(spilled->second);
        }
    }
}

}  // namespace fanfetch::testing
