#pragma once

#include "base/expected.hpp"
#include "base/time.hpp"
#include "net/tls_stream.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace fanfetch {

/// Where a listener's certificate and key are: PEM, the certificate with its chain.
struct TlsPair {
    std::string certificate;
    std::string key;
};

/// What a listener shows to those who connect by TLS, and the rules it speaks it by; a pair of
/// files that is followed while it changes.
///
/// TLS 1.2 or later, in 1.2 only suites with forward secrecy and authenticated encryption; security
/// level 2 (112 bits); no renegotiation, no compression. ALPN knows http/1.1 alone, and whoever
/// offers only other protocols is refused. Sessions are taken up by tickets, which cost us nothing
/// to keep.
///
/// Errors   of open and refresh: internal, naming the file at fault: it cannot be read, is no PEM,
///          the key is not the certificate's or wants a passphrase, or the certificate does not
///          hold now
/// Threads  any
/// Source   RFC 9325 (versions and ciphers), RFC 7301 (ALPN)
class TlsIdentity {
public:
    [[nodiscard]] static Expected<std::unique_ptr<TlsIdentity>> open(TlsPair pair, WallTime now);

    /// The server's end of a connection that begins now. A pair that is taken up later is for
    /// later connections.
    [[nodiscard]] TlsStream serve(TcpSocket& socket);

    /// Takes up the files when they have changed; true when they are in force now. A pair that
    /// cannot be used is told once and tried again each time, since it may hold later; the one
    /// before stays until then. Blocks on the disk; a second call meanwhile does nothing.
    [[nodiscard]] Expected<bool> refresh(WallTime now);

private:
    using Context = std::shared_ptr<boost::asio::ssl::context>;

    TlsIdentity(TlsPair pair, std::string seen, Context context)
        : pair_{std::move(pair)}, seen_{std::move(seen)}, context_{std::move(context)} {}
    [[nodiscard]] static Expected<Context> load(const TlsPair& pair, WallTime now);

    TlsPair pair_;
    std::mutex refreshing_;  // over what the files were when they were last tried
    std::string seen_;
    std::string complaint_;  // empty: they were good
    std::mutex mutex_;       // over context_
    Context context_;
};

}  // namespace fanfetch
