#include "origin/zoo_parts.hpp"

#include <array>

// What happens between one response and the next, and a good response to compare with.

namespace fanfetch::origin {
namespace {

using namespace std::chrono_literals;

std::string fine(std::string_view fields = {}) {
    return response("200 OK", fields, "hello\n");
}

/// What must never become the response to another request.
std::string intruder() {
    return response("200 OK", "X-Intruder: yes\r\n", "intruder\n");
}

constexpr std::array animals{
    Animal{
        "ok", "", "a good response", "succeeded",
        [](const ZooRequest&) { return script_of(fine(), script_end::keep); }},
    Animal{
        "close-after-one", "", "a good response with Connection: close", "succeeded",
        [](const ZooRequest&) { return script_of(fine("Connection: close\r\n")); }},
    Animal{
        "early-close", "", "a good response, and the connection closed unannounced", "succeeded",
        [](const ZooRequest&) { return script_of(fine()); }},
    Animal{
        "early-reset", "", "a good response, and the connection reset a little later", "succeeded",
        [](const ZooRequest&) {
            Script script{{}, script_end::reset};
            script.steps.push_back({.bytes = fine(), .pause = 20ms});
            return script;
        }},
    Animal{
        "surplus", "", "a good response with a second one right behind its end", "succeeded",
        [](const ZooRequest&) { return script_of(fine() + intruder(), script_end::keep); }},
    Animal{
        "surplus-bytes", "", "a good response with bytes behind its end", "succeeded",
        [](const ZooRequest&) { return script_of(fine() + "surplus", script_end::keep); }},
    Animal{
        "unsolicited", "", "a good response, and a second one unasked a little later", "succeeded",
        [](const ZooRequest&) {
            Script script{{}, script_end::keep};
            script.steps.push_back({.bytes = fine(), .pause = 20ms});
            script.steps.push_back({.bytes = intruder()});
            return script;
        }},
    Animal{
        "body-of-204", "", "204 with a body behind it", "succeeded",
        [](const ZooRequest&) {
            return script_of(response("204 No Content", {}, "hello"), script_end::keep);
        }},
    Animal{
        "body-of-304", "", "304 with a body behind it", "http.status_304",
        [](const ZooRequest&) {
            return script_of(response("304 Not Modified", {}, "hello"), script_end::keep);
        }},
};

}  // namespace

std::span<const Animal> keeping() {
    return animals;
}

}  // namespace fanfetch::origin
