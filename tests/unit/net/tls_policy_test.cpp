#include "net/tls_policy.hpp"

#include <gtest/gtest.h>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <set>

namespace fanfetch {
namespace {

SSL_CTX* handle(TlsPolicy& policy, peer_check check) {
    return policy.context(check).native_handle();
}

TEST(TlsPolicy, M09EveryContextHasTheWholePolicy) {
    TlsPolicy policy = TlsPolicy::make({}).value();

    for (const peer_check check : {peer_check::required, peer_check::recorded}) {
        SSL_CTX* context = handle(policy, check);
        EXPECT_EQ(SSL_CTX_get_min_proto_version(context), TLS1_2_VERSION);
        EXPECT_EQ(SSL_CTX_get_security_level(context), 2);
        EXPECT_TRUE(SSL_CTX_get_session_cache_mode(context) & SSL_SESS_CACHE_NO_INTERNAL)
            << "the context does not tell tenants apart";
        EXPECT_TRUE(SSL_CTX_get_options(context) & SSL_OP_NO_COMPRESSION);
        EXPECT_TRUE(SSL_CTX_get_options(context) & SSL_OP_NO_RENEGOTIATION);
        EXPECT_FALSE(SSL_CTX_get_options(context) & SSL_OP_IGNORE_UNEXPECTED_EOF)
            << "a cut connection must not look like its end";
    }
}

TEST(TlsPolicy, M09PeersAreVerifiedUnlessAskedOtherwise) {
    TlsPolicy policy = TlsPolicy::make({}).value();

    EXPECT_EQ(SSL_CTX_get_verify_mode(handle(policy, peer_check::required)), SSL_VERIFY_PEER);
    EXPECT_EQ(SSL_CTX_get_verify_mode(handle(policy, peer_check::recorded)), SSL_VERIFY_NONE);
}

TEST(TlsPolicy, M16NoCipherIsWithoutForwardSecrecyOrAuthentication) {
    TlsPolicy policy = TlsPolicy::make({}).value();

    const auto* ciphers = SSL_CTX_get_ciphers(handle(policy, peer_check::required));
    ASSERT_GT(sk_SSL_CIPHER_num(ciphers), 5);
    const std::set<int> exchanges{NID_kx_ecdhe, NID_kx_dhe, NID_kx_any};
    const std::set<int> proofs{NID_auth_rsa, NID_auth_ecdsa, NID_auth_any};
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
        const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ciphers, i);
        EXPECT_TRUE(exchanges.contains(SSL_CIPHER_get_kx_nid(cipher)))
            << SSL_CIPHER_get_name(cipher);
        EXPECT_TRUE(proofs.contains(SSL_CIPHER_get_auth_nid(cipher)))
            << SSL_CIPHER_get_name(cipher);
        EXPECT_GE(SSL_CIPHER_get_bits(cipher, nullptr), 128) << SSL_CIPHER_get_name(cipher);
    }
}

TEST(TlsPolicy, M16HostsAreFoundInAlternativeNamesOnly) {
    TlsPolicy policy = TlsPolicy::make({}).value();
    SSL* stream = SSL_new(handle(policy, peer_check::required));

    ASSERT_TRUE(TlsPolicy::expect_host(stream, "good.test."));

    const auto flags = X509_VERIFY_PARAM_get_hostflags(SSL_get0_param(stream));
    EXPECT_TRUE(flags & X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    EXPECT_TRUE(flags & X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    EXPECT_STREQ(X509_VERIFY_PARAM_get0_host(SSL_get0_param(stream), 0), "good.test");
    EXPECT_STREQ(SSL_get_servername(stream, TLSEXT_NAMETYPE_host_name), "good.test");
    SSL_free(stream);
}

TEST(TlsPolicy, AddressesAreNoServerNames) {
    TlsPolicy policy = TlsPolicy::make({}).value();
    for (const char* host : {"192.0.2.1", "[2001:db8::1]"}) {
        SSL* stream = SSL_new(handle(policy, peer_check::required));

        ASSERT_TRUE(TlsPolicy::expect_host(stream, host)) << host;

        EXPECT_EQ(SSL_get_servername(stream, TLSEXT_NAMETYPE_host_name), nullptr);
        char* wanted = X509_VERIFY_PARAM_get1_ip_asc(SSL_get0_param(stream));
        EXPECT_NE(wanted, nullptr);
        OPENSSL_free(wanted);
        SSL_free(stream);
    }
}

TEST(TlsPolicy, AnUnreadableCaFileIsAnError) {
    const auto policy = TlsPolicy::make({.ca_file = "/nonexistent/ca.pem"});

    ASSERT_FALSE(policy);
    EXPECT_EQ(policy.error().code, failure_code::internal);
    EXPECT_NE(policy.error().detail.find("/nonexistent/ca.pem"), std::string::npos);
}

TEST(TlsPolicy, EveryVerdictHasItsCode) {
    EXPECT_EQ(tls_failure(X509_V_OK), failure_code::none);
    EXPECT_EQ(tls_failure(X509_V_ERR_CERT_HAS_EXPIRED), failure_code::tls_expired);
    EXPECT_EQ(tls_failure(X509_V_ERR_CERT_NOT_YET_VALID), failure_code::tls_expired);
    EXPECT_EQ(tls_failure(X509_V_ERR_HOSTNAME_MISMATCH), failure_code::tls_hostname);
    EXPECT_EQ(tls_failure(X509_V_ERR_IP_ADDRESS_MISMATCH), failure_code::tls_hostname);
    EXPECT_EQ(tls_failure(X509_V_ERR_CERT_REVOKED), failure_code::tls_revoked);
    EXPECT_EQ(tls_failure(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN), failure_code::tls_untrusted);
    EXPECT_EQ(tls_failure(X509_V_ERR_CA_KEY_TOO_SMALL), failure_code::tls_untrusted);
}

}  // namespace
}  // namespace fanfetch
