#pragma once

#include "base/time.hpp"
#include "coro/loop.hpp"
#include "fetch/body_spill.hpp"
#include "fetch/host_visits.hpp"
#include "fetch/memory_budget.hpp"
#include "model/options.hpp"
#include "model/result.hpp"
#include "url/url.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace fanfetch {

struct PartialBody;
class RobotsCache;

/// One attempt at one item. What it points to outlives the attempt.
struct FetchOrder {
    const Url* url = nullptr;
    const FetchOptions* options = nullptr;
    std::string_view tenant;
    fanfetch::store_body store_body = fanfetch::store_body::always;
    /// The caller wants to see an accepted body even if it is not stored. One that is too long for
    /// memory is on disk then, and `keep_payload`.
    bool show_body = false;
    /// Beside the attempt's own time-outs: it ends by then.
    Steady::time_point deadline = Steady::time_point::max();
    /// The digest of a short payload is left to the caller, who has many at a time (BatchHasher).
    bool hash_later = false;
    /// Asked before a redirect is followed; the item's own URL has been judged by then. None: the
    /// job ignores robots.txt.
    RobotsCache* robots = nullptr;
    /// Asked when a redirect leads to another host. None: nobody keeps count of hosts.
    HostVisits* visits = nullptr;
    /// Where a large body that broke off is kept for the next attempt, and where this one finds it.
    /// None: every attempt begins anew.
    std::unique_ptr<PartialBody>* partial = nullptr;
};

/// What an attempt came to: a response, or the failure that kept us from having one.
///
/// A response whose status was not accepted, or whose body was not the expected one, is both: it
/// has a code and a head.
struct FetchOutcome {
    failure_code code = failure_code::none;  ///< none: accepted, and every byte is there
    std::string detail;
    std::uint16_t status = 0;
    std::string final_url;  ///< empty: no redirect was followed
    std::string content_type;
    std::string http_version;
    std::string head;  ///< as stored; empty: no response, or one that was cut off
    std::string payload;
    std::unique_ptr<SpilledBody> spilled;  ///< in place of `payload` when that was too long
    MemoryShare memory;                    ///< of `payload`
    std::uint64_t size = 0;
    std::uint64_t wire_size = 0;
    std::optional<Sha256> sha256;  ///< none: no body, or it is to be hashed later
    std::string md5;               ///< 16 bytes, when one was expected
    std::optional<std::chrono::milliseconds> retry_after;
    bool keep_payload = true;  ///< as `store_body` says, now that the outcome is known
    /// The host that a redirect led to does not have us yet: this was no attempt, and the code
    /// tells nothing.
    std::optional<NotAdmitted> put_off;
    Attempt attempt;
};

/// Performs attempts. A test stands in for the network with ScriptedFetcher.
///
/// `outcome` is a fresh one, filled when the coroutine returns. Ends within the attempt's total
/// timeout. When the coroutine is cancelled the attempt ends within a loop turn with
/// `cancelled_by_user`; the caller knows the real reason.
///
/// Threads  the shard it was made for
class Fetcher {
public:
    virtual ~Fetcher() = default;
    virtual awaitable<void> fetch(FetchOrder order, FetchOutcome& outcome) = 0;
};

}  // namespace fanfetch
