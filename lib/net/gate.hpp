#pragma once

#include "base/expected.hpp"
#include "base/time.hpp"
#include "coro/loop.hpp"
#include "net/connection.hpp"
#include "net/peer_check.hpp"
#include "url/url.hpp"

#include <memory>
#include <string>

namespace fanfetch {

/// Standing in line for a place at an address, see AddressPlaces: what came of it.
struct PlaceWait {
    bool takes_kept = false;    ///< asked: a connection that has served is as good as a new one
    bool kept = false;          ///< it is such a one, of the same `session_key`
    bool in_vain = false;       ///< there was no place soon enough: queue_full, and nobody's fault
    Steady::duration waited{};  ///< added to the deadline
};

/// What to connect to and by when.
struct DialOrder {
    const Url* url = nullptr;     ///< outlives the dial
    Steady::time_point deadline;  ///< for TCP and TLS together; what resolving took is added
    peer_check check = peer_check::required;
    bool offer_http2 = false;  ///< in the TLS handshake, before HTTP/1.1
    std::string tenant;        ///< whose resolver slots and exceptions apply
    /// Who may take up each other's TLS sessions: the origin, the policy, the tenant and whatever
    /// else keeps connections apart. Empty: no session is kept.
    std::string session_key{};
    PlaceWait* wait = nullptr;  ///< outlives the dial; none: whoever waits does not want to know
    /// How far a dial got that fails: what each step took, the address that was tried, what TLS
    /// came to. Outlives the dial; none: nobody wants to know.
    DialReport* failed = nullptr;
};

/// The only way out: resolves, judges every address, and dials exactly what was judged.
///
/// Nothing else in the program resolves names or connects to origins; webhooks and robots.txt
/// come through here too. One instance per shard.
///
/// Errors   policy_address, policy_port, policy_host before anything is dialled (for a name, after
///          it was resolved); dns_*, connect_*, tls_*; queue_full when descriptors, memory or
///          places run out, which is nobody's fault and worth another try; `detail` never carries a
///          refused address. A cancelled coroutine ends with system_error, operation_aborted
/// Threads  the shard it was made for
class Gate {
public:
    virtual ~Gate() = default;

    /// Ends within the deadline; when the coroutine is cancelled nothing stays open.
    virtual awaitable<Expected<std::unique_ptr<Connection>>> connect(DialOrder order) = 0;
};

}  // namespace fanfetch
