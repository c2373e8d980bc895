#include "api/job_reply.hpp"

#include "http/conditional.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <utility>

namespace fanfetch {
namespace {

Rendering::Text render(const JobSnapshot& job) {
    auto text = job_text(job);
    std::array<char, 16> digits{};
    const auto end =
        std::to_chars(
            digits.data(), digits.data() + digits.size(), std::hash<std::string>{}(text), 16
        )
            .ptr;
    return {std::move(text), make_etag({digits.data(), end})};
}

}  // namespace

const Rendering::Text& shown(const JobSnapshot& job) {
    return job.shown.get([&job] { return render(job); });
}

std::string poll_hint(const JobSnapshot& job) {
    constexpr std::int64_t longest_s = 30;
    const auto eta_s = job.eta ? job.eta->count() / 1000 : 1;
    return std::to_string(std::clamp<std::int64_t>(eta_s, 1, longest_s));
}

HttpReply job_reply(http::status status, const JobSnapshot& job) {
    auto reply = json_reply(status, shown(job).text);
    if (!job.done()) {
        reply.set("Retry-After", poll_hint(job));
    }
    return reply;
}

}  // namespace fanfetch
