#include "net/tls_server.hpp"

#include "support/tls_certificates.hpp"

#include <boost/asio/io_context.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <stdlib.h>

namespace fanfetch {
namespace {

namespace fs = std::filesystem;
using testing::Credential;
using ::testing::HasSubstr;

class TlsIdentityTest : public ::testing::Test {
protected:
    TlsIdentityTest() : folder_{::testing::TempDir() + "tls_XXXXXX"} {
        if (::mkdtemp(folder_.data()) == nullptr) {
            throw std::runtime_error{"no directory"};
        }
    }
    ~TlsIdentityTest() override { fs::remove_all(folder_); }

    [[nodiscard]] TlsPair pair() const { return {folder_ + "/cert.pem", folder_ + "/key.pem"}; }
    static Credential called(const std::string& name, int first_day = -1, int last_day = 30) {
        return Credential::self_signed(
            {.common_name = name, .first_day = first_day, .last_day = last_day}
        );
    }
    /// As those who renew certificates do it: a new file in place of the old one.
    static void put(const std::string& path, const std::string& text) {
        std::ofstream{path + ".new"} << text;
        fs::rename(path + ".new", path);
    }
    void put(const Credential& credential) const {
        put(pair().certificate, credential.certificate_pem());
        put(pair().key, credential.key_pem());
    }
    std::string shown_by(TlsIdentity& identity) {
        TcpSocket socket{loop_.get_executor()};
        socket.open(boost::asio::ip::tcp::v4());
        const auto stream = identity.serve(socket);
        const auto* const certificate = ::SSL_get_certificate(stream.native_handle());
        std::string name(100, '\0');
        const int length = ::X509_NAME_get_text_by_NID(
            ::X509_get_subject_name(certificate), NID_commonName, name.data(), 100
        );
        name.resize(static_cast<std::size_t>(length));
        return name;
    }
    std::string why_not() const {
        const auto identity = TlsIdentity::open(pair(), now);
        return identity ? "" : identity.error().detail;
    }

    const WallTime now =
        std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());

private:
    std::string folder_;
    boost::asio::io_context loop_;
};

TEST_F(TlsIdentityTest, ShowsItsPair) {
    put(called("one"));

    auto identity = TlsIdentity::open(pair(), now);

    ASSERT_TRUE(identity.has_value());
    EXPECT_EQ(shown_by(**identity), "one");
    EXPECT_EQ((*identity)->refresh(now).value(), false) << "nothing has changed";
}

TEST_F(TlsIdentityTest, SaysWhatIsWrongWithWhichFile) {
    EXPECT_THAT(why_not(), HasSubstr("cert.pem: No such file"));
    put(called("one"));
    fs::remove(pair().key);
    EXPECT_THAT(why_not(), HasSubstr("key.pem: No such file"));
    put(pair().key, called("other").key_pem());
    EXPECT_THAT(why_not(), HasSubstr("key.pem: "));
    put(pair().certificate, "no certificate");
    EXPECT_THAT(why_not(), HasSubstr("cert.pem: "));
    put(called("late", -30, -1));
    EXPECT_THAT(why_not(), HasSubstr("cert.pem: the certificate has expired"));
    put(called("early", 1, 30));
    EXPECT_THAT(why_not(), HasSubstr("cert.pem: the certificate is not valid yet"));
    put(called("fine"));
    EXPECT_EQ(why_not(), "");
}

TEST_F(TlsIdentityTest, TakesUpANewPairWhenItIsWhole) {
    put(called("one"));
    const auto identity = TlsIdentity::open(pair(), now).value();
    const auto next = called("two");

    put(pair().certificate, next.certificate_pem());
    EXPECT_THAT(identity->refresh(now).error().detail, HasSubstr("key.pem"));
    EXPECT_EQ(shown_by(*identity), "one") << "half a pair is none";
    EXPECT_EQ(identity->refresh(now).value(), false) << "told once";
    put(pair().key, next.key_pem());

    EXPECT_EQ(identity->refresh(now).value(), true);
    EXPECT_EQ(shown_by(*identity), "two");
    EXPECT_EQ(identity->refresh(now).value(), false);
}

TEST_F(TlsIdentityTest, APairThatDoesNotHoldYetIsTakenUpWhenItDoes) {
    put(called("one"));
    const auto identity = TlsIdentity::open(pair(), now).value();

    put(called("tomorrow", 1, 30));
    EXPECT_THAT(identity->refresh(now).error().detail, HasSubstr("not valid yet"));
    EXPECT_EQ(identity->refresh(now).value(), false);

    EXPECT_EQ(identity->refresh(now + std::chrono::hours{48}).value(), true);
    EXPECT_EQ(shown_by(*identity), "tomorrow");
}

}  // namespace
}  // namespace fanfetch
