#pragma once

#include "base/expected.hpp"
#include "http/response_framing.hpp"
#include "http/response_head.hpp"

#include <cstdint>
#include <string_view>

namespace fanfetch {

struct ExchangeEnd;
struct ExchangeOrder;
struct ExchangeScratch;

/// What becomes of a response, whichever protocol brings it: whether it is accepted or followed,
/// how it is decoded, where its body goes and when it is too much.
///
/// Each step says whether to go on. After a false the exchange is over and `end` says how: with a
/// failure, or, for a redirect with a long body, without one.
///
/// Errors   decode_failed, limit_decode_ratio, limit_body_size, internal
/// Threads  the loop of the exchange
class Reception {
public:
    Reception(ExchangeScratch& scratch, const ExchangeOrder& order, ExchangeEnd& end);

    [[nodiscard]] bool on_head(const ResponseHead& head, const ResponseFraming& framing);
    [[nodiscard]] bool on_body(std::string_view bytes);
    /// Units  `body_bytes`: what came of the body, before decoding
    [[nodiscard]] bool on_complete(std::uint64_t body_bytes);

    /// Ends the exchange with a failure; false.
    bool fail(Failure failure);

private:
    [[nodiscard]] bool judge_part(const ResponseHead& head);
    [[nodiscard]] Expected<void> decode(std::string_view coded);

    ExchangeScratch& scratch_;
    const ExchangeOrder& order_;
    ExchangeEnd& end_;
};

}  // namespace fanfetch
