#pragma once

#include "coro/deadline_wheel.hpp"
#include "coro/loop.hpp"
#include "fetch/body_collector.hpp"
#include "fetch/read_buffer.hpp"
#include "http/content_decoder.hpp"
#include "http/request_writer.hpp"
#include "http/response_reader.hpp"
#include "model/redirect_policy.hpp"
#include "net/connection.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// Cuts an exchange off when it runs out of time, and remembers which limit it was.
///
/// There are two limits at any time, that of the phase and that of the whole attempt; the sooner
/// one is armed. Moving the phase's limit on with every read is a store.
///
/// Threads  the loop
class ExchangeWatch : private DeadlineEntry {
public:
    ExchangeWatch(DeadlineWheel& wheel, Steady::time_point total) noexcept
        : wheel_{wheel}, total_{total} {}

    void limit(failure_code phase, Steady::time_point until);
    void stop() noexcept { wheel_.disarm(*this); }

    /// Which limit passed; `none` as long as none has.
    [[nodiscard]] failure_code expired() const noexcept { return expired_; }

protected:
    ~ExchangeWatch() = default;

private:
    /// Ends whatever the exchange is suspended in.
    virtual void cut_off() noexcept = 0;
    void expire() noexcept override;

    DeadlineWheel& wheel_;
    Steady::time_point total_;
    failure_code armed_for_ = failure_code::none;
    failure_code expired_ = failure_code::none;
};

/// The failure of an exchange that has used up one of its limits, in words that name it.
[[nodiscard]] Failure time_is_up(failure_code limit, const Timeouts& timeouts);

/// What an exchange works with besides its connection; kept and used again, so that a fetch on a
/// kept connection allocates next to nothing.
struct ExchangeScratch {
    explicit ExchangeScratch(BodyCollector::Parts parts) : body{parts} {}

    ResponseReader reader;
    BodyCollector body;
    std::optional<ContentDecoder> decoder;
    std::string request;
    ResponseHead head;  ///< of an HTTP/2 response; the reader has that of HTTP/1
    ReadBuffer buffer;
};

/// One request on one connection.
struct ExchangeOrder {
    const HopRequest* request = nullptr;
    const FetchOptions* options = nullptr;
    std::string_view user_agent;
    std::uint64_t max_header_bytes = 64U << 10U;
    Steady::time_point total_deadline;
    fanfetch::store_body store_body = fanfetch::store_body::always;
    bool show_body = false;          ///< as FetchOrder has it
    bool hash_later = false;         ///< see FetchOrder
    bool may_redirect = false;       ///< a redirect's body is thrown away
    bool may_expect = true;          ///< a long body waits for 100 Continue over HTTP/1.1
    PartialBody* partial = nullptr;  ///< what there is of the body: the rest is asked for
};

/// The head of the request, as every version of HTTP sends it. `fields` is where its views live.
[[nodiscard]] OutgoingRequest outgoing_request(
    const ExchangeOrder& order, std::vector<FieldView>& fields
);

/// How an exchange ended.
struct ExchangeEnd {
    failure_code code = failure_code::none;  ///< none: the response is whole
    std::string detail;
    bool accepted = false;            ///< the status is one of `accept_status`
    bool redirect = false;            ///< to be followed; the body was not kept
    bool reusable = false;            ///< the connection may serve another request
    bool untouched = false;           ///< the connection died before a byte of the response came
    bool unprocessed = false;         ///< the origin has not looked at the request, and says so
    bool resumed = false;             ///< the response is the rest that was asked for
    bool start_over = false;          ///< it is neither the rest nor the whole: ask for the whole
    bool expectation_failed = false;  ///< it was a 417: ask without waiting for 100 Continue
    std::optional<std::uint64_t> announced;  ///< the length of the body, where the header says it
    Steady::time_point sent_at{};
    Steady::time_point head_at{};  ///< when the response header was complete
    Steady::time_point done_at{};
    const ResponseHead* head = nullptr;  ///< of the response, in the scratch; null: none came
    std::string_view http_version;       ///< of the response: "1.0", "1.1", "2"
    std::uint64_t wire_size = 0;         ///< body bytes as they came
};

/// Writes the request and reads the response, under its budgets of bytes and time.
///
/// The system call is tried first and the coroutine suspended only when it would block. The
/// response stands in `scratch` (head, body) until the next exchange. Never throws for what the
/// network does; when the coroutine is cancelled it ends with cancelled_by_user. `end` is a fresh
/// one, and the caller's: what a fetch passes from coroutine to coroutine is passed by reference,
/// since a kept connection makes more of these than anything else.
///
/// Errors   timeout_*, connect_reset, http_truncated, http_malformed, http_header_limit, limit_*,
///          decode_failed; an unaccepted status is not one
/// Threads  the loop of the connection
/// Source   RFC 9112; the order of measures follows the profile, see the module's README
awaitable<void> run_exchange(
    Connection& connection, ExchangeScratch& scratch, DeadlineWheel& wheel,
    const ExchangeOrder& order, ExchangeEnd& end
);

}  // namespace fanfetch
