#pragma once

#include "api/context.hpp"
#include "base/expected.hpp"
#include "fetch/hasher.hpp"
#include "http/content_decoder.hpp"
#include "model/result.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// The body of a submission as it is meant: its content coding undone, within bounds, and a digest
/// made of it on the way when one is wanted.
///
/// A coded body may decode to a hundred times its size (judged from 1 MiB on) and to 16 GiB; a body
/// that is read whole is bounded besides by what `read_all` is given, decoded.
///
/// Errors   as RequestBody; of open: api_unsupported_media for a coding other than gzip and zstd.
///          What does not decode is api_bad_request, too much of it api_body_too_large
/// Threads  the session's shard, one caller at a time
class UploadBody final : public RequestBody {
public:
    [[nodiscard]] static Expected<UploadBody> open(HttpRequest& request);

    /// From now on more than so many bytes, decoded, are too much.
    void limit(std::uint64_t bytes) noexcept { limit_ = bytes; }

    awaitable<Expected<std::string_view>> next() override;
    /// Unknown of a body that is coded.
    [[nodiscard]] std::optional<std::uint64_t> declared_size() const override;

    /// From now on a digest is made: of the request (its method, target, type and coding) and of
    /// the body's bytes as they came.
    void begin_digest();
    /// Once the body has been read to its end.
    [[nodiscard]] Sha256 digest();
    /// Reads what is left for its digest alone.
    awaitable<Expected<Sha256>> digest_rest();

private:
    explicit UploadBody(HttpRequest& request) : request_{&request} {}

    awaitable<Expected<std::string_view>> next_raw();
    awaitable<Expected<std::string_view>> next_decoded();

    HttpRequest* request_;
    std::unique_ptr<ContentDecoder> decoder_;
    std::string_view coded_;
    std::uint64_t limit_ = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t given_ = 0;
    bool draining_ = false;  // the decoder may have more of what it was given
    std::unique_ptr<Sha256Hasher> hasher_;
};

}  // namespace fanfetch
