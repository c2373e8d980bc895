#include "host/host_sign.hpp"

namespace fanfetch {

host_sign sign_of(failure_code code, std::uint16_t status) noexcept {
    constexpr std::uint16_t too_many_requests = 429;
    constexpr std::uint16_t service_unavailable = 503;
    if (status == too_many_requests || status == service_unavailable) {
        return host_sign::pushed_back;
    }
    if (status != 0) {
        return host_sign::answered;
    }
    switch (code) {
        using enum failure_code;
        case dns_timeout:
        case dns_failure:
        case connect_refused:
        case connect_timeout:
        case connect_unreachable:
        case connect_reset:
        case tls_handshake:
            return host_sign::unreachable;
        case timeout_first_byte:
        case timeout_idle:
        case timeout_total:
        case timeout_low_speed:
        case http_truncated:
            return host_sign::struggled;
        case dns_nxdomain:
        case tls_expired:
        case tls_hostname:
        case tls_untrusted:
        case tls_revoked:
        case http_malformed:
        case http_header_limit:
        case limit_interim:
        case limit_chunk_extensions:
        case http_h2_error:
            return host_sign::answered;
        default:
            return host_sign::nothing;
    }
}

}  // namespace fanfetch
