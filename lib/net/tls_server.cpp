#include "net/tls_server.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <string_view>
#include <system_error>
#include <utility>

namespace fanfetch {
namespace {

namespace ssl = boost::asio::ssl;

constexpr const char* tls12_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2";
constexpr auto our_protocol =
    std::to_array<unsigned char>({8, 'h', 't', 't', 'p', '/', '1', '.', '1'});

/// What tells whether a file is still the one it was.
std::string look_of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        return "none;";
    }
    return std::to_string(status.st_dev) + ',' + std::to_string(status.st_ino) + ',' +
           std::to_string(status.st_size) + ',' + std::to_string(status.st_mtim.tv_sec) + '.' +
           std::to_string(status.st_mtim.tv_nsec) + ';';
}

std::string look_of(const TlsPair& pair) {
    return look_of(pair.certificate) + look_of(pair.key);
}

/// What the system said, which OpenSSL tells first; else what OpenSSL complained of last, in its
/// words.
std::string complaint() {
    const auto first = ::ERR_peek_error();
    const auto code = ::ERR_peek_last_error();
    const char* const text = code == 0 ? nullptr : ::ERR_reason_error_string(code);
    ::ERR_clear_error();
    if (ERR_SYSTEM_ERROR(first)) {
        return std::generic_category().message(ERR_GET_REASON(first));
    }
    return text == nullptr ? "it cannot be used" : text;
}

Failure unusable(const std::string& file, const std::string& why) {
    return failed(
        failure_code::internal, "reading the TLS certificate and key: " + file + ": " + why
    );
}

/// Nobody is there to type a passphrase.
int no_passphrase(char*, int, int, void*) {
    return 0;
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered, unsigned offered_size, void*) {
    unsigned char* chosen = nullptr;
    const int found = ::SSL_select_next_proto(
        &chosen, out_size, our_protocol.data(), static_cast<unsigned>(our_protocol.size()), offered,
        offered_size
    );
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void set_rules(SSL_CTX* handle) {
    SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION);
    SSL_CTX_set_options(
        handle, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                    SSL_OP_PRIORITIZE_CHACHA
    );
    SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
    ::SSL_CTX_set_num_tickets(handle, 1);
    ::SSL_CTX_set_cipher_list(handle, tls12_ciphers);
    ::SSL_CTX_set_security_level(handle, 2);
    ::SSL_CTX_set_alpn_select_cb(handle, choose_protocol, nullptr);
    ::SSL_CTX_set_default_passwd_cb(handle, no_passphrase);
}

/// Why a certificate does not hold now; empty when it does.
std::string_view why_not_now(const X509* certificate, WallTime now) {
    auto moment = std::chrono::system_clock::to_time_t(now);
    if (::X509_cmp_time(::X509_get0_notAfter(certificate), &moment) < 0) {
        return "the certificate has expired";
    }
    if (::X509_cmp_time(::X509_get0_notBefore(certificate), &moment) > 0) {
        return "the certificate is not valid yet";
    }
    return {};
}

}  // namespace

Expected<TlsIdentity::Context> TlsIdentity::load(const TlsPair& pair, WallTime now) {
    ::ERR_clear_error();
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX* const handle = context->native_handle();
    set_rules(handle);
    if (::SSL_CTX_use_certificate_chain_file(handle, pair.certificate.c_str()) != 1) {
        return unusable(pair.certificate, complaint());
    }
    if (::SSL_CTX_use_PrivateKey_file(handle, pair.key.c_str(), SSL_FILETYPE_PEM) != 1) {
        return unusable(pair.key, complaint());
    }
    if (::SSL_CTX_check_private_key(handle) != 1) {
        return unusable(pair.key, "it is not the key of the certificate");
    }
    if (const auto why = why_not_now(::SSL_CTX_get0_certificate(handle), now); !why.empty()) {
        return unusable(pair.certificate, std::string{why});
    }
    return context;
}

Expected<std::unique_ptr<TlsIdentity>> TlsIdentity::open(TlsPair pair, WallTime now) {
    auto seen = look_of(pair);
    auto context = load(pair, now);
    if (!context) {
        return context.error();
    }
    return std::unique_ptr<TlsIdentity>{
        new TlsIdentity{std::move(pair), std::move(seen), std::move(*context)}};
}

TlsStream TlsIdentity::serve(TcpSocket& socket) {
    Context context;
    {
        const std::scoped_lock lock{mutex_};
        context = context_;
    }
    // OpenSSL keeps what it needs of the context for as long as the stream lives.
    return TlsStream{socket, *context};
}

Expected<bool> TlsIdentity::refresh(WallTime now) {
    const std::unique_lock refreshing{refreshing_, std::try_to_lock};
    if (!refreshing) {
        return false;
    }
    auto look = look_of(pair_);
    const bool same = look == seen_;
    if (same && complaint_.empty()) {
        return false;
    }
    seen_ = std::move(look);
    auto context = load(pair_, now);
    auto complaint = context ? std::string{} : context.error().detail;
    const bool told = same && complaint == complaint_;
    complaint_ = std::move(complaint);
    if (!context) {
        return told ? Expected<bool>{false} : context.error();
    }
    const std::scoped_lock lock{mutex_};
    context_ = std::move(*context);
    return true;
}

}  // namespace fanfetch
