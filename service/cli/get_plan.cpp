#include "cli/get_plan.hpp"

#include "base/time.hpp"
#include "batch/batch_counts.hpp"
#include "model/request_rules.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

namespace fanfetch {
namespace {

constexpr int most_retries = 100;

using Errors = std::vector<std::string>;

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

void check_numbers(const GetOptions& options, Errors& errors) {
    if (options.concurrency < 1) {
        errors.emplace_back("--concurrency: must be at least 1");
    }
    if (options.per_host.value_or(1) < 1) {
        errors.emplace_back("--per-host: must be at least 1");
    }
    if (options.retries < 0 || options.retries > most_retries) {
        errors.push_back("--retries: must be from 0 to " + std::to_string(most_retries));
    }
}

void check_paths(const GetOptions& options, Errors& errors) {
    if (options.urls.empty() && !options.input) {
        errors.emplace_back("nothing to fetch: give URLs, or a list of them with -i");
    }
    const auto check = [&errors](const std::optional<std::string>& path, std::string_view name) {
        if (path && path->empty()) {
            errors.push_back(std::string{name} + ": must not be empty");
        }
    };
    check(options.input, "--input");
    check(options.directory, "--output");
    check(options.warc, "--warc");
}

void read_headers(const GetOptions& options, FetchOptions& fetch, Errors& errors) {
    for (const auto& header : options.headers) {
        const auto colon = header.find(':');
        if (colon == std::string::npos) {
            errors.push_back("--header: \"" + header + "\" is not of the form \"Name: value\"");
            continue;
        }
        std::string name{trim(std::string_view{header}.substr(0, colon))};
        std::string value{trim(std::string_view{header}.substr(colon + 1))};
        if (const auto fault = why_not_header(name, value)) {
            // The value may be a secret, and this ends up in logs.
            errors.push_back("--header: \"" + name + "\": " + *fault);
            continue;
        }
        fetch.headers.push_back({std::move(name), std::move(value)});
    }
    if (const auto fault = why_not_headers(fetch.headers)) {
        errors.push_back("--header: " + *fault);
    }
}

void read_timeout(const GetOptions& options, FetchOptions& fetch, Errors& errors) {
    const auto timeout = parse_duration(options.timeout);
    if (!timeout || timeout->count() == 0) {
        errors.push_back(
            "--timeout: \"" + options.timeout + "\" is not a duration such as 30s or 5m"
        );
        return;
    }
    fetch.timeouts.total = *timeout;
}

void read_proxy(const GetOptions& options, GetPlan& plan, Errors& errors) {
    if (options.proxy_resolve && !options.proxy) {
        errors.emplace_back("--proxy-resolve: there is no --proxy");
    }
    if (!options.proxy) {
        return;
    }
    auto proxy = EgressProxy::parse(*options.proxy);
    if (!proxy) {
        errors.push_back("--proxy: " + proxy.error().detail);
        return;
    }
    proxy->resolve = options.proxy_resolve == "proxy" ? proxy_resolve::proxy : proxy_resolve::local;
    plan.proxy = std::move(*proxy);
}

}  // namespace

GetPlanning plan_get(const GetOptions& options) {
    GetPlanning planning;
    check_paths(options, planning.errors);
    check_numbers(options, planning.errors);
    auto& plan = planning.plan;
    read_headers(options, plan.fetch, planning.errors);
    read_timeout(options, plan.fetch, planning.errors);
    read_proxy(options, plan, planning.errors);
    if (!planning.errors.empty()) {
        return planning;
    }
    plan.urls = options.urls;
    plan.input = options.input;
    plan.warc = options.warc;
    plan.directory = options.directory;
    if (!plan.directory && !plan.warc) {
        plan.directory = ".";
    }
    plan.concurrency =
        effective_concurrency(static_cast<std::size_t>(options.concurrency), std::nullopt);
    plan.per_host = static_cast<std::size_t>(options.per_host.value_or(options.concurrency));
    plan.fetch.max_body_bytes = std::numeric_limits<std::uint64_t>::max();
    plan.fetch.retry.max_attempts = options.retries + 1;
    plan.ca_file = options.ca_file;
    plan.system_resolver = options.resolver == "system";
    plan.public_only = options.public_only;
    plan.json = options.json;
    plan.quiet = options.quiet;
    return planning;
}

}  // namespace fanfetch
