#pragma once

#include "base/failure.hpp"
#include "base/time.hpp"
#include "model/options.hpp"
#include "model/state.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// How long each step took. Steps that did not happen are zero.
struct Timing {
    std::chrono::microseconds queued{0};
    std::chrono::microseconds dns{0};
    std::chrono::microseconds connect{0};
    std::chrono::microseconds tls{0};
    std::chrono::microseconds first_byte{0};
    std::chrono::microseconds download{0};
    std::chrono::microseconds total{0};

    friend bool operator==(const Timing&, const Timing&) = default;
};

/// One hop of a redirect chain: what was answered and where it led.
struct RedirectHop {
    std::uint16_t status = 0;
    std::string location;  ///< the absolute URL that was followed

    friend bool operator==(const RedirectHop&, const RedirectHop&) = default;
};

/// What the TLS handshake came to.
struct TlsVerdict {
    std::string version;  ///< "TLSv1.3"; empty: no TLS
    std::string cipher;
    bool verified = false;
    std::string verdict;  ///< "ok", or why verification failed

    friend bool operator==(const TlsVerdict&, const TlsVerdict&) = default;
};

/// One try at an item.
struct Attempt {
    WallTime started_at{};
    Timing timing;
    std::string remote_address;  ///< "192.0.2.1:443", of a dialled address only
    bool reused_connection = false;
    std::vector<RedirectHop> redirects;
    TlsVerdict tls;
    std::uint16_t status = 0;
    failure_code code = failure_code::none;
    std::string detail;
    std::string retry;  ///< why it was or was not retried: "retried after 213 ms: http.status_503"

    friend bool operator==(const Attempt&, const Attempt&) = default;
};

using Sha256 = std::array<std::uint8_t, 32>;

/// Where a stored body is: a record of a segment.
struct BodyRef {
    std::uint64_t segment = 0;         ///< 0: nothing is stored
    std::uint64_t offset = 0;          ///< of the WARC record
    std::uint64_t record_length = 0;   ///< of the WARC record and its header, not the CRLFs behind
    std::uint32_t payload_offset = 0;  ///< of the payload, from `offset`
    bool has_payload = false;          ///< false: headers only (`store_body` said so)

    friend bool operator==(const BodyRef&, const BodyRef&) = default;
};

/// What an item ended as, as the store keeps it.
struct ItemResult {
    std::uint64_t index = 0;
    std::uint64_t seq = 0;  ///< given by the store when it commits
    item_state state = item_state::failed;
    failure_code code = failure_code::none;
    std::uint16_t status = 0;  ///< 0: no response
    std::uint16_t attempts_made = 0;
    bool reused = false;
    bool owns_body = false;  ///< of a reused one: what is stored is its own, not an earlier item's
    std::string detail;      ///< of the failure
    std::string final_url;   ///< empty: the item's own URL
    std::string content_type;
    std::string http_version;     ///< "1.1", "1.0", "2"
    std::uint64_t size = 0;       ///< bytes, decoded
    std::uint64_t wire_size = 0;  ///< bytes of the body as it came
    std::optional<Sha256> sha256;
    WallTime started_at{};
    WallTime finished_at{};
    Timing timing;
    std::vector<Attempt> attempts;
    BodyRef body;
    BodyRef extract;  ///< what was taken out of the document: a JSON text

    friend bool operator==(const ItemResult&, const ItemResult&) = default;
};

/// Adds one result to a tally. The only place where results are counted.
void count(JobTally& tally, const ItemResult& result);

/// Takes back what `count` added: the result is about to be replaced.
void uncount(JobTally& tally, const ItemResult& result);

/// The result of an item that was run again keeps the attempts of the runs before, the newest
/// thousand of all.
void keep_attempts(ItemResult earlier, ItemResult& result);

}  // namespace fanfetch
