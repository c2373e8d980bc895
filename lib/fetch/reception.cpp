#include "fetch/reception.hpp"

#include "fetch/exchange.hpp"
#include "fetch/expectations.hpp"

#include <span>
#include <utility>

namespace fanfetch {
namespace {

/// A redirect's body is read over so that the connection can be kept, but only so far.
constexpr std::uint64_t longest_discarded_body = 64U << 10U;

}  // namespace

Reception::Reception(ExchangeScratch& scratch, const ExchangeOrder& order, ExchangeEnd& end)
    : scratch_{scratch}, order_{order}, end_{end} {
    scratch_.decoder.reset();
}

bool Reception::on_head(const ResponseHead& head, const ResponseFraming& framing) {
    end_.head = &head;
    const auto& options = *order_.options;
    end_.accepted = accepted(head.status, options.accept_status);
    end_.redirect = order_.may_redirect && is_redirect(head.status) && options.redirects.max > 0 &&
                    head.fields.contains("location");
    if (!end_.redirect && framing.kind != body_framing::none &&
        head.fields.contains("content-encoding")) {
        auto codings = parse_content_encoding(head.fields);
        if (!codings) {
            return fail(codings.error());
        }
        if (!codings->empty()) {
            DecodeLimits limits;
            limits.max_bytes = options.max_body_bytes;
            limits.max_ratio = options.max_decoded_ratio;
            scratch_.decoder.emplace(std::span{*codings}, limits);
        }
    }
    BodyCollector::Order order;
    const bool stored = order_.store_body == store_body::always ||
                        (order_.store_body == store_body::success && end_.accepted);
    order.keep = !end_.redirect && (stored || (order_.show_body && end_.accepted));
    order.md5 = !options.expect.md5.empty();
    order.hash_later = order_.hash_later && stored && options.expect.sha256.empty();
    order.max_bytes = end_.redirect ? longest_discarded_body : options.max_body_bytes;
    if (framing.kind == body_framing::length) {
        order.announced = framing.length;
    }
    scratch_.body.reset(order);
    return true;
}

bool Reception::on_body(std::string_view bytes) {
    auto taken = scratch_.decoder ? decode(bytes) : scratch_.body.append(bytes);
    if (taken) {
        return true;
    }
    if (end_.redirect) {
        // Too long to read over: the redirect is followed all the same, on another connection.
        return false;
    }
    return fail(taken.error());
}

Expected<void> Reception::decode(std::string_view coded) {
    for (;;) {
        auto decoded = scratch_.decoder->next(coded);
        if (!decoded) {
            return decoded.error();
        }
        if (decoded->empty()) {
            return {};
        }
        if (auto taken = scratch_.body.append(*decoded); !taken) {
            return taken.error();
        }
    }
}

bool Reception::on_complete(std::uint64_t body_bytes) {
    // Servers do label an empty body as compressed; nothing is what it decodes to.
    if (!scratch_.decoder || body_bytes == 0) {
        return true;
    }
    auto ended = scratch_.decoder->finish();
    return ended ? true : fail(ended.error());
}

bool Reception::fail(Failure failure) {
    end_.code = failure.code;
    end_.detail = std::move(failure.detail);
    return false;
}

}  // namespace fanfetch
