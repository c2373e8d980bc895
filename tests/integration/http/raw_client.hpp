#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch::testing {

/// One response as it stood on the wire.
struct RawResponse {
    int status = 0;
    std::map<std::string, std::string, std::less<>> headers;  ///< names in lower case
    std::string body;
};

/// Takes apart what a connection received: every final response in it, chunked bodies joined.
/// Bytes that are no response become one with status -1.
[[nodiscard]] std::vector<RawResponse> parse_responses(
    std::string_view bytes, bool answer_to_head = false
);

/// A plain blocking socket that sends exactly what it is told. Reads give up in the end, so that a
/// server which does not answer fails the test instead of hanging it.
class RawClient {
public:
    RawClient();
    explicit RawClient(std::uint16_t port, int receive_buffer = 0);
    ~RawClient();
    RawClient(RawClient&& other) noexcept;
    RawClient& operator=(RawClient&&) = delete;

    /// Only for one made without a port.
    void connect(std::uint16_t port);
    /// False when the server does not take it all.
    bool send(std::string_view bytes);
    /// Whatever comes next; empty at the end of the connection.
    std::string read_some();
    /// Reads until `text` has come; everything since the last call.
    std::string read_until(std::string_view text);
    /// Reads to the end of the connection.
    std::string read_all();
    /// Reads one response that has a Content-Length.
    RawResponse read_response();

    /// Whether the connection ended with a reset rather than properly, as far as it has been read.
    [[nodiscard]] bool was_reset() const noexcept { return reset_; }
    [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }

    void shutdown_send();
    void reset();
    void close();

private:
    int descriptor_ = -1;
    std::string pending_;
    bool reset_ = false;
    bool timed_out_ = false;
};

}  // namespace fanfetch::testing
