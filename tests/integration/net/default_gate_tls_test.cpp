#include "net/default_gate.hpp"

#include "coro/with_timeout.hpp"
#include "future/errors.hpp"
#include "integration/net/gate_driver.hpp"
#include "support/run_coroutine.hpp"
#include "support/tls_origin.hpp"

#include <gtest/gtest.h>

#include <openssl/ssl.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::CertificateOrder;
using testing::connect_once;
using testing::Credential;
using testing::FakeResolver;
using testing::Origin;
using testing::patience;
using testing::run_coroutine;
using testing::Seen;
using testing::Surroundings;
using testing::TlsOrigin;

/// A PEM file for `ca_file`, gone with the test.
class PemFile {
public:
    explicit PemFile(const std::string& pem)
        : path_{::testing::TempDir() + "ca_" + std::to_string(::getpid()) + ".pem"} {
        std::ofstream{path_} << pem;
    }
    PemFile(const PemFile&) = delete;
    PemFile& operator=(const PemFile&) = delete;
    ~PemFile() { std::filesystem::remove(path_); }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

/// What a TLS test varies.
struct TlsCase {
    Credential leaf;
    std::vector<Credential> chain{};
    std::string host = "good.test";
    peer_check check = peer_check::required;
    std::function<void(SSL_CTX*)> prepare{};
    std::chrono::milliseconds limit = patience;
};

struct TlsSeen : Seen {
    std::string server_name;
    std::string protocol;
    std::size_t bytes = 0;
};

const Credential& root() {
    static const Credential authority = testing::make_authority();
    return authority;
}

TlsSeen shake(const TlsCase& one) {
    static const PemFile trusted{root().certificate_pem()};
    return run_coroutine([&](LoopExecutor home) -> awaitable<TlsSeen> {
        TlsOrigin origin{home, one.leaf, one.chain};
        if (one.prepare) {
            one.prepare(origin.context().native_handle());
        }
        FakeResolver resolver;
        resolver.answer(one.host, {"127.0.0.1"});
        Surroundings around;
        around.egress.allow = {"127.0.0.0/8"};
        around.ca_file = trusted.path();
        around.check = one.check;
        around.limit = one.limit;
        const std::string url = "https://" + one.host + ":" + std::to_string(origin.port()) + "/";
        TlsSeen seen;
        static_cast<Seen&>(seen) = co_await connect_once(around, resolver, url);
        seen.server_name = origin.server_name();
        seen.protocol = origin.protocol();
        seen.bytes = origin.bytes_received();
        co_return seen;
    });
}

CertificateOrder good() {
    return {.alternative_names = "DNS:good.test"};
}

/// Expects a failure with `code`, and not a byte of application data sent.
void expect_failure(const TlsCase& one, failure_code code) {
    const TlsSeen seen = shake(one);
    EXPECT_EQ(dotted(seen.code), dotted(code)) << seen.detail;
    EXPECT_EQ(seen.bytes, 0U);
}

TEST(DefaultGateTls, Tls01AGoodChainIsAccepted) {
    const TlsSeen seen = shake({.leaf = root().issue(good())});

    EXPECT_EQ(seen.code, failure_code::none) << seen.detail;
    EXPECT_TRUE(seen.report.tls_verified);
    EXPECT_EQ(seen.report.tls_verdict, "ok");
    EXPECT_EQ(seen.report.tls_version, "TLSv1.3");
    EXPECT_NE(seen.report.tls_cipher, "");
    EXPECT_GT(seen.report.tls.count(), 0);
    EXPECT_EQ(seen.server_name, "good.test");
    EXPECT_EQ(seen.protocol, "http/1.1") << "h2 is not offered";
}

TEST(DefaultGateTls, Tls01AnIntermediateIsAccepted) {
    const auto middle = root().issue({.common_name = "Middle", .authority = true});

    EXPECT_EQ(shake({.leaf = middle.issue(good()), .chain = {middle}}).code, failure_code::none);
}

TEST(DefaultGateTls, Tls02Expired) {
    auto order = good();
    order.first_day = -30;
    order.last_day = -1;
    expect_failure({.leaf = root().issue(order)}, failure_code::tls_expired);
}

TEST(DefaultGateTls, Tls03NotYetValid) {
    auto order = good();
    order.first_day = 1;
    expect_failure({.leaf = root().issue(order)}, failure_code::tls_expired);
}

TEST(DefaultGateTls, Tls04WrongName) {
    expect_failure(
        {.leaf = root().issue({.alternative_names = "DNS:other.test"})}, failure_code::tls_hostname
    );
}

TEST(DefaultGateTls, Tls05SelfSigned) {
    expect_failure({.leaf = Credential::self_signed(good())}, failure_code::tls_untrusted);
}

TEST(DefaultGateTls, Tls06UnknownRoot) {
    const auto stranger = testing::make_authority("Stranger");
    expect_failure(
        {.leaf = stranger.issue(good()), .chain = {stranger}}, failure_code::tls_untrusted
    );
}

TEST(DefaultGateTls, Tls07MissingIntermediate) {
    const auto middle = root().issue({.common_name = "Middle", .authority = true});
    expect_failure({.leaf = middle.issue(good())}, failure_code::tls_untrusted);
}

TEST(DefaultGateTls, Tls08M16TheCommonNameAloneIsNotAName) {
    expect_failure(
        {.leaf = root().issue({.common_name = "good.test"})}, failure_code::tls_hostname
    );
}

TEST(DefaultGateTls, Tls09AWildcardStandsForOneWholeLabel) {
    const auto verdict = [](std::string names, std::string host) {
        const auto leaf = root().issue({.alternative_names = std::move(names)});
        return std::string{dotted(shake({.leaf = leaf, .host = std::move(host)}).code)};
    };

    EXPECT_EQ(verdict("DNS:*.good.test", "a.good.test"), "");
    EXPECT_EQ(verdict("DNS:*.good.test", "a.b.good.test"), "tls.hostname");
    EXPECT_EQ(verdict("DNS:*.good.test", "good.test"), "tls.hostname");
    EXPECT_EQ(verdict("DNS:*.test", "good.test"), "tls.hostname");
    EXPECT_EQ(verdict("DNS:g*.good.test", "ga.good.test"), "tls.hostname");
}

TEST(DefaultGateTls, Tls10AddressesAreFoundAmongAddresses) {
    const auto verdict = [](std::string names) {
        const auto leaf =
            root().issue({.common_name = "127.0.0.1", .alternative_names = std::move(names)});
        const TlsSeen seen = shake({.leaf = leaf, .host = "127.0.0.1"});
        EXPECT_EQ(seen.server_name, "") << "an address is no server name";
        return std::string{dotted(seen.code)};
    };

    EXPECT_EQ(verdict("IP:127.0.0.1"), "");
    EXPECT_EQ(verdict("IP:127.0.0.2"), "tls.hostname");
    EXPECT_EQ(verdict("DNS:127.0.0.1"), "tls.hostname");
    EXPECT_EQ(verdict(""), "tls.hostname");
}

TEST(DefaultGateTls, Tls11M09OldVersionsAndWeakCiphersAreRefused) {
    const auto leaf = root().issue({.alternative_names = "DNS:good.test", .rsa_bits = 2048});
    const auto at_most = [](int version) {
        return [version](SSL_CTX* context) {
            SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
            SSL_CTX_set_max_proto_version(context, version);
        };
    };
    const auto only = [](const char* ciphers) {
        return [ciphers](SSL_CTX* context) {
            SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
            ASSERT_EQ(SSL_CTX_set_cipher_list(context, ciphers), 1) << ciphers;
        };
    };

    EXPECT_EQ(shake({.leaf = leaf, .prepare = at_most(TLS1_2_VERSION)}).code, failure_code::none);
    expect_failure({.leaf = leaf, .prepare = at_most(TLS1_1_VERSION)}, failure_code::tls_handshake);
    expect_failure({.leaf = leaf, .prepare = at_most(TLS1_VERSION)}, failure_code::tls_handshake);
    expect_failure(
        {.leaf = leaf, .prepare = only("NULL-SHA256:@SECLEVEL=0")}, failure_code::tls_handshake
    );
}

TEST(DefaultGateTls, Tls11M16StaticRsaIsRefused) {
    const auto leaf = root().issue({.alternative_names = "DNS:good.test", .rsa_bits = 2048});
    const auto static_rsa = [](SSL_CTX* context) {
        SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
        SSL_CTX_set_cipher_list(context, "AES128-GCM-SHA256:AES256-GCM-SHA384");
    };

    expect_failure({.leaf = leaf, .prepare = static_rsa}, failure_code::tls_handshake);
}

TEST(DefaultGateTls, Tls12ShortKeysAreRefused) {
    const auto leaf = root().issue({.alternative_names = "DNS:good.test", .rsa_bits = 1024});

    expect_failure({.leaf = leaf}, failure_code::tls_untrusted);
}

TEST(DefaultGateTls, Tls14AHandshakeThatStallsEndsAtTheDeadline) {
    const auto begun = Steady::now();

    const Seen seen = run_coroutine([](LoopExecutor home) -> awaitable<Seen> {
        const Origin silent{home};
        FakeResolver resolver;
        Surroundings around;
        around.egress.allow = {"127.0.0.0/8"};
        around.limit = 300ms;
        co_return co_await connect_once(
            around, resolver, "https://127.0.0.1:" + silent.port() + "/"
        );
    });

    EXPECT_EQ(dotted(seen.code), "connect.timeout") << seen.detail;
    EXPECT_LT(Steady::now() - begun, patience);
}

TEST(DefaultGateTls, Tls14ACancelledHandshakeEnds) {
    const bool cancelled = run_coroutine([](LoopExecutor home) -> awaitable<bool> {
        const Origin silent{home};
        FakeResolver resolver;
        Surroundings around;
        around.egress.allow = {"127.0.0.0/8"};
        const std::string url = "https://127.0.0.1:" + silent.port() + "/";
        auto connecting = [&] { return connect_once(around, resolver, url); };
        try {
            co_await with_timeout(100ms, connecting);
        } catch (const TimeoutError&) {
            co_return true;
        }
        co_return false;
    });

    EXPECT_TRUE(cancelled);
}

TEST(DefaultGateTls, Tls16AClientCertificateIsNotHad) {
    const auto ask_for_one = [](SSL_CTX* context) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    };

    EXPECT_EQ(
        shake({.leaf = root().issue(good()), .prepare = ask_for_one}).code, failure_code::none
    );
}

TEST(DefaultGateTls, Tls17AHugeCertificateIsRefusedOrAcceptedQuickly) {
    std::string names = "DNS:good.test";
    for (int i = 0; i < 10'000; ++i) {
        names += ",DNS:n" + std::to_string(i) + ".test";
    }
    const auto leaf = root().issue({.alternative_names = names});
    const std::clock_t begun = std::clock();  // of the processor: others may keep it busy

    const TlsSeen seen = shake({.leaf = leaf});

    EXPECT_TRUE(seen.code == failure_code::none || seen.code == failure_code::tls_handshake)
        << seen.detail;
    EXPECT_LT(std::clock() - begun, 3 * CLOCKS_PER_SEC);
}

TEST(DefaultGateTls, Tls18ConstraintsOfAuthoritiesHold) {
    const auto narrow = root().issue(
        {.common_name = "Narrow", .authority = true, .name_constraints = "permitted;DNS:other.test"}
    );
    const auto no_authority = root().issue({.common_name = "None", .authority = false});

    expect_failure({.leaf = narrow.issue(good()), .chain = {narrow}}, failure_code::tls_untrusted);
    expect_failure(
        {.leaf = no_authority.issue(good()), .chain = {no_authority}}, failure_code::tls_untrusted
    );
}

TEST(DefaultGateTls, Tls19AnUnverifiedConnectionTellsWhatWasWrong) {
    auto expired = good();
    expired.last_day = -1;
    expired.first_day = -2;
    const TlsSeen bad = shake({.leaf = root().issue(expired), .check = peer_check::recorded});
    const TlsSeen fine = shake({.leaf = root().issue(good()), .check = peer_check::recorded});

    EXPECT_EQ(bad.code, failure_code::none) << bad.detail;
    EXPECT_FALSE(bad.report.tls_verified);
    EXPECT_EQ(bad.report.tls_verdict, "tls.expired");
    EXPECT_TRUE(fine.report.tls_verified);
}

TEST(DefaultGateTls, Tls20WithoutAKeyNoSessionIsResumed) {
    static int resumed = 0;  // the callback has no room for a reference
    const auto leaf = root().issue(good());
    const auto count = [](SSL_CTX* context) {
        SSL_CTX_set_info_callback(context, [](const SSL* stream, int where, int) {
            const bool done = (where & SSL_CB_HANDSHAKE_DONE) != 0;
            resumed += done && SSL_session_reused(stream) == 1 ? 1 : 0;
        });
    };

    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(shake({.leaf = leaf, .prepare = count}).code, failure_code::none);
    }
    EXPECT_EQ(resumed, 0);
}

}  // namespace
}  // namespace fanfetch
