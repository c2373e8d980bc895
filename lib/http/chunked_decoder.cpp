#include "http/chunked_decoder.hpp"

#include "http/field_syntax.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

constexpr int max_size_digits = 16;  // all that fit into 64 bits

/// The value of a hexadecimal digit, or -1.
constexpr int digit_value(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

void ChunkedDecoder::reset(ChunkedLimits limits) noexcept {
    limits_ = limits;
    size_ = 0;
    extension_bytes_ = 0;
    trailer_bytes_ = 0;
    trailer_fields_ = 0;
    digits_ = 0;
    state_ = state::size;
}

Expected<ChunkedPiece> ChunkedDecoder::next(std::string_view bytes) {
    std::size_t at = 0;
    while (at < bytes.size() && state_ != state::done) {
        if (state_ == state::data) {
            const auto length = std::min<std::uint64_t>(size_, bytes.size() - at);
            const auto body = bytes.substr(at, static_cast<std::size_t>(length));
            size_ -= length;
            if (size_ == 0) {
                state_ = state::data_return;
            }
            return ChunkedPiece{at + body.size(), body};
        }
        if (const auto code = step(bytes[at]); code != failure_code::none) {
            return failure(code, bytes[at]);
        }
        ++at;
    }
    return ChunkedPiece{at, {}};
}

failure_code ChunkedDecoder::step(char c) noexcept {
    switch (state_) {
        case state::size:
            return step_size(c);
        case state::extension_gap:
        case state::extension_name_gap:
        case state::extension_name:
        case state::extension_equals_gap:
        case state::extension_value_gap:
        case state::extension_value:
        case state::extension_quoted:
        case state::extension_escape:
        case state::extension_end:
            return step_extension(c);
        case state::size_line_feed:
            return after_size_line(c);
        case state::data_return:
            return expect('\r', c, state::data_line_feed);
        case state::data_line_feed:
            digits_ = 0;
            return expect('\n', c, state::size);
        case state::trailer_start:
        case state::trailer_name:
        case state::trailer_value:
        case state::trailer_line_feed:
            return step_trailer(c);
        case state::last_line_feed:
            return expect('\n', c, state::done);
        case state::data:
        case state::done:
            break;
    }
    return failure_code::internal;
}

failure_code ChunkedDecoder::expect(char wanted, char c, state then) noexcept {
    state_ = then;
    return c == wanted ? failure_code::none : failure_code::http_malformed;
}

failure_code ChunkedDecoder::step_size(char c) noexcept {
    if (const int value = digit_value(c); value >= 0) {
        size_ = size_ << 4U | static_cast<std::uint64_t>(value);
        return ++digits_ <= max_size_digits ? failure_code::none : failure_code::http_malformed;
    }
    if (digits_ == 0) {
        return failure_code::http_malformed;
    }
    return c == '\r' ? expect('\r', c, state::size_line_feed) : step_extension(c);
}

/// *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ) CR
failure_code ChunkedDecoder::step_extension(char c) noexcept {
    const bool may_end = state_ == state::extension_name || state_ == state::extension_value ||
                         state_ == state::extension_end;
    if (may_end && c == '\r') {
        return expect('\r', c, state::size_line_feed);
    }
    if (++extension_bytes_ > limits_.max_extension_bytes) {
        return failure_code::limit_chunk_extensions;
    }
    const auto go = [this](state then) {
        state_ = then;
        return failure_code::none;
    };
    const bool token = is_token_char(c);
    const bool gap = is_ows(c);
    switch (state_) {
        case state::size:
        case state::extension_gap:
        case state::extension_value:
        case state::extension_end:
            if (token && state_ == state::extension_value) {
                return failure_code::none;
            }
            return gap        ? go(state::extension_gap)
                   : c == ';' ? go(state::extension_name_gap)
                              : failure_code::http_malformed;
        case state::extension_name_gap:
            return gap     ? failure_code::none
                   : token ? go(state::extension_name)
                           : failure_code::http_malformed;
        case state::extension_name:
        case state::extension_equals_gap:
            if (token && state_ == state::extension_name) {
                return failure_code::none;
            }
            return gap        ? go(state::extension_equals_gap)
                   : c == '=' ? go(state::extension_value_gap)
                   : c == ';' ? go(state::extension_name_gap)
                              : failure_code::http_malformed;
        case state::extension_value_gap:
            return gap        ? failure_code::none
                   : token    ? go(state::extension_value)
                   : c == '"' ? go(state::extension_quoted)
                              : failure_code::http_malformed;
        case state::extension_quoted:
            return c == '"'           ? go(state::extension_end)
                   : c == '\\'        ? go(state::extension_escape)
                   : is_value_char(c) ? failure_code::none
                                      : failure_code::http_malformed;
        case state::extension_escape:
            return is_value_char(c) ? go(state::extension_quoted) : failure_code::http_malformed;
        default:
            return failure_code::internal;
    }
}

failure_code ChunkedDecoder::after_size_line(char c) noexcept {
    return expect('\n', c, size_ == 0 ? state::trailer_start : state::data);
}

failure_code ChunkedDecoder::step_trailer(char c) noexcept {
    if (state_ == state::trailer_start && c == '\r') {
        return expect('\r', c, state::last_line_feed);
    }
    if (++trailer_bytes_ > limits_.max_trailer_bytes) {
        return failure_code::http_header_limit;
    }
    switch (state_) {
        case state::trailer_start:
            if (is_ows(c) && trailer_fields_ > 0) {
                state_ = state::trailer_value;  // a folded value goes on
                return failure_code::none;
            }
            state_ = state::trailer_name;
            if (++trailer_fields_ > limits_.max_trailer_fields) {
                return failure_code::http_header_limit;
            }
            return is_token_char(c) ? failure_code::none : failure_code::http_malformed;
        case state::trailer_name:
            return is_token_char(c) ? failure_code::none : expect(':', c, state::trailer_value);
        case state::trailer_value:
            return is_value_char(c) ? failure_code::none
                                    : expect('\r', c, state::trailer_line_feed);
        default:
            return expect('\n', c, state::trailer_start);
    }
}

Failure ChunkedDecoder::failure(failure_code code, char at_fault) const {
    switch (code) {
        case failure_code::limit_chunk_extensions:
            return failed(code, "reading a chunked body: more extensions than allowed");
        case failure_code::http_header_limit:
            return failed(code, "reading a chunked body: more trailers than allowed");
        default:
            return failed(
                code, "reading a chunked body: unexpected byte " + quoted_excerpt({&at_fault, 1}) +
                          (state_ >= state::trailer_start ? " in a trailer" : " around a chunk")
            );
    }
}

}  // namespace fanfetch
