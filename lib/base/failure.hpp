#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// Everything that can go wrong with an item, a job or a request to the API.
///
/// The enumerators are what code compares; the dotted spelling, the HTTP status of an API answer
/// and the title stand in one table in failure.cpp. Codes are appended, never renamed: the
/// numbers are stored in result rows.
enum class failure_code : std::uint16_t {
    none = 0,
    // The URL or the request as it was given.
    url_invalid = 1,
    url_scheme = 2,
    request_invalid = 3,
    // Names and connections.
    dns_nxdomain = 10,
    dns_timeout = 11,
    dns_failure = 12,
    connect_refused = 20,
    connect_timeout = 21,
    connect_unreachable = 22,
    connect_reset = 23,
    tls_expired = 30,
    tls_hostname = 31,
    tls_untrusted = 32,
    tls_handshake = 33,
    tls_revoked = 34,
    // What the origin said.
    http_status = 40,  ///< spelled http.status_NNN, see Failure::http_status
    http_malformed = 41,
    http_truncated = 42,
    http_header_limit = 43,
    http_redirect_limit = 44,
    http_redirect_invalid = 45,
    http_redirect_cross_origin = 46,
    http_not_modified = 47,
    http_h2_error = 48,
    timeout_first_byte = 60,
    timeout_idle = 61,
    timeout_total = 62,
    timeout_low_speed = 63,
    timeout_item_deadline = 64,
    limit_body_size = 70,
    limit_decode_ratio = 71,
    limit_interim = 72,
    limit_chunk_extensions = 73,
    decode_failed = 80,
    integrity_size = 81,
    integrity_digest = 82,
    integrity_content_type = 83,
    // What we refuse to do.
    policy_address = 90,
    policy_port = 91,
    policy_host = 92,
    policy_robots = 93,
    policy_breaker_open = 94,
    // Someone changed their mind.
    cancelled_by_user = 100,
    cancelled_client_gone = 101,
    cancelled_upload_aborted = 102,
    cancelled_deadline = 103,
    cancelled_quota = 104,
    cancelled_error_budget = 105,
    cancelled_internal = 106,
    extract_failed = 110,
    extract_crashed = 111,
    internal = 120,
    // Answers of the API itself.
    api_bad_request = 200,    ///< 400 request.malformed: syntax that cannot be read
    api_bad_parameter = 201,  ///< 400 request.parameter: a query parameter, unknown ones included
    api_invalid = 202,        ///< 422 request.invalid_member: readable, but makes no sense
    api_not_found = 203,      ///< 404 not_found: no such path
    api_method_not_allowed = 204,   ///< 405
    api_not_acceptable = 205,       ///< 406
    api_unsupported_media = 206,    ///< 415
    api_body_too_large = 207,       ///< 413 request.too_large
    api_uri_too_long = 208,         ///< 414
    api_header_too_large = 209,     ///< 431
    api_timeout = 210,              ///< 408
    api_unauthorized = 211,         ///< 401
    api_forbidden = 212,            ///< 403
    api_http_version = 213,         ///< 505
    api_not_implemented = 214,      ///< 501
    job_empty = 220,                ///< 422
    job_not_found = 221,            ///< 404
    job_too_many_items = 222,       ///< 413
    job_running = 223,              ///< 409: the job is not done yet
    job_sealed = 224,               ///< 409
    job_done = 225,                 ///< 409: the job has ended
    result_not_found = 230,         ///< 404
    result_not_ready = 231,         ///< 409
    body_not_stored = 232,          ///< 404
    range_not_satisfiable = 233,    ///< 416
    precondition_failed = 234,      ///< 412
    queue_full = 240,               ///< 503
    disk_low = 241,                 ///< 503
    draining = 242,                 ///< 503
    store_unavailable = 243,        ///< 503
    quota_exceeded = 244,           ///< 429
    upload_aborted = 245,           ///< 400: the body ended before its end
    api_too_many_wrong_keys = 246,  ///< 429
    host_not_found = 247,           ///< 404
    callback_not_found = 270,       ///< 404
    callback_limit = 271,           ///< 409: the job has as many as it may
    delivery_not_found = 272,       ///< 404
    job_cancelling = 260,           ///< 409: the job is being cancelled
    job_uploading = 261,            ///< 409: the upload that makes the job is still going on
    idempotency_key_invalid = 262,  ///< 400: the Idempotency-Key cannot be read
    idempotency_mismatch = 263,     ///< 422: the key was used for another request
    idempotency_in_progress = 264,  ///< 409: the first request with the key is not answered yet
};

/// One member of a document that is at fault.
struct MemberFault {
    std::string pointer;  ///< JSON Pointer (RFC 6901); empty: the document as a whole
    std::string detail;

    bool operator==(const MemberFault&) const = default;
};

/// What went wrong, in words for a person: "what was being done: what went wrong".
///
/// `detail` carries the value at fault, never a secret and never a refused address.
struct Failure {
    failure_code code = failure_code::internal;
    std::string detail;
    std::uint16_t http_status = 0;     ///< the origin's status when code is http_status
    std::vector<MemberFault> members;  ///< what is at fault in a request's document, as found
};

/// The detail, and how many members beside the first are at fault.
[[nodiscard]] std::string summary(const Failure& failure);

/// The stable dotted spelling, e.g. "dns.timeout"; "http.status" stands for http_status.
[[nodiscard]] std::string_view dotted(failure_code code) noexcept;

/// As above, with the status filled in: "http.status_404".
[[nodiscard]] std::string dotted(failure_code code, std::uint16_t http_status);

/// The code of a dotted spelling without a status; nullopt when unknown.
[[nodiscard]] std::optional<failure_code> parse_failure_code(std::string_view dotted) noexcept;

/// A short constant title for problem documents.
[[nodiscard]] std::string_view title(failure_code code) noexcept;

/// The status of an API answer that reports `code`.
[[nodiscard]] int api_status(failure_code code) noexcept;

}  // namespace fanfetch
