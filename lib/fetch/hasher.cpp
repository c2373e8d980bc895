#include "fetch/hasher.hpp"

#include <new>

namespace fanfetch {

Hasher::Hasher(const char* algorithm)
    : algorithm_{EVP_MD_fetch(nullptr, algorithm, nullptr)}, context_{EVP_MD_CTX_new()} {
    if (!algorithm_ || !context_) {
        throw std::bad_alloc{};
    }
    reset();
}

void Hasher::reset() {
    EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr);
}

void Hasher::update(std::string_view bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

void Hasher::finish(std::span<std::uint8_t> digest) {
    unsigned int length = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &length);
}

}  // namespace fanfetch
