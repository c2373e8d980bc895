#pragma once

#include "coro/loop.hpp"
#include "fetch/fetcher.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace fanfetch::testing {

/// A network that does what it is told: answers, fails or hangs by URL.
///
/// A URL without a script is answered with 200. A list of answers is given out one by one; the
/// last one stays.
///
/// Threads  one loop
class ScriptedFetcher final : public Fetcher {
public:
    void answer(
        const std::string& url, std::uint16_t status,
        std::optional<std::chrono::milliseconds> retry_after = {}
    );
    /// Answered with a redirect to `to`, which is then asked within the attempt.
    void lead(const std::string& url, const std::string& to) { redirects_[url] = to; }
    void fail(const std::string& url, failure_code code);
    /// Never ends by itself: only a cancellation ends it.
    void hang(const std::string& url);
    /// Cannot even be started, as if there were no memory for it.
    void lose(const std::string& url) { lost_.insert(url); }
    /// Answered with 200 and a body that went to disk, once.
    void spill(const std::string& url, std::unique_ptr<SpilledBody> body);
    /// The body of its answers, in place of one that says where it is from.
    void say(const std::string& url, std::string body) { bodies_[url] = std::move(body); }
    /// Fields of its answers' heads, each ending in CRLF; they have the digest of their body then.
    void add_fields(const std::string& url, std::string fields) {
        fields_[url] = std::move(fields);
    }
    /// Called when the answer has come, before the attempt is over.
    void before_end(const std::string& url, std::function<void()> call) {
        before_end_[url] = std::move(call);
    }
    /// Every attempt takes this long.
    void take(std::chrono::milliseconds time) { time_ = time; }

    awaitable<void> fetch(FetchOrder order, FetchOutcome& outcome) override;

    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] std::size_t most_in_flight() const noexcept { return most_in_flight_; }
    /// The same of requests whose URL begins so.
    [[nodiscard]] std::size_t most_in_flight(const std::string& beginning) const;
    /// When the URL was asked last.
    [[nodiscard]] Steady::time_point asked_at(const std::string& url) const;
    [[nodiscard]] std::size_t attempts(const std::string& url) const;
    /// How many attempts were made for a tenant, and how many are under way.
    [[nodiscard]] std::size_t attempts_of(const std::string& tenant) const;
    [[nodiscard]] std::size_t in_flight_of(const std::string& tenant) const;

private:
    struct Step {
        std::uint16_t status = 200;
        failure_code code = failure_code::none;
        bool hangs = false;
        std::optional<std::chrono::milliseconds> retry_after;
    };
    awaitable<bool> pass_time(const std::string& url, bool hangs);
    Step next(const std::string& url);

    std::map<std::string, std::deque<Step>> script_;
    std::set<std::string> lost_;
    std::map<std::string, std::unique_ptr<SpilledBody>> spilled_;
    std::map<std::string, std::string> bodies_;
    std::map<std::string, std::string> fields_;
    std::map<std::string, std::function<void()>> before_end_;
    std::map<std::string, std::string> redirects_;
    std::map<std::string, std::size_t> attempts_;
    std::map<std::string, Steady::time_point> asked_at_;
    std::multiset<std::string> running_;
    std::map<std::string, std::size_t> most_running_;  // by scheme and host
    std::map<std::string, std::size_t> attempts_of_;
    std::map<std::string, std::size_t> in_flight_of_;
    std::chrono::milliseconds time_{0};
    std::size_t in_flight_ = 0;
    std::size_t most_in_flight_ = 0;
};

}  // namespace fanfetch::testing
