#include "net/tls_sessions.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>
#include <list>
#include <unordered_map>
#include <utility>

namespace fanfetch {
namespace {

struct FreeSession {
    void operator()(SSL_SESSION* session) const noexcept { ::SSL_SESSION_free(session); }
};
using Session = std::unique_ptr<SSL_SESSION, FreeSession>;

/// A copy, since OpenSSL makes a session useless when a stream that has it is freed without a
/// close_notify, which is how most connections end.
Session copy_of(SSL_SESSION* session) {
    return Session{::SSL_SESSION_dup(session)};
}

bool too_old(SSL_SESSION* session) {
    constexpr auto longest = std::chrono::duration_cast<std::chrono::seconds>(TlsSessions::longest);
    const long age = static_cast<long>(std::time(nullptr)) - ::SSL_SESSION_get_time(session);
    if (age < 0 || age >= longest.count() || age >= ::SSL_SESSION_get_timeout(session)) {
        return true;
    }
    // Taking a session up looks at no certificate, and that one may have expired since.
    const X509* certificate = ::SSL_SESSION_get0_peer(session);
    return certificate == nullptr || ::X509_cmp_current_time(::X509_get0_notAfter(certificate)) < 0;
}

}  // namespace

struct TlsSessions::Store {
    struct Entry {
        std::string key;
        Session session;
    };
    using Entries = std::list<Entry>;  // most recently used first

    /// What a stream knows of us: where its sessions go, under which name.
    struct Destination {
        std::weak_ptr<Store> store;
        std::string key;
    };

    explicit Store(std::size_t most) : most_sessions{most} {}

    void keep(const std::string& key, Session session) {
        forget(key);
        if (most_sessions == 0) {
            return;
        }
        if (entries.size() >= most_sessions) {
            by_key.erase(entries.back().key);
            entries.pop_back();
        }
        entries.push_front({key, std::move(session)});
        by_key.emplace(key, entries.begin());
    }

    [[nodiscard]] Session find(const std::string& key) {
        const auto found = by_key.find(key);
        if (found == by_key.end()) {
            return nullptr;
        }
        if (too_old(found->second->session.get())) {
            forget(key);
            return nullptr;
        }
        entries.splice(entries.begin(), entries, found->second);
        return copy_of(found->second->session.get());
    }

    void forget(const std::string& key) {
        if (const auto found = by_key.find(key); found != by_key.end()) {
            entries.erase(found->second);
            by_key.erase(found);
        }
    }

    static void
    free_destination(void*, void* destination, CRYPTO_EX_DATA*, int, long, void*) noexcept {
        delete static_cast<Destination*>(destination);
    }

    /// Where streams keep their destination, which goes with them.
    static int slot() {
        static const int index =
            SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, &Store::free_destination);
        return index;
    }

    /// Called by OpenSSL when a handshake has ended (TLS 1.2) or a ticket came (TLS 1.3).
    static int on_session(SSL* stream, SSL_SESSION* session) {
        const auto* destination = static_cast<Destination*>(::SSL_get_ex_data(stream, slot()));
        if (destination == nullptr || ::SSL_SESSION_is_resumable(session) != 1) {
            return 0;
        }
        const auto store = destination->store.lock();
        auto copy = store ? copy_of(session) : nullptr;
        if (copy) {
            store->keep(destination->key, std::move(copy));
        }
        return 0;  // the session stays OpenSSL's
    }

    std::size_t most_sessions;
    Entries entries;
    std::unordered_map<std::string, Entries::iterator> by_key;
};

TlsSessions::TlsSessions(std::size_t most) : store_{std::make_shared<Store>(most)} {}

TlsSessions::~TlsSessions() = default;

void TlsSessions::enable(SSL_CTX* context) {
    // Nothing is kept in the context itself, which does not tell tenants apart.
    SSL_CTX_set_session_cache_mode(
        context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR
    );
    ::SSL_CTX_sess_set_new_cb(context, &Store::on_session);
}

void TlsSessions::offer(SSL* stream, std::string key) {
    if (const auto session = store_->find(key)) {
        ::SSL_set_session(stream, session.get());  // takes a share of its own
    }
    auto destination = std::make_unique<Store::Destination>(store_, std::move(key));
    if (::SSL_set_ex_data(stream, Store::slot(), destination.get()) == 1) {
        static_cast<void>(destination.release());  // free_destination's
    }
}

void TlsSessions::forget(const std::string& key) {
    store_->forget(key);
}

std::size_t TlsSessions::size() const noexcept {
    return store_->entries.size();
}

}  // namespace fanfetch
