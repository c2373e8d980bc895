#include "origin/zoo_parts.hpp"

#include <array>

// Responses without an end, or with one that is much too far away. They are sent as fast as the
// client reads, until it leaves.

namespace fanfetch::origin {
namespace {

constexpr std::size_t a_lot = 16U << 10U;

/// `head`, then `bytes` so many times.
Script repeating(std::string_view head, std::string bytes, std::uint64_t times = for_ever) {
    auto script = script_of(std::string{head});
    script.steps.push_back({.bytes = std::move(bytes), .times = times});
    return script;
}

Script with_end(Script script, std::string_view rest) {
    script.steps.push_back({.bytes = std::string{rest}});
    script.end = script_end::keep;
    return script;
}

std::string big_chunk() {
    return "4000\r\n" + std::string(a_lot, 'x') + "\r\n";
}

constexpr std::string_view redirect_line = "HTTP/1.1 302 Found\r\nLocation: /zoo/ok\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";
constexpr std::uint64_t longest_tiny = std::uint64_t{1} << 40U;
constexpr std::uint64_t million = 1'000'000;

constexpr std::array animals{
    Animal{
        "endless-chunks", "", "a chunked body without an end", "limit.body_size",
        [](const ZooRequest&) { return repeating(chunked_head, big_chunk()); }},
    Animal{
        "endless-until-close", "", "a body that lasts until the end, which never comes",
        "limit.body_size",
        [](const ZooRequest&) {
            return repeating("HTTP/1.1 200 OK\r\n\r\n", std::string(a_lot, 'x'));
        }},
    Animal{
        "endless-length", "", "a Content-Length of 2^63 - 1, all of it sent", "limit.body_size",
        [](const ZooRequest&) {
            return repeating(
                "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n",
                std::string(a_lot, 'x')
            );
        }},
    Animal{
        "lying-range", "", "a Content-Range of ten bytes and a body without an end",
        "limit.body_size",
        [](const ZooRequest&) {
            return repeating(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-9/10\r\n\r\n",
                std::string(a_lot, 'x')
            );
        }},
    Animal{
        "endless-header", "", "a header value without an end", "http.header_limit",
        [](const ZooRequest&) {
            return repeating("HTTP/1.1 200 OK\r\nX-A: ", std::string(a_lot, 'x'));
        }},
    Animal{
        "endless-fields", "", "header lines without an end", "http.header_limit",
        [](const ZooRequest&) { return repeating(ok_line, "X-A: b\r\n"); }},
    Animal{
        "huge-field", "", "a header value of 10 MiB", "http.header_limit",
        [](const ZooRequest&) {
            return with_end(
                repeating("HTTP/1.1 200 OK\r\nX-A: ", std::string(a_lot, 'x'), 640),
                "\r\nContent-Length: 5\r\n\r\nhello"
            );
        }},
    Animal{
        "many-fields", "", "100,000 short header lines", "http.header_limit",
        [](const ZooRequest&) {
            return with_end(
                repeating(ok_line, "a: b\r\n", 100'000), "Content-Length: 5\r\n\r\nhello"
            );
        }},
    Animal{
        "endless-redirect", "", "a redirect whose header has no end", "http.header_limit",
        [](const ZooRequest&) { return repeating(redirect_line, "X-A: b\r\n"); }},
    Animal{
        "endless-trailers", "", "trailers without an end", "http.header_limit",
        [](const ZooRequest&) {
            return repeating(std::string{chunked_head} + "5\r\nhello\r\n0\r\n", "X-A: b\r\n");
        }},
    Animal{
        "huge-trailer", "", "a trailer of 10 MiB", "http.header_limit",
        [](const ZooRequest&) {
            return with_end(
                repeating(
                    std::string{chunked_head} + "5\r\nhello\r\n0\r\nX-A: ", std::string(a_lot, 'x'),
                    640
                ),
                "\r\n\r\n"
            );
        }},
    Animal{
        "endless-chunk-extension", "", "a chunk extension without an end", "limit.chunk_extensions",
        [](const ZooRequest&) {
            return repeating(std::string{chunked_head} + "5;a=", std::string(a_lot, 'x'));
        }},
    Animal{
        "chunk-extensions", "", "chunks of one byte, each with an extension of a hundred",
        "limit.chunk_extensions",
        [](const ZooRequest&) {
            return with_end(
                repeating(chunked_head, "1;a=" + std::string(98, 'x') + "\r\nx\r\n", 100'000),
                last_chunk
            );
        }},
    Animal{
        "tiny-chunks", "BYTES", "a body in chunks of one byte (100000 of them)", "succeeded",
        [](const ZooRequest& request) {
            const auto count = number_or(request.argument, 100'000, longest_tiny);
            return with_end(repeating(chunked_head, "1\r\nx\r\n", count), last_chunk);
        }},
    Animal{
        "endless-interim", "", "a million responses 100 before the real one", "limit.interim",
        [](const ZooRequest&) {
            return with_end(
                repeating({}, "HTTP/1.1 100 Continue\r\n\r\n", million),
                response("200 OK", {}, "hello")
            );
        }},
    Animal{
        "some-interim", "COUNT", "so many responses 103 before the real one (8)", "succeeded",
        [](const ZooRequest& request) {
            return with_end(
                repeating(
                    {}, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
                    number_or(request.argument, 8, 1'000)
                ),
                response("200 OK", {}, "hello")
            );
        }},
    Animal{
        "big-interim", "", "a few responses 103 with 16 KiB of header each", "http.header_limit",
        [](const ZooRequest&) {
            return with_end(
                repeating(
                    {}, "HTTP/1.1 103 Early Hints\r\nLink: " + std::string(a_lot, 'x') + "\r\n\r\n",
                    6
                ),
                response("200 OK", {}, "hello")
            );
        }},
    Animal{
        "switching", "", "101 Switching Protocols, unasked", "http.malformed",
        [](const ZooRequest&) {
            return script_of(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"
                "Upgrade: websocket\r\n\r\n"
            );
        }},
};

}  // namespace

std::span<const Animal> endless() {
    return animals;
}

}  // namespace fanfetch::origin
