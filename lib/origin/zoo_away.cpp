#include "base/time.hpp"
#include "http/http_date.hpp"
#include "origin/zoo_parts.hpp"

#include <array>

// Responses that send the client elsewhere, or away for a while, or with a cookie.

namespace fanfetch::origin {
namespace {

Script redirect(std::string_view fields, std::string_view status = "302 Found") {
    return script_of(response(status, fields, {}), script_end::keep);
}

Script to(std::string_view location) {
    return redirect("Location: " + std::string{location} + "\r\n");
}

Script not_now(std::string_view status, const std::string& when) {
    return script_of(
        response(status, "Retry-After: " + when + "\r\n", "not now\n"), script_end::keep
    );
}

constexpr std::uint64_t longest_chain = 1'000;

/// As a path holds it: "%20" for the spaces of a date is the client's to write, so '_' will do.
std::string spaced(std::string_view argument) {
    std::string text{argument};
    for (auto& c : text) {
        c = c == '_' ? ' ' : c;
    }
    return text;
}

constexpr std::array animals{
    Animal{
        "redirect-loop", "", "a redirect to itself", "http.redirect_limit",
        [](const ZooRequest&) { return to("/zoo/redirect-loop"); }},
    Animal{
        "redirect-ping", "", "a redirect to one that leads back", "http.redirect_limit",
        [](const ZooRequest&) { return to("/zoo/redirect-pong"); }},
    Animal{
        "redirect-pong", "", "the other half of redirect-ping", "http.redirect_limit",
        [](const ZooRequest&) { return to("/zoo/redirect-ping"); }},
    Animal{
        "redirect-chain", "HOPS", "so many redirects, then a good response (5)", "succeeded",
        [](const ZooRequest& request) {
            const auto hops = number_or(request.argument, 5, longest_chain);
            return hops <= 1 ? to("/zoo/ok")
                             : to("/zoo/redirect-chain/" + std::to_string(hops - 1));
        }},
    Animal{
        "redirect-status", "STATUS", "a redirect with this status (301)", "succeeded",
        [](const ZooRequest& request) {
            const auto status = number_or(request.argument, 301, 399);
            return redirect("Location: /zoo/ok\r\n", std::to_string(status) + " Elsewhere");
        }},
    Animal{
        "redirect-relative", "", "a redirect to a relative reference", "succeeded",
        [](const ZooRequest&) { return to("../zoo/./ok?a=b"); }},
    Animal{
        "redirect-fragment", "", "a redirect to a URL with a fragment", "succeeded",
        [](const ZooRequest&) { return to("/zoo/ok#part"); }},
    Animal{
        "redirect-missing", "", "a redirect without Location", "http.status_302",
        [](const ZooRequest&) { return redirect({}); }},
    Animal{
        "redirect-empty", "", "a redirect with an empty Location, which means itself",
        "http.redirect_limit", [](const ZooRequest&) { return to({}); }},
    Animal{
        "redirect-twice", "", "a redirect with two Locations", "http.redirect_invalid",
        [](const ZooRequest&) {
            return redirect("Location: /zoo/ok\r\nLocation: /zoo/silent\r\n");
        }},
    Animal{
        "redirect-invalid", "", "a redirect to what is no URL", "http.redirect_invalid",
        [](const ZooRequest&) { return to("http://[::1/"); }},
    Animal{
        "redirect-scheme", "", "a redirect to a file", "url.scheme",
        [](const ZooRequest&) { return to("file:///etc/passwd"); }},
    Animal{
        "redirect-metadata", "", "a redirect to a cloud's metadata service", "policy.address",
        [](const ZooRequest&) { return to("http://169.254.169.254/latest/meta-data/"); }},
    Animal{
        "redirect-port", "", "a redirect to a port of another protocol", "policy.port",
        [](const ZooRequest&) { return to("http://127.0.0.1:25/"); }},
    Animal{
        "status", "STATUS", "this status (404)", "http.status_404",
        [](const ZooRequest& request) {
            const auto status = number_or(request.argument, 404, 599);
            return script_of(
                response(std::to_string(status) + " Status", {}, "a status\n"), script_end::keep
            );
        }},
    Animal{
        "retry-after", "VALUE", "503 with this Retry-After; _ stands for a space (1)",
        "http.status_503",
        [](const ZooRequest& request) {
            return not_now(
                "503 Service Unavailable", request.argument.empty() ? "1" : spaced(request.argument)
            );
        }},
    Animal{
        "too-many", "VALUE", "429 with this Retry-After (1)", "http.status_429",
        [](const ZooRequest& request) {
            return not_now(
                "429 Too Many Requests", request.argument.empty() ? "1" : spaced(request.argument)
            );
        }},
    Animal{
        "retry-after-date", "", "503 with the date in a second as its Retry-After",
        "http.status_503",
        [](const ZooRequest&) {
            const auto soon = std::chrono::system_clock::now() + std::chrono::seconds{1};
            return not_now(
                "503 Service Unavailable",
                to_http_date(std::chrono::floor<WallTime::duration>(soon))
            );
        }},
    Animal{
        "retry-after-200", "", "a good response that has a Retry-After", "succeeded",
        [](const ZooRequest&) {
            return script_of(
                response("200 OK", "Retry-After: 3600\r\n", "hello\n"), script_end::keep
            );
        }},
    Animal{
        "flaky", "TIMES", "503 so many times (1), then a good response: for each URL", "succeeded",
        [](const ZooRequest& request) {
            const bool good = request.asked >= number_or(request.argument, 1, for_ever);
            return script_of(
                good ? response("200 OK", {}, "hello\n")
                     : response("503 Service Unavailable", {}, "again\n"),
                script_end::keep
            );
        }},
    Animal{
        "cookie", "", "sets a cookie", "succeeded",
        [](const ZooRequest&) {
            return script_of(
                response("200 OK", "Set-Cookie: zoo=1; Path=/\r\n", "hello\n"), script_end::keep
            );
        }},
    Animal{
        "many-cookies", "", "sets a hundred cookies of 4 KiB", "http.header_limit",
        [](const ZooRequest&) {
            auto script = script_of(std::string{ok_line}, script_end::keep);
            script.steps.push_back(
                {.bytes = "Set-Cookie: zoo=" + std::string(4096, 'x') + "\r\n", .times = 100}
            );
            script.steps.push_back({.bytes = "Content-Length: 5\r\n\r\nhello"});
            return script;
        }},
};

}  // namespace

std::span<const Animal> sent_away() {
    return animals;
}

}  // namespace fanfetch::origin
