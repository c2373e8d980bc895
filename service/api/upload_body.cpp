#include "api/upload_body.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::uint64_t longest_decoded = std::uint64_t{16} << 30U;

bool same_word(std::string_view text, std::string_view lower_case) noexcept {
    return std::ranges::equal(text, lower_case, [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
    });
}

/// What went wrong with a client's coding, in the words of the API.
Failure as_answer(const Failure& failure) {
    const bool too_much = failure.code == failure_code::limit_decode_ratio ||
                          failure.code == failure_code::limit_body_size;
    return failed(
        too_much ? failure_code::api_body_too_large : failure_code::api_bad_request,
        "undoing the body's Content-Encoding: " + failure.detail
    );
}

}  // namespace

Expected<UploadBody> UploadBody::open(HttpRequest& request) {
    UploadBody body{request};
    const auto coding = header_of(request, http::field::content_encoding);
    if (coding.empty() || same_word(coding, "identity")) {
        return body;
    }
    std::array codings{content_coding::gzip};
    if (same_word(coding, "zstd")) {
        codings = {content_coding::zstd};
    } else if (!same_word(coding, "gzip") && !same_word(coding, "x-gzip")) {
        return failed(
            failure_code::api_unsupported_media,
            "reading the body: its Content-Encoding may be gzip or zstd, not " + std::string{coding}
        );
    }
    DecodeLimits limits;
    limits.max_bytes = longest_decoded;
    body.decoder_ = std::make_unique<ContentDecoder>(codings, limits);
    return body;
}

awaitable<Expected<std::string_view>> UploadBody::next_raw() {
    auto piece = co_await request_->body->next();
    if (piece && hasher_) {
        hasher_->update(*piece);
    }
    co_return piece;
}

awaitable<Expected<std::string_view>> UploadBody::next() {
    const auto piece = co_await next_decoded();
    given_ += piece ? piece->size() : 0;
    if (given_ > limit_) {
        co_return failed(
            failure_code::api_body_too_large,
            "reading the body: longer than " + std::to_string(limit_) + " bytes"
        );
    }
    co_return piece;
}

awaitable<Expected<std::string_view>> UploadBody::next_decoded() {
    for (;;) {
        if (draining_) {
            const auto piece = decoder_->next(coded_);
            if (!piece) {
                co_return as_answer(piece.error());
            }
            if (!piece->empty()) {
                co_return *piece;
            }
            draining_ = false;
        }
        const auto raw = co_await next_raw();
        if (!raw || !decoder_) {
            co_return raw;
        }
        if (raw->empty()) {
            if (auto whole = decoder_->finish(); !whole) {
                co_return as_answer(whole.error());
            }
            co_return std::string_view{};
        }
        coded_ = *raw;
        draining_ = true;
    }
}

std::optional<std::uint64_t> UploadBody::declared_size() const {
    return decoder_ ? std::nullopt : request_->body->declared_size();
}

void UploadBody::begin_digest() {
    hasher_ = std::make_unique<Sha256Hasher>();
    hasher_->reset();
    for (const auto part :
         {std::string_view{request_->method_string}, std::string_view{request_->target},
          header_of(*request_, http::field::content_type),
          header_of(*request_, http::field::content_encoding)}) {
        hasher_->update(std::to_string(part.size()));
        hasher_->update(":");
        hasher_->update(part);
    }
}

Sha256 UploadBody::digest() {
    return hasher_->digest();
}

awaitable<Expected<Sha256>> UploadBody::digest_rest() {
    for (;;) {
        const auto piece = co_await next_raw();
        if (!piece) {
            co_return piece.error();
        }
        if (piece->empty()) {
            co_return digest();
        }
    }
}

}  // namespace fanfetch
