#pragma once

#include <boost/asio/ssl/context.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace fanfetch {

/// The TLS sessions of one shard that may be taken up again, by whom they were made for.
///
/// A session belongs to its key and to nobody else: the origin, the TLS policy and the tenant, as
/// the caller spells them. It carries the verdict of the handshake that made it, so a connection
/// that takes it up is as verified as that one was. It is offered until a newer one of the same key
/// has come, an hour has passed, its certificate has expired, or a handshake that offered it
/// failed. When there are too many, the key least recently used makes room.
///
/// Every connection still agrees on keys of its own, but for TLS 1.2, where the ticket's key is all
/// there is; nothing is ever sent before the handshake is over (no early data).
///
/// Threads  the shard's. Streams may outlive it
/// Source   RFC 8446 §2.2 and §4.6.1, RFC 5077
class TlsSessions {
public:
    static constexpr std::size_t most_sessions = 256;
    static constexpr std::chrono::hours longest{1};

    explicit TlsSessions(std::size_t most = most_sessions);
    TlsSessions(const TlsSessions&) = delete;
    TlsSessions& operator=(const TlsSessions&) = delete;
    ~TlsSessions();

    /// Makes the streams of a context hand over their sessions. Streams that were never given to
    /// `offer` keep none.
    static void enable(SSL_CTX* context);

    /// Before a handshake: offers the session of this key, if there is one, and keeps those that
    /// the connection will bring.
    void offer(SSL* stream, std::string key);

    /// After a handshake that failed: whatever was offered may be why.
    void forget(const std::string& key);

    [[nodiscard]] std::size_t size() const noexcept;

private:
    struct Store;

    std::shared_ptr<Store> store_;
};

}  // namespace fanfetch
