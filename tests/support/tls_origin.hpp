#pragma once

#include "coro/loop.hpp"
#include "support/tls_certificates.hpp"

#include <boost/asio/ssl/context.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace fanfetch::testing {

/// A TLS server on a loopback port of its own that shakes hands and counts what comes after; it
/// runs on the test's loop.
class TlsOrigin {
public:
    /// It presents `chain`, leaf first, whatever that is worth.
    TlsOrigin(LoopExecutor loop, const Credential& leaf, const std::vector<Credential>& chain = {});
    TlsOrigin(const TlsOrigin&) = delete;
    TlsOrigin& operator=(const TlsOrigin&) = delete;
    ~TlsOrigin();

    /// For tests of what we must not agree to: versions, ciphers, client certificates.
    [[nodiscard]] boost::asio::ssl::context& context() noexcept;

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::size_t connections() const noexcept;
    /// The name the last client asked for; empty when it named none.
    [[nodiscard]] const std::string& server_name() const noexcept;
    /// The protocol the last client and we agreed on.
    [[nodiscard]] const std::string& protocol() const noexcept;
    /// Bytes of application data received: 0 unless a handshake succeeded.
    [[nodiscard]] std::size_t bytes_received() const noexcept;

private:
    struct State;

    std::shared_ptr<State> state_;
};

}  // namespace fanfetch::testing
