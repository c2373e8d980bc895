#include "origin/zoo_parts.hpp"

#include <array>

// Responses that end before their end.

namespace fanfetch::origin {
namespace {

constexpr std::size_t short_response = 300;

/// A response of 300 bytes, all told.
std::string three_hundred() {
    const auto with_body = [](std::size_t size) {
        return response("200 OK", "Content-Type: text/plain\r\n", std::string(size, 'x'));
    };
    constexpr std::size_t some = 200;  // with as many digits as the length will have
    return with_body(short_response - (with_body(some).size() - some));
}

std::string first_bytes(const ZooRequest& request) {
    auto text = three_hundred();
    text.resize(number_or(request.argument, short_response / 2, short_response));
    return text;
}

std::string promise(std::uint64_t length, std::size_t sent) {
    return std::string{ok_line} + "Content-Length: " + std::to_string(length) + "\r\n\r\n" +
           std::string(sent, 'x');
}

std::string chunks(std::string_view body) {
    return std::string{chunked_head}.append(body);
}

constexpr std::array animals{
    Animal{
        "close", "", "closes the connection without a byte", "http.truncated",
        [](const ZooRequest&) { return Script{}; }},
    Animal{
        "reset", "", "resets the connection without a byte", "connect.reset",
        [](const ZooRequest&) {
            return Script{{}, script_end::reset};
        }},
    Animal{
        "close-at", "BYTES", "a response of 300 bytes, closed behind so many of them",
        "http.truncated",
        [](const ZooRequest& request) { return script_of(first_bytes(request)); }},
    Animal{
        "reset-at", "BYTES", "a response of 300 bytes, reset behind so many of them",
        "http.truncated",
        [](const ZooRequest& request) {
            return script_of(first_bytes(request), script_end::reset);
        }},
    Animal{
        "no-body", "", "a Content-Length of 1000 and nothing", "http.truncated",
        [](const ZooRequest&) { return script_of(promise(1000, 0)); }},
    Animal{
        "half-body", "", "a Content-Length of 1000 and half of it", "http.truncated",
        [](const ZooRequest&) { return script_of(promise(1000, 500)); }},
    Animal{
        "half-body-reset", "", "half of the body, then a reset", "http.truncated",
        [](const ZooRequest&) { return script_of(promise(1000, 500), script_end::reset); }},
    Animal{
        "last-byte-missing", "", "all of the body but its last byte", "http.truncated",
        [](const ZooRequest&) { return script_of(promise(1000, 999)); }},
    Animal{
        "chunks-unended", "", "chunks without the last one", "http.truncated",
        [](const ZooRequest&) { return script_of(chunks("5\r\nhello\r\n")); }},
    Animal{
        "chunks-unended-reset", "", "chunks without the last one, then a reset", "http.truncated",
        [](const ZooRequest&) { return script_of(chunks("5\r\nhello\r\n"), script_end::reset); }},
    Animal{
        "chunk-cut", "", "ends within a chunk", "http.truncated",
        [](const ZooRequest&) { return script_of(chunks("64\r\nhello")); }},
    Animal{
        "chunk-size-cut", "", "ends within a chunk's size", "http.truncated",
        [](const ZooRequest&) { return script_of(chunks("5\r\nhello\r\n1")); }},
    Animal{
        "trailers-cut", "", "ends within the trailers", "http.truncated",
        [](const ZooRequest&) { return script_of(chunks("5\r\nhello\r\n0\r\nX-A: b\r\n")); }},
    Animal{
        "header-cut", "", "ends within the header", "http.truncated",
        [](const ZooRequest&) {
            return script_of(std::string{ok_line} + "Content-Type: text/pl");
        }},
    Animal{
        "until-close-reset", "", "a body that lasts until the end, which is a reset",
        "http.truncated",
        [](const ZooRequest&) {
            return script_of(std::string{ok_line} + "\r\nhello", script_end::reset);
        }},
};

}  // namespace

std::span<const Animal> cut_short() {
    return animals;
}

}  // namespace fanfetch::origin
