#include "net/tls_policy.hpp"

#include "net/egress_entry.hpp"
#include "net/ip_address.hpp"
#include "net/tls_sessions.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <memory>

namespace fanfetch {
namespace {

namespace ssl = boost::asio::ssl;

// Every suite but those without forward secrecy, without authentication or with short blocks;
// level 2 refuses keys, groups and digests below 112 bits.
constexpr const char* tls12_ciphers =
    "DEFAULT:!kRSA:!aNULL:!eNULL:!PSK:!SRP:!3DES:!RC4:!MD5:@SECLEVEL=2";
constexpr auto alpn = std::to_array<unsigned char>({8, 'h', 't', 't', 'p', '/', '1', '.', '1'});
constexpr auto alpn_with_http2 =
    std::to_array<unsigned char>({2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'});
constexpr int longest_chain = 10;

// Where distributions keep all trusted certificates in one file: Debian and Alpine, Fedora, SUSE.
// OpenSSL's own defaults would follow SSL_CERT_FILE from the environment.
constexpr auto system_bundles = std::to_array<const char*>(
    {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
     "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}
);

using Store = std::shared_ptr<X509_STORE>;

Failure unreadable(const std::string& file) {
    return failed(
        failure_code::internal,
        "reading the trusted certificates from " + file + ": no usable PEM file"
    );
}

struct FreeList {
    void operator()(X509_CRL* list) const noexcept { ::X509_CRL_free(list); }
};

/// Authorities without a list in the operator's file are not asked about; a list that has expired
/// fails, since what was revoked after it is not known.
int judge_revocation(int fine, X509_STORE_CTX* context) {
    if (fine == 0 && ::X509_STORE_CTX_get_error(context) == X509_V_ERR_UNABLE_TO_GET_CRL) {
        ::X509_STORE_CTX_set_error(context, X509_V_OK);
        return 1;
    }
    return fine;
}

/// Adds every list of the file; false when there is none that can be read.
bool load_revocation_lists(X509_STORE& store, const std::string& file) {
    const std::unique_ptr<BIO, decltype(&::BIO_free)> text{
        ::BIO_new_file(file.c_str(), "r"), &::BIO_free};
    std::size_t lists = 0;
    while (text) {
        const std::unique_ptr<X509_CRL, FreeList> list{
            ::PEM_read_bio_X509_CRL(text.get(), nullptr, nullptr, nullptr)};
        if (!list || ::X509_STORE_add_crl(&store, list.get()) != 1) {
            break;
        }
        ++lists;
    }
    // PEM says "no start line" at the end of a good file, and something else in a damaged one.
    const bool whole = ERR_GET_REASON(::ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ::ERR_clear_error();
    if (lists == 0 || !whole) {
        return false;
    }
    ::X509_STORE_set_flags(&store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    ::X509_STORE_set_verify_cb(&store, judge_revocation);
    return true;
}

/// Without a bundle the store stays empty, and nothing will verify.
void load_system_trust(X509_STORE& store) {
    for (const char* bundle : system_bundles) {
        if (::access(bundle, R_OK) == 0) {
            ::X509_STORE_load_file(&store, bundle);
            return;
        }
    }
}

ssl::context make_context(X509_STORE* trust, peer_check check) {
    ssl::context context{ssl::context::tls_client};
    SSL_CTX* handle = context.native_handle();
    SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION);
    SSL_CTX_set_options(handle, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS);
    TlsSessions::enable(handle);
    ::SSL_CTX_set_cipher_list(handle, tls12_ciphers);
    ::SSL_CTX_set_security_level(handle, 2);
    ::SSL_CTX_set_alpn_protos(handle, alpn.data(), static_cast<unsigned>(alpn.size()));
    ::SSL_CTX_set_verify_depth(handle, longest_chain);
    SSL_CTX_set1_cert_store(handle, trust);
    // Without SSL_VERIFY_PEER a client still verifies and keeps the result; it only goes on.
    ::SSL_CTX_set_verify(
        handle, check == peer_check::required ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr
    );
    return context;
}

/// "[::1]" without its brackets, a name without its trailing dot.
std::string bare_host(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']')) {
        return std::string{host.substr(1, host.size() - 2)};
    }
    return std::string{without_trailing_dot(host)};
}

}  // namespace

Expected<TlsPolicy> TlsPolicy::make(const TlsSettings& settings) {
    const Store trust{::X509_STORE_new(), &::X509_STORE_free};
    const bool own = !settings.ca_file.empty();
    if (own && ::X509_STORE_load_file(trust.get(), settings.ca_file.c_str()) != 1) {
        return unreadable(settings.ca_file);
    }
    if (!settings.crl_file.empty() && !load_revocation_lists(*trust, settings.crl_file)) {
        return failed(
            failure_code::internal,
            "reading the revocation lists from " + settings.crl_file + ": no usable PEM file"
        );
    }
    auto load = [trust, own] {
        if (!own) {
            load_system_trust(*trust);
        }
    };
    return TlsPolicy{
        std::async(std::launch::async, std::move(load)),
        make_context(trust.get(), peer_check::required),
        make_context(trust.get(), peer_check::recorded)};
}

Expected<void> TlsPolicy::expect_host(SSL* stream, std::string_view host) {
    const std::string bare = bare_host(host);
    X509_VERIFY_PARAM* rules = ::SSL_get0_param(stream);
    ::X509_VERIFY_PARAM_set_hostflags(
        rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
    );
    const bool literal = IpAddress::parse(bare).has_value();
    const bool taken = literal
                           ? ::X509_VERIFY_PARAM_set1_ip_asc(rules, bare.c_str()) == 1
                           : ::X509_VERIFY_PARAM_set1_host(rules, bare.data(), bare.size()) == 1 &&
                                 SSL_set_tlsext_host_name(stream, bare.c_str()) == 1;
    if (!taken || bare.empty()) {
        return failed(failure_code::tls_handshake, "preparing TLS: the host name is unusable");
    }
    return {};
}

void TlsPolicy::offer_http2(SSL* stream) noexcept {
    // Fails for want of memory alone; http/1.1 is offered then.
    ::SSL_set_alpn_protos(
        stream, alpn_with_http2.data(), static_cast<unsigned>(alpn_with_http2.size())
    );
}

TlsFindings TlsPolicy::verdict(const SSL* stream) {
    const failure_code wrong = tls_failure(::SSL_get_verify_result(stream));
    const std::unique_ptr<X509, decltype(&::X509_free)> certificate{
        ::SSL_get1_peer_certificate(stream), &::X509_free};
    TlsFindings verdict;
    verdict.version = ::SSL_get_version(stream);
    const char* cipher = SSL_get_cipher_name(stream);
    verdict.cipher = cipher == nullptr ? "" : cipher;
    verdict.verified = certificate != nullptr && wrong == failure_code::none;
    const unsigned char* protocol = nullptr;
    unsigned protocol_size = 0;
    ::SSL_get0_alpn_selected(stream, &protocol, &protocol_size);
    verdict.http2 = protocol_size == 2 && protocol[0] == 'h' && protocol[1] == '2';
    verdict.verdict = verdict.verified ? "ok" : std::string{dotted(wrong)};
    return verdict;
}

failure_code tls_failure(long verify_result) noexcept {
    switch (verify_result) {
        case X509_V_OK:
            return failure_code::none;
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return failure_code::tls_expired;
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return failure_code::tls_hostname;
        case X509_V_ERR_CERT_REVOKED:
            return failure_code::tls_revoked;
        default:
            return failure_code::tls_untrusted;
    }
}

}  // namespace fanfetch
