#pragma once

#include "model/result.hpp"

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace fanfetch {

/// A digest over bytes as they come. The context is made once and used again for every body, since
/// making one costs as much as hashing half a kilobyte.
///
/// Threads  one owner at a time
class Hasher {
public:
    /// `algorithm` is OpenSSL's name for it: "SHA256", "MD5".
    explicit Hasher(const char* algorithm);

    void reset();
    void update(std::string_view bytes);
    /// The digest of everything since `reset`, which comes before the next body. `digest` has the
    /// algorithm's length.
    void finish(std::span<std::uint8_t> digest);

private:
    struct FreeContext {
        void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    };
    struct FreeAlgorithm {
        void operator()(EVP_MD* algorithm) const noexcept { EVP_MD_free(algorithm); }
    };
    std::unique_ptr<EVP_MD, FreeAlgorithm> algorithm_;
    std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
};

/// SHA-256, which every body gets.
///
/// Source  FIPS 180-4
class Sha256Hasher : public Hasher {
public:
    Sha256Hasher() : Hasher{"SHA256"} {}

    [[nodiscard]] Sha256 digest() {
        Sha256 bytes{};
        finish(bytes);
        return bytes;
    }
};

/// The digests of one body.
struct BodyDigests {
    Sha256Hasher sha256;
    std::optional<Hasher> md5;

    void update(std::string_view bytes) {
        sha256.update(bytes);
        if (md5) {
            md5->update(bytes);
        }
    }
};

}  // namespace fanfetch
