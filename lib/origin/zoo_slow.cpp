#include "origin/zoo_parts.hpp"

#include <array>

// Responses that take their time, some of them for ever.

namespace fanfetch::origin {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

const std::string& fine() {
    static const std::string text =
        response("200 OK", "Content-Type: text/plain\r\n", "hello, after a while\n");
    return text;
}

/// `head`, then `rest` byte by byte.
Script dripping(std::string head, std::string rest, milliseconds pause) {
    auto script = script_of(std::move(head), script_end::keep);
    script.steps.push_back({.bytes = std::move(rest), .piece = 1, .pause = pause});
    return script;
}

/// A header, and a body that comes in pieces for ever.
Script for_ever_in_pieces(std::string piece, milliseconds pause) {
    auto script = script_of(std::string{chunked_head});
    script.steps.push_back({.bytes = std::move(piece), .times = for_ever, .pause = pause});
    return script;
}

constexpr std::uint64_t longest_late = 600'000;

constexpr std::array animals{
    Animal{
        "late", "MILLISECONDS", "a good response after so long (500)", "succeeded",
        [](const ZooRequest& request) {
            Script script{{}, script_end::keep};
            const milliseconds pause{number_or(request.argument, 500, longest_late)};
            script.steps.push_back({.bytes = {}, .pause = pause});
            script.steps.push_back({.bytes = fine()});
            return script;
        }},
    Animal{
        "silent", "", "never answers", "timeout.first_byte",
        [](const ZooRequest&) {
            return Script{{}, script_end::silence};
        }},
    Animal{
        "header-drip", "", "a header of which a byte comes every second", "timeout.first_byte",
        [](const ZooRequest&) { return dripping({}, fine(), 1s); }},
    Animal{
        "header-stall", "", "a status line, then nothing", "timeout.first_byte",
        [](const ZooRequest&) { return script_of(std::string{ok_line}, script_end::silence); }},
    Animal{
        "header-endless-drip", "", "a header that grows by a byte every 50 ms for ever",
        "timeout.first_byte",
        [](const ZooRequest&) {
            auto script = script_of(std::string{ok_line} + "X-A: ");
            script.steps.push_back({.bytes = "x", .times = for_ever, .pause = 50ms});
            return script;
        }},
    Animal{
        "body-stall", "", "a header and half of the body, then nothing", "timeout.idle",
        [](const ZooRequest&) {
            return script_of(
                std::string{ok_line} + "Content-Length: 1000\r\n\r\n" + std::string(500, 'x'),
                script_end::silence
            );
        }},
    Animal{
        "body-drip", "", "a body of which a byte comes every 20 ms for ever", "timeout.low_speed",
        [](const ZooRequest&) { return for_ever_in_pieces("1\r\nx\r\n", 20ms); }},
    Animal{
        "body-trickle", "", "a body that is never slow, 1 KiB every 20 ms, and never ends",
        "timeout.total",
        [](const ZooRequest&) {
            return for_ever_in_pieces("400\r\n" + std::string(1024, 'x') + "\r\n", 20ms);
        }},
    Animal{
        "continue-then-silent", "", "100 Continue, then nothing", "timeout.first_byte",
        [](const ZooRequest&) {
            return script_of("HTTP/1.1 100 Continue\r\n\r\n", script_end::silence);
        }},
};

}  // namespace

std::span<const Animal> slow() {
    return animals;
}

}  // namespace fanfetch::origin
