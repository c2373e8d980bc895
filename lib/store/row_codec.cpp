#include "store/row_codec.hpp"

#include "store/byte_codec.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>

namespace fanfetch {
namespace {

constexpr char tally_version = 1;

/// What the members that are mostly absent, or have two values, come to in one byte.
constexpr std::uint64_t reused = 1;
constexpr std::uint64_t has_digest = 2;
constexpr std::uint64_t has_body = 4;
constexpr std::uint64_t has_payload = 8;
constexpr std::uint64_t has_extract = 16;
constexpr std::uint64_t owns_body = 32;
constexpr std::uint64_t result_flags =
    reused | has_digest | has_body | has_payload | has_extract | owns_body;
constexpr std::uint64_t reused_connection = 1;
constexpr std::uint64_t has_tls = 2;
constexpr std::uint64_t tls_verified = 4;

constexpr std::uint64_t when(bool condition, std::uint64_t flag) noexcept {
    return condition ? flag : 0;
}

template <class Small>
Small small(ByteReader& in) noexcept {
    return static_cast<Small>(in.number_up_to(std::numeric_limits<Small>::max()));
}

failure_code code(ByteReader& in) noexcept {
    return static_cast<failure_code>(small<std::uint16_t>(in));
}

void write(ByteWriter& out, const Timing& timing) {
    for (const auto step :
         {timing.queued, timing.dns, timing.connect, timing.tls, timing.first_byte, timing.download,
          timing.total}) {
        out.signed_number(step.count());
    }
}

Timing timing(ByteReader& in) noexcept {
    Timing timing;
    for (auto* step :
         {&timing.queued, &timing.dns, &timing.connect, &timing.tls, &timing.first_byte,
          &timing.download, &timing.total}) {
        *step = std::chrono::microseconds{in.signed_number()};
    }
    return timing;
}

void write(ByteWriter& out, WallTime time) {
    out.signed_number(time.time_since_epoch().count());
}

WallTime wall_time(ByteReader& in) noexcept {
    return WallTime{std::chrono::milliseconds{in.signed_number()}};
}

void write(ByteWriter& out, const BodyRef& body) {
    out.number(body.segment);
    out.number(body.offset);
    out.number(body.record_length);
    out.number(body.payload_offset);
}

BodyRef body_ref(ByteReader& in) noexcept {
    BodyRef body;
    body.segment = in.number();
    body.offset = in.number();
    body.record_length = in.number();
    body.payload_offset = small<std::uint32_t>(in);
    return body;
}

void write(ByteWriter& out, const Attempt& attempt) {
    const TlsVerdict& tls = attempt.tls;
    const bool with_tls = tls != TlsVerdict{};
    out.number(
        when(attempt.reused_connection, reused_connection) | when(with_tls, has_tls) |
        when(tls.verified, tls_verified)
    );
    write(out, attempt.started_at);
    write(out, attempt.timing);
    out.text(attempt.remote_address);
    out.number(attempt.redirects.size());
    for (const auto& hop : attempt.redirects) {
        out.number(hop.status);
        out.text(hop.location);
    }
    if (with_tls) {
        out.text(tls.version);
        out.text(tls.cipher);
        out.text(tls.verdict);
    }
    out.number(attempt.status);
    out.number(static_cast<std::uint16_t>(attempt.code));
    out.text(attempt.detail);
    out.text(attempt.retry);
}

Attempt attempt(ByteReader& in) {
    Attempt attempt;
    const auto flags = in.number_up_to(reused_connection | has_tls | tls_verified);
    attempt.reused_connection = (flags & reused_connection) != 0;
    attempt.started_at = wall_time(in);
    attempt.timing = timing(in);
    attempt.remote_address = in.text();
    for (auto hops = in.number(); hops > 0 && in.ok(); --hops) {
        const auto status = small<std::uint16_t>(in);
        attempt.redirects.push_back({status, std::string{in.text()}});
    }
    if ((flags & has_tls) != 0) {
        attempt.tls.version = in.text();
        attempt.tls.cipher = in.text();
        attempt.tls.verdict = in.text();
        attempt.tls.verified = (flags & tls_verified) != 0;
    }
    attempt.status = small<std::uint16_t>(in);
    attempt.code = code(in);
    attempt.detail = in.text();
    attempt.retry = in.text();
    return attempt;
}

template <class Key>
void write(ByteWriter& out, const std::map<Key, std::uint64_t>& counters) {
    out.number(counters.size());
    for (const auto& [key, number] : counters) {
        out.number(key);
        out.number(number);
    }
}

template <class Key>
void read(ByteReader& in, std::map<Key, std::uint64_t>& counters) {
    for (auto left = in.number(); left > 0 && in.ok(); --left) {
        const auto key = small<Key>(in);
        counters[key] = in.number();
    }
}

}  // namespace

void encode(std::string& out, const Item& item) {
    ByteWriter writer{out};
    writer.text(item.url);
    writer.text(item.extras);
    if (item.same_as) {
        writer.number(*item.same_as);
    }
}

std::optional<Item> decode_item(std::string_view record) {
    ByteReader in{record};
    Item item;
    item.url = in.text();
    item.extras = in.text();
    if (in.ok() && !in.at_end()) {
        item.same_as = in.number();
    }
    return in.at_end() ? std::optional{std::move(item)} : std::nullopt;
}

void encode(std::string& out, const ItemResult& result) {
    ByteWriter writer{out};
    const bool with_body = result.body.segment != 0;
    const bool with_extract = result.extract.segment != 0;
    writer.number(
        when(result.reused, reused) | when(result.sha256.has_value(), has_digest) |
        when(with_body, has_body) | when(result.body.has_payload, has_payload) |
        when(with_extract, has_extract) | when(result.owns_body, owns_body)
    );
    writer.number(result.index);
    writer.number(static_cast<std::uint8_t>(result.state));
    writer.number(static_cast<std::uint16_t>(result.code));
    writer.number(result.status);
    writer.number(result.attempts_made);
    writer.number(result.size);
    writer.number(result.wire_size);
    write(writer, result.started_at);
    write(writer, result.finished_at);
    write(writer, result.timing);
    writer.text(result.detail);
    writer.text(result.final_url);
    writer.text(result.content_type);
    writer.text(result.http_version);
    if (result.sha256) {
        const void* digest = result.sha256->data();
        writer.raw({static_cast<const char*>(digest), result.sha256->size()});
    }
    if (with_body) {
        write(writer, result.body);
    }
    if (with_extract) {
        write(writer, result.extract);
    }
    writer.number(result.attempts.size());
    for (const auto& one : result.attempts) {
        write(writer, one);
    }
}

std::optional<std::uint64_t> decode_result_index(std::string_view record) noexcept {
    ByteReader in{record};
    (void)in.number_up_to(result_flags);
    const auto index = in.number();
    return in.ok() ? std::optional{index} : std::nullopt;
}

std::optional<ItemResult> decode_result(std::string_view record, result_detail wanted) {
    ByteReader in{record};
    ItemResult result;
    const auto flags = in.number_up_to(result_flags);
    result.reused = (flags & reused) != 0;
    result.owns_body = (flags & owns_body) != 0;
    result.index = in.number();
    result.state =
        static_cast<item_state>(in.number_up_to(static_cast<std::uint8_t>(item_state::cancelled)));
    result.code = code(in);
    result.status = small<std::uint16_t>(in);
    result.attempts_made = small<std::uint16_t>(in);
    result.size = in.number();
    result.wire_size = in.number();
    result.started_at = wall_time(in);
    result.finished_at = wall_time(in);
    result.timing = timing(in);
    result.detail = in.text();
    result.final_url = in.text();
    result.content_type = in.text();
    result.http_version = in.text();
    if ((flags & has_digest) != 0) {
        const auto digest = in.raw(std::tuple_size_v<Sha256>);
        std::copy(digest.begin(), digest.end(), result.sha256.emplace().begin());
    }
    if ((flags & has_body) != 0) {
        result.body = body_ref(in);
        result.body.has_payload = (flags & has_payload) != 0;
    }
    if ((flags & has_extract) != 0) {
        result.extract = body_ref(in);
        result.extract.has_payload = true;
    }
    const bool nowhere = ((flags & has_body) != 0 && result.body.segment == 0) ||
                         ((flags & has_extract) != 0 && result.extract.segment == 0);
    if (!in.ok() || nowhere || !is_terminal(result.state)) {
        return std::nullopt;
    }
    if (wanted == result_detail::without_attempts) {
        return result;
    }
    for (auto left = in.number(); left > 0 && in.ok(); --left) {
        result.attempts.push_back(attempt(in));
    }
    return in.at_end() ? std::optional{std::move(result)} : std::nullopt;
}

void encode(std::string& out, const JobTally& tally) {
    out += tally_version;
    ByteWriter writer{out};
    for (const auto number :
         {tally.succeeded, tally.failed, tally.skipped, tally.cancelled, tally.bytes_received}) {
        writer.number(number);
    }
    write(writer, tally.failures);
    write(writer, tally.statuses);
}

std::optional<JobTally> decode_tally(std::string_view bytes) {
    if (!bytes.starts_with(tally_version)) {
        return std::nullopt;
    }
    ByteReader in{bytes.substr(1)};
    JobTally tally;
    for (auto* number :
         {&tally.succeeded, &tally.failed, &tally.skipped, &tally.cancelled,
          &tally.bytes_received}) {
        *number = in.number();
    }
    read(in, tally.failures);
    read(in, tally.statuses);
    return in.at_end() ? std::optional{std::move(tally)} : std::nullopt;
}

}  // namespace fanfetch
