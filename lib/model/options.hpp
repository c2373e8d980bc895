#pragma once

#include "model/webhook_event.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// A header as the caller spelled it.
struct HeaderField {
    std::string name;
    std::string value;
    bool secret = false;  ///< the caller has marked it as one; see also is_credential

    friend bool operator==(const HeaderField&, const HeaderField&) = default;
};

/// The slowest that a body may come: at least `bytes_per_s` on average over any `over`.
struct LowSpeed {
    std::uint64_t bytes_per_s = 0;
    std::chrono::milliseconds over{0};

    friend bool operator==(const LowSpeed&, const LowSpeed&) = default;
};

/// How long each step of an attempt may take.
struct Timeouts {
    std::chrono::milliseconds connect{10'000};     ///< TCP and TLS
    std::chrono::milliseconds first_byte{30'000};  ///< until the response header is complete
    std::chrono::milliseconds idle{30'000};        ///< between two reads of the body
    std::chrono::milliseconds total{120'000};      ///< one attempt with its redirects
    std::optional<LowSpeed> low_speed{};

    friend bool operator==(const Timeouts&, const Timeouts&) = default;
};

/// The classes of failures an item may be retried for; see `retry_class_of`.
enum class retry_class : std::uint8_t { connect = 1, tls = 2, timeout = 4, reset = 8 };

/// How stubborn we are with one item.
struct RetryOptions {
    int max_attempts = 3;  ///< the first try counts; 1 means never again
    std::vector<std::uint16_t> statuses{408, 425, 429, 500, 502, 503, 504};
    std::uint8_t on = 0x0F;  ///< the classes, or-ed together
    std::chrono::milliseconds backoff_base{200};
    std::chrono::milliseconds backoff_max{5'000};
    bool unsafe_methods = false;  ///< whether POST and PATCH may be sent again

    friend bool operator==(const RetryOptions&, const RetryOptions&) = default;
};

struct RedirectOptions {
    int max = 10;              ///< 0: the 3xx is the response
    bool cross_origin = true;  ///< false: leaving the origin fails the item

    friend bool operator==(const RedirectOptions&, const RedirectOptions&) = default;
};

/// An inclusive range of statuses.
struct StatusRange {
    std::uint16_t first = 200;
    std::uint16_t last = 299;

    friend bool operator==(const StatusRange&, const StatusRange&) = default;
};

/// What the body must turn out to be.
struct Expectations {
    std::optional<std::uint64_t> size;  ///< bytes, decoded
    std::string sha256;                 ///< 32 bytes, or empty
    std::string md5;                    ///< 16 bytes, or empty
    std::string content_type;           ///< type/subtype, or empty

    friend bool operator==(const Expectations&, const Expectations&) = default;
};

/// What becomes of a TLS connection whose certificate does not verify.
enum class tls_verify : std::uint8_t {
    strict,  ///< the attempt fails
    label,   ///< it is used and its verdict recorded, but no credentials are sent over it
    off,     ///< it is used as if it were verified; the operator's to allow
};

/// Which version of HTTP an origin is spoken to in. HTTP/2 is spoken over TLS only.
enum class http_version : std::uint8_t {
    automatic,  ///< HTTP/2 where TLS agrees on it, else HTTP/1.1
    one,        ///< HTTP/1.1
    two,        ///< HTTP/2, or the item fails
};

/// What the caller has already: it is fetched only if it has changed since.
struct Conditional {
    std::string etag;           ///< with its quotes, as the origin gave it; or empty
    std::string last_modified;  ///< an HTTP date; or empty

    [[nodiscard]] bool empty() const noexcept { return etag.empty() && last_modified.empty(); }
    friend bool operator==(const Conditional&, const Conditional&) = default;
};

/// How one item is fetched: the options of the job with the item's own laid over them.
struct FetchOptions {
    std::string method = "GET";
    std::vector<HeaderField> headers;
    std::string body;
    Timeouts timeouts;
    RetryOptions retry;
    RedirectOptions redirects;
    std::vector<StatusRange> accept_status{{200, 299}};
    std::uint64_t max_body_bytes = 32U << 20U;
    std::uint64_t max_decoded_ratio = 100;  ///< decoded bytes for each coded one
    Expectations expect;
    Conditional conditional;
    tls_verify verify = tls_verify::strict;
    fanfetch::http_version http_version = http_version::automatic;

    friend bool operator==(const FetchOptions&, const FetchOptions&) = default;
};

enum class store_body : std::uint8_t { always, success, never };

enum class on_error : std::uint8_t { go_on, stop, stop_after_count, stop_after_percent };

/// Which queue a job's items stand in; the interactive one is served first.
enum class job_lane : std::uint8_t { batch, interactive };

/// Whether a host's robots.txt is looked at before anything else of it is fetched.
enum class robots : std::uint8_t { ignore, obey };

/// Who wants to be told of what happens to a job.
struct CallbackOrder {
    std::string url;  ///< canonical
    EventSet events = EventSet::endings();
    std::vector<HeaderField> headers;
    std::vector<std::string> secrets;  ///< "whsec_…", each of which signs; empty: one is made

    friend bool operator==(const CallbackOrder&, const CallbackOrder&) = default;
};

/// What a client may say about a job as a whole.
struct JobOptions {
    int concurrency = 30;
    int per_host_concurrency = 30;
    double per_host_rate = 0;  ///< requests per second to any one host; 0: as many as it bears
    FetchOptions fetch;
    fanfetch::store_body store_body = store_body::always;
    fanfetch::on_error on_error = on_error::go_on;
    std::uint64_t on_error_limit = 1;  ///< a count or a percentage, as on_error says
    std::optional<std::chrono::milliseconds> deadline;
    std::optional<std::chrono::milliseconds> item_deadline;  ///< from an item's first attempt
    std::chrono::milliseconds ttl{std::chrono::hours{24}};
    int priority = 0;  ///< among the jobs of one tenant that wait for one host: higher goes first
    job_lane lane = job_lane::batch;
    std::uint8_t extract = 0;  ///< what is taken out of HTML documents, see extract_part
    fanfetch::robots robots = robots::ignore;
    bool dedupe = false;  ///< identical requests of the job are fetched once
    /// A stored response to the same request that is no older, and still fresh, is as good as one
    /// that is fetched. None: nothing is reused, and nothing kept for others.
    std::optional<std::chrono::milliseconds> max_age;
    std::vector<std::string> tags;
    std::string metadata;  ///< a JSON text, or empty
    /// Those that come with the submit. They become records of their own when the job is created,
    /// and are no part of the options that are stored.
    std::vector<CallbackOrder> callbacks;

    friend bool operator==(const JobOptions&, const JobOptions&) = default;
};

}  // namespace fanfetch
