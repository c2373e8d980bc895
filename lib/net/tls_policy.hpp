#pragma once

#include "base/expected.hpp"
#include "net/peer_check.hpp"

#include <boost/asio/ssl/context.hpp>

#include <cstdint>
#include <future>
#include <string>
#include <string_view>

namespace fanfetch {

/// Whom we trust.
struct TlsSettings {
    std::string ca_file{};   ///< PEM certificates, `fetch.ca_file`; empty means the system's
    std::string crl_file{};  ///< PEM revocation lists, `fetch.crl_file`; empty: nobody is asked
};

/// What the handshake established.
struct TlsFindings {
    std::string version;  ///< "TLSv1.3"
    std::string cipher;
    bool verified = false;
    std::string verdict;  ///< "ok", or the code it would have failed with: "tls.hostname"
    bool http2 = false;   ///< agreed on by ALPN
};

/// The one place where TLS contexts for origins are made.
///
/// TLS 1.2 or later; the chain is verified at security level 2 (112 bits) against the trusted
/// certificates, and the host against the subject alternative names only: the common name is not
/// looked at and a wildcard stands for one whole label. No static RSA, no anonymous or
/// pre-shared keys, no renegotiation, no compression. Sessions are taken up again as TlsSessions
/// says. ALPN offers http/1.1, and h2 before it to those who ask.
/// `peer_check::recorded` differs in nothing but in going on.
///
/// The system's certificates are read in the background, since that takes longer than everything
/// else a start does; the first to ask for a context waits for them. Those the operator named are
/// read at once, so that a wrong file is told at the start.
///
/// Errors   of make: internal, when `ca_file` cannot be read. When the system's cannot, nothing
///          verifies
/// Threads  immutable once made; contexts may be asked for and used on any thread
/// Source   RFC 9525 §6 (identity), RFC 9325 (versions and ciphers), RFC 7301 (ALPN)
class TlsPolicy {
public:
    [[nodiscard]] static Expected<TlsPolicy> make(const TlsSettings& settings);

    [[nodiscard]] boost::asio::ssl::context& context(peer_check check) noexcept {
        trusted_.wait();
        return check == peer_check::required ? required_ : recorded_;
    }

    /// Tells a fresh stream whom it talks to: server name (names only) and the identity to find
    /// in the certificate. `host` is as in a Url, IPv6 in brackets.
    ///
    /// Errors  tls_handshake, when OpenSSL refuses the name
    [[nodiscard]] static Expected<void> expect_host(SSL* stream, std::string_view host);

    /// Has a fresh stream offer h2 and http/1.1, in this order.
    static void offer_http2(SSL* stream) noexcept;

    /// After a handshake, successful or not.
    [[nodiscard]] static TlsFindings verdict(const SSL* stream);

private:
    TlsPolicy(
        std::shared_future<void> trusted, boost::asio::ssl::context required,
        boost::asio::ssl::context recorded
    )
        : trusted_{std::move(trusted)},
          required_{std::move(required)},
          recorded_{std::move(recorded)} {}

    std::shared_future<void> trusted_;  // the certificates are there
    boost::asio::ssl::context required_;
    boost::asio::ssl::context recorded_;
};

/// The code for what OpenSSL found wrong with a certificate; none when it found nothing.
///
/// Units  `verify_result` is an X509_V_… number
[[nodiscard]] failure_code tls_failure(long verify_result) noexcept;

}  // namespace fanfetch
