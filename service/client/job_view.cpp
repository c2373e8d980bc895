#include "client/job_view.hpp"

#include "client/api_answer.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <charconv>

namespace fanfetch {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view name) {
    const auto* const member = object.if_contains(name);
    const auto* const text = member == nullptr ? nullptr : member->if_string();
    return text == nullptr ? std::string{} : std::string{text->data(), text->size()};
}

std::uint64_t number_of(const json::object& object, std::string_view name) {
    const auto* const member = object.if_contains(name);
    if (member == nullptr || !member->is_number()) {
        return 0;
    }
    json::error_code error;
    const auto number = member->to_number<std::uint64_t>(error);
    return error ? 0 : number;
}

bool flag_of(const json::object& object, std::string_view name) {
    const auto* const member = object.if_contains(name);
    return member != nullptr && member->is_bool() && member->get_bool();
}

bool all_done(std::span<const JobView> jobs) noexcept {
    return std::ranges::all_of(jobs, &JobView::done);
}

/// How many have ended of what is counted: items of the one job, else jobs.
std::uint64_t ended_of(std::span<const JobView> jobs) noexcept {
    if (jobs.size() == 1) {
        return jobs.front().ended();
    }
    return static_cast<std::uint64_t>(std::ranges::count_if(jobs, &JobView::done));
}

/// "4 succeeded, 1 failed (http.status_404: 1)"; ends that did not occur are left out.
std::string ends_text(const JobView& job) {
    std::string text = fmt::format("{} succeeded", job.succeeded);
    if (job.failed > 0) {
        text += fmt::format(", {} failed", job.failed);
        std::string codes;
        for (const auto& [code, items] : job.failures) {
            codes += fmt::format("{}{}: {}", codes.empty() ? "" : ", ", terminal_text(code), items);
        }
        text += codes.empty() ? "" : " (" + codes + ')';
    }
    text += job.skipped > 0 ? fmt::format(", {} skipped", job.skipped) : "";
    text += job.cancelled > 0 ? fmt::format(", {} cancelled", job.cancelled) : "";
    return text;
}

}  // namespace

Expected<JobView> read_job(std::string_view document) {
    json::error_code error;
    const auto value = json::parse(document, error);
    const auto* const object = error ? nullptr : value.if_object();
    const auto* const counts = object == nullptr ? nullptr : object->if_contains("counts");
    if (counts == nullptr || !counts->is_object() || text_of(*object, "id").empty()) {
        return failed(failure_code::http_malformed, "reading the answer: it is not a job");
    }
    const auto& numbers = counts->get_object();
    JobView job;
    job.id = text_of(*object, "id");
    job.state = text_of(*object, "state");
    job.reason = text_of(*object, "state_reason");
    job.done = flag_of(*object, "done");
    job.sealed = flag_of(*object, "sealed");
    job.total = number_of(numbers, "total");
    job.running = number_of(numbers, "running");
    job.succeeded = number_of(numbers, "succeeded");
    job.failed = number_of(numbers, "failed");
    job.skipped = number_of(numbers, "skipped");
    job.cancelled = number_of(numbers, "cancelled");
    job.bytes = number_of(*object, "bytes_received");
    job.created_at = text_of(*object, "created_at");
    const auto* const failures = object->if_contains("failures_by_code");
    if (failures != nullptr && failures->is_object()) {
        for (const auto& [code, items] : failures->get_object()) {
            job.failures[code] = number_of(failures->get_object(), code);
        }
    }
    return job;
}

std::optional<WaitRule> WaitRule::parse(std::string_view text) noexcept {
    using enum kind;
    constexpr std::string_view counted = "count:";
    if (text == "all_completed") {
        return WaitRule{all_completed};
    }
    if (text == "first_completed") {
        return WaitRule{first_completed};
    }
    if (text == "first_exception") {
        return WaitRule{first_exception};
    }
    if (!text.starts_with(counted)) {
        return std::nullopt;
    }
    const auto* const end = text.data() + text.size();
    WaitRule rule{count};
    const auto [stop, error] = std::from_chars(text.data() + counted.size(), end, rule.count);
    if (error != std::errc{} || stop != end || rule.count == 0) {
        return std::nullopt;
    }
    return rule;
}

bool waited_enough(WaitRule rule, std::span<const JobView> jobs) noexcept {
    if (all_done(jobs)) {
        return true;
    }
    switch (rule.what) {
        case WaitRule::kind::first_completed:
            return ended_of(jobs) >= 1;
        case WaitRule::kind::first_exception:
            return std::ranges::any_of(jobs, &JobView::exception);
        case WaitRule::kind::count:
            return ended_of(jobs) >= rule.count;
        case WaitRule::kind::all_completed:
            break;
    }
    return false;
}

ProgressCounts progress_of(std::span<const JobView> jobs) noexcept {
    ProgressCounts counts;
    std::uint64_t total = 0;
    bool known = true;
    for (const auto& job : jobs) {
        counts.done += job.ended();
        counts.bytes += job.bytes;
        total += job.total;
        known = known && (job.sealed || job.done);
    }
    if (known) {
        counts.total = total;
    }
    return counts;
}

std::string job_line(const JobView& job) {
    const auto reason = job.reason.empty() ? std::string{} : " (" + terminal_text(job.reason) + ')';
    return fmt::format(
        "{} {}{}: {} items: {}", terminal_text(job.id), terminal_text(job.state), reason, job.total,
        ends_text(job)
    );
}

std::string job_table(std::span<const JobView> jobs) {
    constexpr std::string_view row = "{:<40}  {:<10}  {:>10}  {:>10}  {:>10}  {:>10}  {}\n";
    auto table = fmt::format(
        fmt::runtime(row), "JOB", "STATE", "ITEMS", "SUCCEEDED", "FAILED", "LEFT", "CREATED"
    );
    for (const auto& job : jobs) {
        table += fmt::format(
            fmt::runtime(row), terminal_text(job.id), terminal_text(job.state), job.total,
            job.succeeded, job.failed, job.total - std::min(job.total, job.ended()),
            terminal_text(job.created_at)
        );
    }
    return table;
}

}  // namespace fanfetch
