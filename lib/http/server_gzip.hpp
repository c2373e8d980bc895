#pragma once

#include "http/server_types.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace fanfetch {

enum class gzip_flush {
    none,
    all,  ///< what was put in can be read by the client, at a cost in size
    end,
};

/// Compresses a reply piece by piece, in about 50 KiB of memory however long it is: a small window,
/// because there may be one of these for every slow reader of a stream.
///
/// Threads  one owner
/// Source   RFC 1952
class GzipEncoder {
public:
    GzipEncoder();
    ~GzipEncoder();
    GzipEncoder(const GzipEncoder&) = delete;
    GzipEncoder& operator=(const GzipEncoder&) = delete;

    /// Appends to `out` what `bytes` become. After `end` nothing more may be put in.
    void put(std::string_view bytes, gzip_flush flush, std::string& out);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Whether `reply` is worth compressing and may be: of a text type, above 1 KiB or a stream of
/// unknown length, a whole representation, not coded already.
[[nodiscard]] bool is_compressible(const HttpReply& reply);

/// Says in the fields of a compressible reply that it depends on Accept-Encoding and, when `coded`,
/// that it is gzip: then its ETag becomes that of the coding.
void declare_coding(HttpReply& reply, bool coded);

/// A stream that compresses. Each write goes out at once, so that a reader sees what there is.
class GzipStream final : public ResponseStream {
public:
    explicit GzipStream(ResponseStream& out) noexcept : out_{out} {}

    awaitable<bool> write(std::string_view bytes) override;
    [[nodiscard]] bool gone() const noexcept override { return out_.gone(); }
    void on_gone(std::function<void()> callback) override { out_.on_gone(std::move(callback)); }

    awaitable<bool> finish();

private:
    ResponseStream& out_;
    GzipEncoder encoder_;
    std::string coded_;
};

}  // namespace fanfetch
