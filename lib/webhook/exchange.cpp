#include "webhook/exchange.hpp"

#include "webhook/signature.hpp"

#include <algorithm>

namespace fanfetch {

FetchOptions webhook_request(
    const DueDelivery& delivery, WallTime now, std::chrono::milliseconds timeout
) {
    constexpr std::chrono::seconds longest_connect{10};
    const auto timestamp = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
    FetchOptions options;
    options.method = "POST";
    options.body = delivery.payload;
    options.headers = delivery.order.headers;
    options.headers.push_back({"Content-Type", "application/json"});
    options.headers.push_back({"Accept-Encoding", "identity"});
    options.headers.push_back({"webhook-id", delivery.record.id});
    options.headers.push_back({"webhook-timestamp", std::to_string(timestamp.count())});
    const SignedMessage message{delivery.record.id, timestamp, delivery.payload};
    options.headers.push_back(
        {"webhook-signature", webhook_signature(message, delivery.order.secrets)}
    );
    options.redirects.max = 0;
    options.max_body_bytes = longest_webhook_answer;
    options.timeouts.connect = std::min<std::chrono::milliseconds>(longest_connect, timeout);
    options.timeouts.first_byte = timeout;
    options.timeouts.idle = timeout;
    options.timeouts.total = timeout;
    return options;
}

webhook_verdict judge(const FetchOutcome& outcome) {
    constexpr std::uint16_t gone_status = 410;
    if (outcome.status >= 200 && outcome.status < 300) {
        return webhook_verdict::delivered;
    }
    if (outcome.status == gone_status) {
        return webhook_verdict::gone;
    }
    if (outcome.code == failure_code::cancelled_by_user) {
        return webhook_verdict::stopped;
    }
    const bool line_died = outcome.status == 0 && outcome.attempt.reused_connection &&
                           (outcome.code == failure_code::connect_reset ||
                            outcome.code == failure_code::http_truncated);
    return line_died ? webhook_verdict::stale_line : webhook_verdict::failed;
}

}  // namespace fanfetch
