#include "base/failure.hpp"

#include <algorithm>
#include <array>

namespace fanfetch {
namespace {

struct Row {
    failure_code code;
    std::string_view dotted;
    std::string_view title;
    int api_status;  // when an API answer reports it; item failures never are the whole answer
};

using enum failure_code;

constexpr auto rows = std::to_array<Row>({
    {none, "", "OK", 200},
    {url_invalid, "url.invalid", "The URL cannot be read", 422},
    {url_scheme, "url.scheme", "Only http and https are fetched", 422},
    {request_invalid, "request.invalid", "The request makes no sense", 422},
    {dns_nxdomain, "dns.nxdomain", "No such name", 502},
    {dns_timeout, "dns.timeout", "The name server did not answer in time", 504},
    {dns_failure, "dns.failure", "The name could not be resolved", 502},
    {connect_refused, "connect.refused", "Connection refused", 502},
    {connect_timeout, "connect.timeout", "The connection was not made in time", 504},
    {connect_unreachable, "connect.unreachable", "The host cannot be reached", 502},
    {connect_reset, "connect.reset", "The connection was reset", 502},
    {tls_expired, "tls.expired", "The certificate is not valid now", 502},
    {tls_hostname, "tls.hostname", "The certificate is for another name", 502},
    {tls_untrusted, "tls.untrusted", "The certificate is not trusted", 502},
    {tls_handshake, "tls.handshake", "The TLS handshake failed", 502},
    {tls_revoked, "tls.revoked", "The certificate is revoked", 502},
    {http_status, "http.status", "The status is not an accepted one", 502},
    {http_malformed, "http.malformed", "The response breaks HTTP's rules", 502},
    {http_truncated, "http.truncated", "The response ended before its end", 502},
    {http_header_limit, "http.header_limit", "The response header is too large", 502},
    {http_redirect_limit, "http.redirect_limit", "Too many redirects", 502},
    {http_redirect_invalid, "http.redirect_invalid", "The redirect leads nowhere", 502},
    {http_redirect_cross_origin, "http.redirect_cross_origin", "The redirect leaves the origin",
     502},
    {http_not_modified, "http.not_modified", "Not modified", 200},
    {http_h2_error, "http.h2_error", "The HTTP/2 stream failed", 502},
    {timeout_first_byte, "timeout.first_byte", "No response header in time", 504},
    {timeout_idle, "timeout.idle", "The transfer stood still", 504},
    {timeout_total, "timeout.total", "The attempt took too long", 504},
    {timeout_low_speed, "timeout.low_speed", "The transfer was too slow", 504},
    {timeout_item_deadline, "timeout.item_deadline", "The item's deadline passed", 504},
    {limit_body_size, "limit.body_size", "The body is larger than allowed", 502},
    {limit_decode_ratio, "limit.decode_ratio", "The body decodes to suspiciously much", 502},
    {limit_interim, "limit.interim", "Too many interim responses", 502},
    {limit_chunk_extensions, "limit.chunk_extensions", "Too many chunk extensions", 502},
    {decode_failed, "decode.failed", "The body could not be decoded", 502},
    {integrity_size, "integrity.size", "The size is not the expected one", 502},
    {integrity_digest, "integrity.digest", "The digest is not the expected one", 502},
    {integrity_content_type, "integrity.content_type", "The type is not the expected one", 502},
    {policy_address, "policy.address", "The address may not be fetched from", 403},
    {policy_port, "policy.port", "The port may not be fetched from", 403},
    {policy_host, "policy.host", "The host may not be fetched from", 403},
    {policy_robots, "policy.robots", "robots.txt forbids it", 403},
    {policy_breaker_open, "policy.breaker_open", "The host keeps failing", 503},
    {cancelled_by_user, "cancelled.by_user", "Cancelled by the user", 409},
    {cancelled_client_gone, "cancelled.client_gone", "The client went away", 409},
    {cancelled_upload_aborted, "cancelled.upload_aborted", "The upload was cut off", 409},
    {cancelled_deadline, "cancelled.deadline", "The job's deadline passed", 409},
    {cancelled_quota, "cancelled.quota", "A limit or quota was met", 409},
    {cancelled_error_budget, "cancelled.error_budget", "Too many items failed", 409},
    {cancelled_internal, "cancelled.internal", "Cancelled by a failure of the service", 409},
    {extract_failed, "extract.failed", "The document could not be parsed", 502},
    {extract_crashed, "extract.crashed", "The document crashed its parser", 502},
    {internal, "internal", "Internal error", 500},
    {api_bad_request, "request.malformed", "The request cannot be read", 400},
    {api_bad_parameter, "request.parameter", "A query parameter is wrong", 400},
    {api_invalid, "request.invalid_member", "The request makes no sense", 422},
    {api_not_found, "not_found", "No such resource", 404},
    {api_method_not_allowed, "method_not_allowed", "Method not allowed", 405},
    {api_not_acceptable, "not_acceptable", "No such representation", 406},
    {api_unsupported_media, "unsupported_media_type", "Unsupported media type", 415},
    {api_body_too_large, "request.too_large", "The request body is too large", 413},
    {api_uri_too_long, "request.uri_too_long", "The request target is too long", 414},
    {api_header_too_large, "request.header_too_large", "The request header is too large", 431},
    {api_timeout, "request.timeout", "The request did not arrive in time", 408},
    {api_unauthorized, "auth.required", "A valid API key is needed", 401},
    {api_forbidden, "auth.forbidden", "The API key does not allow this", 403},
    {api_http_version, "request.http_version", "HTTP version not supported", 505},
    {api_not_implemented, "request.not_implemented", "Not implemented", 501},
    {job_empty, "job.empty", "The job has no items", 422},
    {job_not_found, "job.not_found", "No such job", 404},
    {job_too_many_items, "job.too_many_items", "The job has too many items", 413},
    {job_running, "job.running", "The job is not done yet", 409},
    {job_sealed, "job.sealed", "The job is sealed", 409},
    {job_done, "job.done", "The job has ended", 409},
    {result_not_found, "result.not_found", "No such result", 404},
    {result_not_ready, "result.not_ready", "The item is not done yet", 409},
    {body_not_stored, "body.not_stored", "The body was not stored", 404},
    {range_not_satisfiable, "range.not_satisfiable", "The range cannot be satisfied", 416},
    {precondition_failed, "precondition.failed", "The precondition failed", 412},
    {queue_full, "queue.full", "The queue is full", 503},
    {disk_low, "disk.low", "The disk is nearly full", 503},
    {draining, "service.draining", "The service is shutting down", 503},
    {store_unavailable, "store.unavailable", "The store cannot be used", 503},
    {quota_exceeded, "quota.exceeded", "The quota is used up", 429},
    {upload_aborted, "request.aborted", "The request body ended before its end", 400},
    {api_too_many_wrong_keys, "auth.too_many_wrong_keys", "Too many wrong API keys", 429},
    {host_not_found, "host.not_found", "There is no such host", 404},
    {callback_not_found, "callback.not_found", "No such callback", 404},
    {callback_limit, "callback.limit", "The job has too many callbacks", 409},
    {delivery_not_found, "delivery.not_found", "No such delivery", 404},
    {job_cancelling, "job.cancelling", "The job is being cancelled", 409},
    {job_uploading, "job.uploading", "The job is still being uploaded", 409},
    {idempotency_key_invalid, "idempotency.key_invalid", "The Idempotency-Key cannot be read", 400},
    {idempotency_mismatch, "idempotency.mismatch", "The key was used for another request", 422},
    {idempotency_in_progress, "idempotency.in_progress", "The first request is still running", 409},
});

constexpr const Row& row_of(failure_code code) noexcept {
    const auto* found = std::ranges::find(rows, code, &Row::code);
    return found == rows.end() ? *std::ranges::find(rows, internal, &Row::code) : *found;
}

}  // namespace

std::string summary(const Failure& failure) {
    if (failure.members.size() <= 1) {
        return failure.detail;
    }
    return failure.detail + " (the first of " + std::to_string(failure.members.size()) + " faults)";
}

std::string_view dotted(failure_code code) noexcept {
    return row_of(code).dotted;
}

std::string dotted(failure_code code, std::uint16_t http_status) {
    std::string text{dotted(code)};
    if (code == failure_code::http_status) {
        text += '_';
        text += std::to_string(http_status);
    }
    return text;
}

std::optional<failure_code> parse_failure_code(std::string_view text) noexcept {
    const auto* found = std::ranges::find(rows, text, &Row::dotted);
    if (found == rows.end()) {
        return std::nullopt;
    }
    return found->code;
}

std::string_view title(failure_code code) noexcept {
    return row_of(code).title;
}

int api_status(failure_code code) noexcept {
    return row_of(code).api_status;
}

}  // namespace fanfetch
