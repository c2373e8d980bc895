#pragma once

#include "base/expected.hpp"
#include "http/header_block.hpp"

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/verb.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

namespace http = boost::beast::http;

/// How much header one request may have.
struct RequestLimits {
    std::size_t header_bytes = 64 * 1024;  ///< request line and fields together
    std::size_t target_bytes = 8 * 1024;
    std::size_t fields = 1'000;
};

/// What a request line and its header section said.
struct RequestHead {
    http::verb method = http::verb::unknown;
    std::string method_string;
    std::string target;
    int minor_version = 1;  ///< of HTTP/1
    http::fields fields;
};

/// Reads one request's header, line by line as the bytes come, however they are cut.
///
/// Strict, because whoever stands in front of us may read differently: lines end in CRLF, one
/// space between the parts of the request line, no folding, no space around a field's name, no
/// control characters. Only empty lines before the request line are forgiven, two of them.
/// Beast's request parser is not used here: it accepts most of what this one is there to refuse.
///
/// Errors   api_bad_request, api_uri_too_long, api_header_too_large, api_http_version; nothing may
///          be read from the connection after one of them
/// Threads  one owner
/// Source   RFC 9112 §2.2, §3, §5
class RequestParser {
public:
    explicit RequestParser(const RequestLimits& limits) noexcept : limits_{&limits} {}

    /// Takes what it can from the front of `input`, and says how many bytes that were. The rest is
    /// given again, with more behind it.
    [[nodiscard]] Expected<std::size_t> put(std::string_view input);

    /// Whether the empty line after the fields has been seen.
    [[nodiscard]] bool done() const noexcept { return phase_ == phase::done; }
    /// Whether a request has begun.
    [[nodiscard]] bool started() const noexcept { return taken_ > 0; }

    [[nodiscard]] RequestHead& head() noexcept { return head_; }

    /// Begins anew, for the next request on the connection.
    void reset();

private:
    enum class phase { request_line, fields, done };

    [[nodiscard]] std::optional<Failure> take_line(std::string_view line);
    [[nodiscard]] std::optional<Failure> take_request_line(std::string_view line);
    [[nodiscard]] std::optional<Failure> take_field(std::string_view line);
    [[nodiscard]] std::optional<Failure> judge_unfinished_line(std::string_view line) const;

    const RequestLimits* limits_;
    RequestHead head_;
    phase phase_ = phase::request_line;
    std::size_t taken_ = 0;    // bytes of the header that were consumed
    std::size_t scanned_ = 0;  // bytes of the unfinished line known to hold no line end
    std::size_t fields_ = 0;
};

/// Splits "name: value"; nullopt when it is not exactly that.
[[nodiscard]] std::optional<FieldView> split_field_line(std::string_view line) noexcept;

}  // namespace fanfetch
