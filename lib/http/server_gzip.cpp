#include "http/server_gzip.hpp"

#include "http/conditional.hpp"
#include "http/field_syntax.hpp"
#include "http/request_checks.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>

namespace fanfetch {
namespace {

constexpr std::size_t least_compressed = 1024;
/// Fast: JSON shrinks to a fifth at any level.
constexpr int level = 1;
/// 8 KiB of window, and 16 asks zlib for the gzip wrapper.
constexpr int window_bits = 13 + 16;
constexpr int memory_level = 5;
constexpr std::size_t step_bytes = 16 * 1024;

std::string* find_header(HttpReply& reply, std::string_view name) {
    for (auto& field : reply.headers) {
        if (equal_ignoring_case(field.first, name)) {
            return &field.second;
        }
    }
    return nullptr;
}

bool has_header(const HttpReply& reply, std::string_view name) {
    return std::ranges::any_of(reply.headers, [&](const auto& field) {
        return equal_ignoring_case(field.first, name);
    });
}

bool is_text(std::string_view content_type) {
    const auto type = media_type_of(content_type);
    // Server-sent events are left alone: intermediaries hold compressed ones back.
    return (type.starts_with("text/") && type != "text/event-stream") || type.ends_with("json") ||
           type.ends_with("xml") || type == "application/javascript" || type == "application/yaml";
}

}  // namespace

struct GzipEncoder::State {
    z_stream stream{};
};

GzipEncoder::GzipEncoder() : state_{std::make_unique<State>()} {
    const int result = deflateInit2(
        &state_->stream, level, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY
    );
    if (result != Z_OK) {
        throw std::bad_alloc{};  // the only way it fails with these arguments
    }
}

GzipEncoder::~GzipEncoder() {
    deflateEnd(&state_->stream);
}

void GzipEncoder::put(std::string_view bytes, gzip_flush flush, std::string& out) {
    static constexpr std::array<int, 3> modes{Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
    auto& stream = state_->stream;
    // zlib does not write through it; the type is a relic.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    do {
        const auto filled = out.size();
        out.resize(filled + step_bytes);
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
        stream.avail_out = static_cast<uInt>(step_bytes);
        deflate(&stream, modes[static_cast<std::size_t>(flush)]);
        out.resize(out.size() - stream.avail_out);
    } while (stream.avail_out == 0);
}

bool is_compressible(const HttpReply& reply) {
    const bool stream = static_cast<bool>(reply.stream);
    const bool long_enough = stream ? !reply.stream_length : reply.body.size() > least_compressed;
    const bool whole = reply.status != http::status::partial_content;
    if (!long_enough || !whole || has_header(reply, "Content-Encoding")) {
        return false;
    }
    return std::ranges::any_of(reply.headers, [](const auto& field) {
        return equal_ignoring_case(field.first, "Content-Type") && is_text(field.second);
    });
}

void declare_coding(HttpReply& reply, bool coded) {
    reply.set("Vary", "Accept-Encoding");
    if (!coded) {
        return;
    }
    reply.set("Content-Encoding", "gzip");
    if (auto* etag = find_header(reply, "ETag")) {
        *etag = etag_of_coding(*etag, "gzip");
    }
}

awaitable<bool> GzipStream::write(std::string_view bytes) {
    coded_.clear();
    encoder_.put(bytes, gzip_flush::all, coded_);
    co_return co_await out_.write(coded_);
}

awaitable<bool> GzipStream::finish() {
    coded_.clear();
    encoder_.put({}, gzip_flush::end, coded_);
    co_return co_await out_.write(coded_);
}

}  // namespace fanfetch
