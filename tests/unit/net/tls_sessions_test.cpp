#include "net/tls_sessions.hpp"

#include "net/tls_policy.hpp"
#include "support/tls_certificates.hpp"

#include <boost/asio/buffer.hpp>

#include <gtest/gtest.h>

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace fanfetch {
namespace {

namespace ssl = boost::asio::ssl;
using testing::CertificateOrder;
using testing::Credential;
using Stream = std::unique_ptr<SSL, decltype(&::SSL_free)>;

const Credential& root() {
    static const Credential authority = testing::make_authority();
    return authority;
}

/// A server's context; tickets are its own, so two of them are two hosts.
ssl::context server(const CertificateOrder& order = {.alternative_names = "DNS:good.test"}) {
    ssl::context context{ssl::context::tls_server};
    const Credential leaf = root().issue(order);
    const std::string chain = leaf.certificate_pem();
    context.use_certificate_chain(boost::asio::buffer(chain));
    const std::string key = leaf.key_pem();
    context.use_private_key(boost::asio::buffer(key), ssl::context::pem);
    return context;
}

/// A client's context as TlsPolicy makes it, but for whom it trusts.
ssl::context client(peer_check check = peer_check::required) {
    ssl::context context{ssl::context::tls_client};
    TlsSessions::enable(context.native_handle());
    const std::string pem = root().certificate_pem();
    context.add_certificate_authority(boost::asio::buffer(pem));
    ::SSL_CTX_set_verify(
        context.native_handle(), check == peer_check::required ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
        nullptr
    );
    return context;
}

/// What one connection came to.
struct Meeting {
    bool shaken = false;
    bool resumed = false;
    TlsFindings findings{};
};

/// Two streams shake hands in memory and exchange a byte, which brings the tickets; then the server
/// drops its one without a word, as connections are.
Meeting shake_hands(SSL* near, ssl::context& to, const char* host = "good.test") {
    const Stream far{::SSL_new(to.native_handle()), &::SSL_free};
    BIO* near_end = nullptr;
    BIO* far_end = nullptr;
    if (::BIO_new_bio_pair(&near_end, 0, &far_end, 0) != 1) {
        throw std::runtime_error{"no pair of buffers"};
    }
    ::SSL_set_bio(near, near_end, near_end);
    ::SSL_set_bio(far.get(), far_end, far_end);
    ::SSL_set_connect_state(near);
    ::SSL_set_accept_state(far.get());
    if (!TlsPolicy::expect_host(near, host)) {
        throw std::runtime_error{"no host name"};
    }
    constexpr int most_turns = 100;
    bool done = false;
    for (int turn = 0; turn < most_turns && !done; ++turn) {
        const int here = ::SSL_do_handshake(near);
        const int there = ::SSL_do_handshake(far.get());
        done = here == 1 && there == 1;
    }
    if (!done) {
        return {};
    }
    char byte = 'x';
    ::SSL_write(far.get(), &byte, 1);
    ::SSL_read(near, &byte, 1);
    return {true, ::SSL_session_reused(near) == 1, TlsPolicy::verdict(near)};
}

/// The same with a stream that is offered a session, and is dropped in turn.
Meeting meet(
    ssl::context& from, ssl::context& to, TlsSessions& sessions, const std::string& key,
    const char* host = "good.test"
) {
    const Stream near{::SSL_new(from.native_handle()), &::SSL_free};
    sessions.offer(near.get(), key);
    return shake_hands(near.get(), to, host);
}

class TlsSessionsOf : public ::testing::TestWithParam<int> {};

TEST_P(TlsSessionsOf, Tls20AKeyTakesItsSessionUpAgain) {
    auto from = client();
    auto to = server();
    SSL_CTX_set_max_proto_version(to.native_handle(), GetParam());
    TlsSessions sessions;

    const auto first = meet(from, to, sessions, "sgood.test:443 t");
    const auto second = meet(from, to, sessions, "sgood.test:443 t");
    const auto third = meet(from, to, sessions, "sgood.test:443 t");

    EXPECT_TRUE(first.shaken);
    EXPECT_FALSE(first.resumed);
    EXPECT_TRUE(second.resumed);
    EXPECT_TRUE(third.resumed) << "a connection dropped without close_notify costs no session";
    EXPECT_TRUE(second.findings.verified);
    EXPECT_EQ(second.findings.verdict, "ok");
    EXPECT_EQ(sessions.size(), 1U);
}

TEST_P(TlsSessionsOf, Tls20AnotherKeyNeverDoes) {
    auto from = client();
    auto to = server();
    SSL_CTX_set_max_proto_version(to.native_handle(), GetParam());
    TlsSessions sessions;
    meet(from, to, sessions, "sgood.test:443 t");

    for (const char* key :
         {"sgood.test:443 u", "lgood.test:443 t", "ogood.test:443 t", "sgood.test:444 t",
          "sother.test:443 t", "sgood.test:443 "}) {
        EXPECT_FALSE(meet(from, to, sessions, key).resumed) << key;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Versions, TlsSessionsOf, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION)
);

TEST(TlsSessions, Tls20TheVerdictIsThatOfTheHandshakeThatMadeTheSession) {
    auto from = client(peer_check::recorded);
    auto to = server({.alternative_names = "DNS:other.test"});
    TlsSessions sessions;

    const auto first = meet(from, to, sessions, "k");
    const auto second = meet(from, to, sessions, "k");

    EXPECT_EQ(first.findings.verdict, "tls.hostname");
    EXPECT_TRUE(second.resumed);
    EXPECT_FALSE(second.findings.verified) << "taking it up again proves nothing";
    EXPECT_EQ(second.findings.verdict, "tls.hostname");
}

TEST(TlsSessions, Tls20AHandshakeThatFailedLeavesNothing) {
    auto from = client();
    auto to = server({.alternative_names = "DNS:other.test"});
    TlsSessions sessions;

    EXPECT_FALSE(meet(from, to, sessions, "k").shaken);
    EXPECT_EQ(sessions.size(), 0U);
}

TEST(TlsSessions, Tls20WhatWasForgottenIsNotOffered) {
    auto from = client();
    auto to = server();
    TlsSessions sessions;
    meet(from, to, sessions, "k");

    sessions.forget("k");

    EXPECT_FALSE(meet(from, to, sessions, "k").resumed);
}

TEST(TlsSessions, Tls20WithoutOfferNothingIsKept) {
    auto from = client();
    auto to = server();
    TlsSessions kept;
    meet(from, to, kept, "k");
    TlsSessions another;  // another shard

    EXPECT_FALSE(meet(from, to, another, "k").resumed);
    EXPECT_EQ(kept.size(), 1U);
}

TEST(TlsSessions, Tls20TheLeastRecentlyUsedMakesRoom) {
    auto from = client();
    auto to = server();
    TlsSessions sessions{2};
    meet(from, to, sessions, "a");
    meet(from, to, sessions, "b");
    EXPECT_TRUE(meet(from, to, sessions, "a").resumed);

    meet(from, to, sessions, "c");

    EXPECT_EQ(sessions.size(), 2U);
    EXPECT_TRUE(meet(from, to, sessions, "a").resumed);
    EXPECT_FALSE(meet(from, to, sessions, "b").resumed);
}

TEST(TlsSessions, Tls20AStreamMayOutliveItsSessions) {
    auto from = client();
    auto to = server();
    const Stream stream{::SSL_new(from.native_handle()), &::SSL_free};
    {
        TlsSessions sessions;
        meet(from, to, sessions, "k");
        sessions.offer(stream.get(), "k");
    }

    const auto meeting = shake_hands(stream.get(), to);

    EXPECT_TRUE(meeting.shaken);
    EXPECT_TRUE(meeting.resumed) << "what it was offered is its own";
}

TEST(TlsSessions, Tls20AServerThatDoesNotKnowTheSessionShakesHandsInFull) {
    auto from = client();
    auto to = server();
    auto another = server();
    TlsSessions sessions;
    meet(from, to, sessions, "k");

    const auto second = meet(from, another, sessions, "k");

    EXPECT_TRUE(second.shaken);
    EXPECT_FALSE(second.resumed);
    EXPECT_TRUE(meet(from, another, sessions, "k").resumed);
}

}  // namespace
}  // namespace fanfetch
