#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "coro/loop.hpp"
#include "fetch/fetcher.hpp"
#include "fetch/robots_rules.hpp"

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fanfetch {

/// Whose robots.txt is meant. The tenant belongs to it, so that nobody can tell from the time a
/// fetch takes what others fetch.
struct RobotsQuestion {
    std::string_view tenant;
    const Url* url = nullptr;
    tls_verify verify = tls_verify::strict;
};

/// The robots.txt files of the origins a shard fetches from.
///
/// Each is fetched once for all who ask, through the fetcher and so through the gate, with at most
/// five redirects, and tried again as an item would be. What it said holds for an hour. One that
/// the origin does not have (a status from 300 to 499, too many redirects) allows everything; one
/// that cannot be had (any other status, 429 among them, or no answer) forbids everything for a
/// minute. Where the gate refuses the origin itself the answer is yes: whoever asks will hear of
/// it from the gate.
///
/// Units    bytes of rules
/// Threads  the shard it was made for
/// Source   RFC 9309 §2.3, §2.4
class RobotsCache {
public:
    static constexpr std::chrono::hours life{1};  ///< the RFC allows 24
    static constexpr std::chrono::minutes life_of_refusal{1};
    static constexpr std::size_t most_bytes = 16U << 20U;

    using Rules = std::shared_ptr<const RobotsRules>;

    struct Parts {
        explicit Parts(LoopExecutor executor) : loop{executor} {}

        LoopExecutor loop;
        Fetcher* fetcher = nullptr;
        const Clock* clock = nullptr;
        Random* random = nullptr;
        std::string user_agent;
        std::chrono::milliseconds longest_retry_after{3'600'000};
        /// Runs a fetch beside everything else, and ends it when the shard stops.
        std::function<void(awaitable<void>)> spawn;
        /// The hosts of one fetch, which are asked as for any other. None: they are not.
        std::function<std::unique_ptr<HostVisits>()> visits;
    };

    explicit RobotsCache(Parts parts);
    ~RobotsCache();
    RobotsCache(const RobotsCache&) = delete;

    /// The rules that hold for the URL; null when they have to be fetched.
    [[nodiscard]] Rules find(const RobotsQuestion& question);

    /// Has them fetched, if nobody has yet, and calls `told` on the loop when they are there; with
    /// null when the shard stopped before.
    void ask(const RobotsQuestion& question, std::function<void(Rules)> told);

    /// Since when an origin is being asked for its rules, by the name it is kept under; none while
    /// nobody asks, or whoever does has to wait for his turn at a host, or for the next attempt.
    [[nodiscard]] std::optional<Steady::time_point> asked_at(const std::string& key) const;

    /// Waits for the rules, if need be, and judges the URL.
    ///
    /// Errors  policy_robots; timeout_total when `deadline` passed first; cancelled_by_user
    awaitable<Expected<void>> check(RobotsQuestion question, Steady::time_point deadline);

    [[nodiscard]] static Expected<void> judge(const RobotsRules& rules, const Url& url);
    /// The name under which the origin of a question is kept.
    [[nodiscard]] static std::string key_of(const RobotsQuestion& question);

private:
    struct Entry;
    using Entries = std::list<Entry>;
    struct Flight {
        std::vector<std::function<void(Rules)>> told;
        std::optional<Steady::time_point> asked_at;  ///< of the exchange in progress
    };

    awaitable<void> fetch(Flight& flight, const FetchOrder& order, FetchOutcome& outcome);
    awaitable<void> ask_origin(Flight& flight, FetchOrder order, FetchOutcome& outcome);
    awaitable<void> fly(std::string key, Url url, std::string tenant, tls_verify verify);
    void land(const std::string& key, Rules rules, std::chrono::milliseconds kept);
    void put(const std::string& key, Rules rules, Steady::time_point until);
    void drop(Entries::iterator entry);

    Parts parts_;
    Entries entries_;  // the one asked for last comes first
    std::unordered_map<std::string, Entries::iterator> by_key_;
    std::unordered_map<std::string, Flight> flights_;
    std::size_t bytes_ = 0;
};

}  // namespace fanfetch
