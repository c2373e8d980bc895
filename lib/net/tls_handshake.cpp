#include "net/tls_handshake.hpp"

#include "coro/deadline_wheel.hpp"
#include "net/connector.hpp"
#include "net/tls_policy.hpp"
#include "net/wakeup.hpp"

#include <openssl/ssl.h>

namespace fanfetch {
namespace {

using boost::system::error_code;

/// What had been agreed on when it failed; nothing, unless the other side spoke TLS.
void note_agreed(const SSL* stream, DialReport& report) {
    const auto* const cipher = ::SSL_get_pending_cipher(stream);
    if (cipher != nullptr) {
        report.tls_version = ::SSL_get_version(stream);
        report.tls_cipher = ::SSL_CIPHER_get_name(cipher);
    }
}

Failure handshake_failure(const SSL* stream, const std::string& host, const error_code& error) {
    const std::string doing = "making a TLS connection to " + host + ": ";
    const long verified = ::SSL_get_verify_result(stream);
    if (verified != X509_V_OK && ::SSL_get_verify_mode(stream) != SSL_VERIFY_NONE) {
        return failed(tls_failure(verified), doing + ::X509_verify_cert_error_string(verified));
    }
    const bool reset = connect_failure(error) == failure_code::connect_reset;
    return failed(
        reset ? failure_code::connect_reset : failure_code::tls_handshake, doing + error.message()
    );
}

}  // namespace

awaitable<Expected<void>> shake_hands(
    Connection& connection, std::string host, Steady::time_point deadline
) {
    SSL* stream = connection.tls->native_handle();
    if (auto expected = TlsPolicy::expect_host(stream, host); !expected) {
        co_return expected;
    }
    bool too_late = false;
    DeadlineCall on_deadline{[&connection, &too_late]() noexcept {
        too_late = true;
        error_code ignored;  // closing is all that can be done
        connection.socket.close(ignored);
    }};
    deadlines_of(connection.socket.get_executor()).arm(on_deadline, deadline);
    auto [error] = co_await connection.tls->handshake();
    if (error) {
        co_await rethrow_cancellation();
    }
    if (error || too_late) {
        auto failure = too_late ? failed(
                                      failure_code::connect_timeout,
                                      "making a TLS connection to " + host + ": no answer in time"
                                  )
                                : handshake_failure(stream, host, error);
        note_agreed(stream, connection.report);
        connection.report.tls_verdict = dotted(failure.code);
        co_return failure;
    }
    TlsFindings verdict = TlsPolicy::verdict(stream);
    connection.report.tls_version = std::move(verdict.version);
    connection.report.tls_cipher = std::move(verdict.cipher);
    connection.report.tls_verified = verdict.verified;
    connection.report.tls_verdict = std::move(verdict.verdict);
    connection.report.http2 = verdict.http2;
    co_return Expected<void>{};
}

}  // namespace fanfetch
