#include "support/tls_certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <stdexcept>

namespace fanfetch::testing {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&::X509_free)>;
using Memory = std::unique_ptr<BIO, decltype(&::BIO_free)>;

constexpr long seconds_per_day = 86'400;

void must(bool done, const char* doing) {
    if (!done) {
        throw std::runtime_error{std::string{"making a certificate: "} + doing};
    }
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, decltype(&::X509_EXTENSION_free)> extension{
        ::X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), &::X509_EXTENSION_free};
    must(extension != nullptr, value.c_str());
    must(::X509_add_ext(certificate, extension.get(), -1) == 1, "adding an extension");
}

std::string drain(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace

struct Credential::Parts {
    Key key{nullptr, &::EVP_PKEY_free};
    Certificate certificate{nullptr, &::X509_free};
};

namespace {

std::shared_ptr<Credential::Parts> make(
    const CertificateOrder& order, const Credential::Parts* issuer
) {
    static std::atomic<long> serial{1};
    auto made = std::make_shared<Credential::Parts>();
    made->key.reset(
        order.rsa_bits == 0 ? EVP_EC_gen("P-256")
                            : EVP_RSA_gen(static_cast<unsigned>(order.rsa_bits))
    );
    made->certificate.reset(::X509_new());
    must(made->key && made->certificate, "making a key");
    X509* certificate = made->certificate.get();
    X509* signer = issuer == nullptr ? certificate : issuer->certificate.get();

    ::X509_set_version(certificate, X509_VERSION_3);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate), serial++);
    ::X509_gmtime_adj(::X509_getm_notBefore(certificate), order.first_day * seconds_per_day);
    ::X509_gmtime_adj(::X509_getm_notAfter(certificate), order.last_day * seconds_per_day);
    ::X509_set_pubkey(certificate, made->key.get());
    ::X509_NAME_add_entry_by_txt(
        ::X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
        reinterpret_cast<const unsigned char*>(order.common_name.c_str()), -1, -1, 0
    );
    ::X509_set_issuer_name(certificate, ::X509_get_subject_name(signer));
    add_extension(
        certificate, signer, NID_basic_constraints,
        order.authority ? "critical,CA:TRUE" : "critical,CA:FALSE"
    );
    if (!order.alternative_names.empty()) {
        add_extension(certificate, signer, NID_subject_alt_name, order.alternative_names);
    }
    if (!order.name_constraints.empty()) {
        add_extension(certificate, signer, NID_name_constraints, order.name_constraints);
    }
    EVP_PKEY* key = issuer == nullptr ? made->key.get() : issuer->key.get();
    must(::X509_sign(certificate, key, ::EVP_sha256()) > 0, "signing");
    return made;
}

}  // namespace

Credential Credential::self_signed(const CertificateOrder& order) {
    return Credential{make(order, nullptr)};
}

Credential Credential::issue(const CertificateOrder& order) const {
    return Credential{make(order, parts_.get())};
}

std::string Credential::certificate_pem() const {
    const Memory memory{::BIO_new(::BIO_s_mem()), &::BIO_free};
    ::PEM_write_bio_X509(memory.get(), parts_->certificate.get());
    return drain(memory.get());
}

std::string Credential::key_pem() const {
    const Memory memory{::BIO_new(::BIO_s_mem()), &::BIO_free};
    ::PEM_write_bio_PrivateKey(
        memory.get(), parts_->key.get(), nullptr, nullptr, 0, nullptr, nullptr
    );
    return drain(memory.get());
}

Credential make_authority(std::string common_name) {
    return Credential::self_signed({.common_name = std::move(common_name), .authority = true});
}

}  // namespace fanfetch::testing
