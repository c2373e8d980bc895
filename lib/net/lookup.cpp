#include "net/lookup.hpp"

#include <algorithm>

namespace fanfetch {

void Lookup::add(record_type type, DnsReply reply, Steady::time_point now) {
    if (type == record_type::a) {
        a_ = std::move(reply);
        a_came_ = now;
    } else {
        aaaa_ = std::move(reply);
    }
}

std::optional<Expected<Answer>> Lookup::outcome(Steady::time_point now) const {
    const bool complete = a_ && aaaa_;
    const bool enough = found(a_) && now >= a_came_ + resolution_delay;
    if (!complete && !enough && now < deadline_) {
        return std::nullopt;
    }
    return merged();
}

Expected<Answer> Lookup::merged() const {
    Answer answer;
    for (const auto* reply : {&aaaa_, &a_}) {
        if (found(*reply)) {
            const auto& addresses = (*reply)->addresses;
            answer.addresses.insert(answer.addresses.end(), addresses.begin(), addresses.end());
        }
    }
    if (!answer.addresses.empty()) {
        return answer;
    }
    const auto either = [this](reply_status status) {
        return (a_ && a_->status == status) || (aaaa_ && aaaa_->status == status);
    };
    if (!a_ || !aaaa_ || either(reply_status::late)) {
        return failed(failure_code::dns_timeout, "resolving the name: no answer in time");
    }
    if (either(reply_status::failed)) {
        return failed(failure_code::dns_failure, "resolving the name: the name server failed");
    }
    return failed(failure_code::dns_nxdomain, "resolving the name: it has no address");
}

std::chrono::seconds Lookup::ttl() const noexcept {
    if (found(a_) && found(aaaa_)) {
        return std::min(a_->ttl, aaaa_->ttl);
    }
    return found(a_) ? a_->ttl : found(aaaa_) ? aaaa_->ttl : std::chrono::seconds{0};
}

}  // namespace fanfetch
