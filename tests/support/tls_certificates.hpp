#pragma once

#include <memory>
#include <string>
#include <vector>

namespace fanfetch::testing {

/// What a certificate is to say.
struct CertificateOrder {
    std::string common_name = "good.test";
    std::string alternative_names{};  ///< "DNS:good.test,IP:127.0.0.1"; empty leaves them out
    int first_day = -1;               ///< valid from this many days from now
    int last_day = 30;
    int rsa_bits = 0;  ///< 0 makes an EC key on P-256, which is quick
    bool authority = false;
    std::string name_constraints{};  ///< "permitted;DNS:good.test"
};

/// A certificate and its key, made on the spot.
class Credential {
public:
    struct Parts;

    explicit Credential(std::shared_ptr<Parts> parts) : parts_{std::move(parts)} {}

    [[nodiscard]] static Credential self_signed(const CertificateOrder& order);
    [[nodiscard]] Credential issue(const CertificateOrder& order) const;

    [[nodiscard]] std::string certificate_pem() const;
    [[nodiscard]] std::string key_pem() const;

private:
    std::shared_ptr<Parts> parts_;
};

/// A certificate authority of the test's own.
[[nodiscard]] Credential make_authority(std::string common_name = "Test Root");

}  // namespace fanfetch::testing
