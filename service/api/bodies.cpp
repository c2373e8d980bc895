#include "api/bodies.hpp"

#include "api/result_row.hpp"
#include "archive/safe_name.hpp"
#include "coro/run_in_executor.hpp"
#include "http/conditional.hpp"
#include "http/range.hpp"
#include "http/router_query.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

namespace fanfetch {
namespace {

/// Pieces are large enough that a fast client is not held up by hops to the pool.
constexpr std::uint64_t piece_bytes = 256U << 10U;

std::string hex_of(const Sha256& digest) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const auto byte : digest) {
        text += digits[byte >> 4U];
        text += digits[byte & 0x0FU];
    }
    return text;
}

/// Source  RFC 9530 §3
std::string repr_digest(const Sha256& digest) {
    std::array<unsigned char, 4 * ((sizeof(Sha256) + 2) / 3) + 1> text{};
    const auto length =
        EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
    return "sha-256=:" + std::string(text.begin(), text.begin() + length) + ":";
}

/// A type that may stand in a header; anything odd becomes plain bytes.
std::string harmless_type(const std::string& type) {
    const bool clean =
        !type.empty() && std::ranges::all_of(type, [](char c) { return c >= ' ' && c < 0x7f; });
    return clean ? type : "application/octet-stream";
}

StreamProducer piecewise(JobService& jobs, BodyRef body, ByteRange range) {
    return [&jobs, body, range](ResponseStream& out) -> awaitable<void> {
        for (auto at = range.first; at <= range.last;) {
            const auto length = std::min(piece_bytes, range.last - at + 1);
            auto read = [store = &jobs.store(), body, at, length] {
                return store->read_payload(body, at, length);
            };
            const auto piece = co_await run_in_executor(jobs.blocking(), std::move(read));
            if (!piece || piece->empty()) {
                co_return;  // fewer bytes than announced: the client sees the truncation
            }
            at += piece->size();
            const bool sent = co_await out.write(*piece);
            if (!sent) {
                co_return;
            }
        }
    };
}

void set_safe_headers(HttpReply& reply, const ItemRow& row) {
    const auto& result = *row.result;
    const auto& url = result.final_url.empty() ? row.item.url : result.final_url;
    reply.set("Content-Type", harmless_type(result.content_type));
    reply.set("X-Content-Type-Options", "nosniff");
    reply.set("Content-Security-Policy", "sandbox; default-src 'none'");
    reply.set("Content-Disposition", "attachment; filename=\"" + safe_name(url) + "\"");
    reply.set("Accept-Ranges", "bytes");
}

}  // namespace

void BodiesApi::add_routes(Routes& routes) {
    routes.add(
        http::verb::get, "/v1/jobs/{id}/results/{index}/body", scope::read,
        [this](HttpRequest& request) { return body(request); }
    );
}

awaitable<HttpReply> BodiesApi::body(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    auto row = co_await find_result_row(context_, request);
    if (!row) {
        co_return problem_reply(row.error());
    }
    if (!row->result) {
        co_return problem_reply(
            failed(failure_code::result_not_ready, "reading a body: the item is not done yet")
        );
    }
    const auto& result = *row->result;
    if (!result.body.has_payload || !result.sha256) {
        co_return problem_reply(
            failed(failure_code::body_not_stored, "reading a body: this item has none")
        );
    }
    HttpReply reply;
    const auto etag = make_etag(hex_of(*result.sha256));
    reply.set("ETag", etag);
    const auto condition = judge_conditions(request.headers, request.method, etag);
    if (condition == precondition::failed) {
        co_return problem_reply(
            failed(failure_code::precondition_failed, "reading a body: it is another one")
        );
    }
    if (condition == precondition::not_modified) {
        reply.status = http::status::not_modified;
        co_return reply;
    }
    RangeAnswer part;
    if (if_range_holds(request.headers, etag)) {
        part = judge_range(header_of(request, http::field::range), result.size);
    }
    if (part.verdict == range_verdict::unsatisfiable) {
        auto refusal = problem_reply(
            failed(failure_code::range_not_satisfiable, "reading a body: no such range")
        );
        refusal.set("Content-Range", unsatisfied_content_range(result.size));
        co_return refusal;
    }
    set_safe_headers(reply, *row);
    reply.set("Repr-Digest", repr_digest(*result.sha256));
    ByteRange range{0, result.size == 0 ? 0 : result.size - 1};
    auto length = result.size;
    if (part.verdict == range_verdict::part) {
        range = part.range;
        length = range.size();
        reply.status = http::status::partial_content;
        reply.set("Content-Range", content_range(range, result.size));
    }
    if (length == 0) {
        co_return reply;
    }
    reply.stream_length = length;
    reply.stream = piecewise(*context_.jobs, result.body, range);
    co_return reply;
}

}  // namespace fanfetch
