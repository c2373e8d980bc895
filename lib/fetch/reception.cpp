#include "fetch/reception.hpp"

#include "fetch/exchange.hpp"
#include "fetch/expectations.hpp"
#include "http/content_range.hpp"

#include <span>
#include <utility>

namespace fanfetch {
namespace {

/// A redirect's body is read over so that the connection can be kept, but only so far.
constexpr std::uint64_t longest_discarded_body = 64U << 10U;

/// What asks for credentials is kept as it came: nobody has asked for its body, and a decoder is
/// the larger part of what it could attack.
bool decodes(std::uint16_t status) noexcept {
    constexpr std::uint16_t unauthorized = 401;
    constexpr std::uint16_t proxy_authentication_required = 407;
    return status != unauthorized && status != proxy_authentication_required;
}

}  // namespace

Reception::Reception(ExchangeScratch& scratch, const ExchangeOrder& order, ExchangeEnd& end)
    : scratch_{scratch}, order_{order}, end_{end} {
    scratch_.decoder.reset();
}

bool Reception::on_head(const ResponseHead& head, const ResponseFraming& framing) {
    end_.head = &head;
    const auto& options = *order_.options;
    end_.accepted = accepted(head.status, options.accept_status);
    if (framing.kind == body_framing::length) {
        end_.announced = framing.length;
    }
    if (order_.partial != nullptr && !judge_part(head)) {
        return false;
    }
    end_.redirect = order_.may_redirect && is_redirect(head.status) && options.redirects.max > 0 &&
                    head.fields.contains("location");
    if (!end_.redirect && framing.kind != body_framing::none && decodes(head.status) &&
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
    if (end_.resumed) {
        scratch_.body.resume(*order_.partial);
    }
    return true;
}

/// Whether a response to a request for the rest is that: its first byte is the one that is missing,
/// its last the last of a whole that is as long as before. A 416, and any other part, is an answer
/// to a question that should not have been asked.
bool Reception::judge_part(const ResponseHead& head) {
    constexpr std::uint16_t partial_content = 206;
    constexpr std::uint16_t range_not_satisfiable = 416;
    if (head.status != partial_content && head.status != range_not_satisfiable) {
        return true;
    }
    const auto& partial = *order_.partial;
    const ContentRange rest{partial.size, partial.complete - 1, partial.complete};
    const auto missing = partial.complete - partial.size;
    end_.resumed = head.status == partial_content && !head.fields.contains("content-encoding") &&
                   parse_content_range(head.fields.find("content-range").value_or("")) == rest &&
                   end_.announced.value_or(missing) == missing;
    end_.start_over = !end_.resumed;
    end_.accepted = end_.accepted || end_.resumed;  // the response that began it was
    return end_.resumed ||
           fail(failed(failure_code::http_truncated, "asking for the rest of a body: it is gone"));
}

bool Reception::on_body(std::string_view bytes) {
    scratch_.body.received(bytes.size());
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
    if (end_.resumed && scratch_.body.size() != order_.partial->complete) {
        return fail(failed(failure_code::http_truncated, "reading the rest of a body: too short"));
    }
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
