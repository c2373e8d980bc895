#pragma once

#include "client/server_address.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fanfetch {

/// One request to the API, but for what the connection adds.
struct ApiRequest {
    std::string method = "GET";
    std::string target{};  ///< path and query, without the server's prefix
    std::vector<std::pair<std::string, std::string>> fields{};
    std::string body{};
    /// How long the answer may be in coming, beside what every answer may take.
    std::chrono::milliseconds wait{0};
    /// How long nothing may come of the answer's body.
    std::chrono::milliseconds silence{60'000};
    bool repeatable = true;  ///< whether it does no harm to send it twice
};

/// How the end of a request's body is told.
struct SentBody {
    bool present = false;
    std::optional<std::uint64_t> size{};  ///< none: in chunks
    bool asks_first = false;              ///< Expect: 100-continue
};

/// The head of a request, with its empty line.
///
/// Errors   std::logic_error when a field could break out of its line: what comes from outside is
///          judged before
/// Source   RFC 9112 §3
[[nodiscard]] std::string request_head(
    const ServerAddress& server, std::string_view key, const ApiRequest& request, SentBody body
);

/// Whether `text` can be the value of a field as it is: visible ASCII.
[[nodiscard]] bool is_plain_field_value(std::string_view text) noexcept;

/// Builds a target: a path, then parameters, percent-encoded.
///
///     TargetBuilder{"/v1/jobs"}.segment(id).parameter("wait", "30s").take()
///
/// Source   RFC 3986 §2.3: what is not unreserved is encoded
class TargetBuilder {
public:
    explicit TargetBuilder(std::string path) : target_{std::move(path)} {}

    TargetBuilder& segment(std::string_view text);
    TargetBuilder& path(std::string_view text);
    TargetBuilder& parameter(std::string_view name, std::string_view value);
    /// A parameter that is left out when it has no value.
    TargetBuilder& parameter_unless_empty(std::string_view name, std::string_view value);
    [[nodiscard]] std::string take() { return std::move(target_); }

private:
    std::string target_;
    bool query_ = false;
};

}  // namespace fanfetch
