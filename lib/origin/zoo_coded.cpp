#include "origin/packing.hpp"
#include "origin/zoo_parts.hpp"

#include <array>

// Content codings: good ones, damaged ones, and bombs.

namespace fanfetch::origin {
namespace {

constexpr std::string_view text = "hello, hello, hello, hello, hello, hello, hello\n";
constexpr std::uint32_t gibibyte = 1024;  // in mebibytes
constexpr std::size_t gzip_trailer = 8;

/// A 200 whose body carries these codings, in the words of Content-Encoding.
Script coded_as(std::string_view codings, std::string_view body) {
    const auto field = "Content-Encoding: " + std::string{codings} + "\r\n";
    return script_of(response("200 OK", field, body), script_end::keep);
}

std::string gzipped(std::string_view bytes) {
    return packed(bytes, zlib_form::gzip);
}

/// Bombs are made once: their first request pays for all.
const std::string& bomb() {
    static const std::string body = gzipped_zeros(gibibyte);
    return body;
}

const std::string& bomb_twice() {
    static const std::string body = gzipped(bomb());
    return body;
}

/// 64 frames of 16 MiB of zeros.
const std::string& zstd_bomb() {
    static const std::string body = [] {
        constexpr int frames = 64;
        const auto frame = zstd_packed(std::string(16U << 20U, '\0'));
        std::string all;
        for (int i = 0; i < frames; ++i) {
            all += frame;
        }
        return all;
    }();
    return body;
}

std::string damaged(std::size_t from_end) {
    auto body = gzipped(text);
    body[body.size() - from_end] ^= 0x55;
    return body;
}

/// The bomb as the body of a response that nobody asked to have decoded.
Script bomb_under(std::string_view status, std::string_view fields) {
    const auto all = "Content-Encoding: gzip\r\n" + std::string{fields};
    return script_of(response(status, all, bomb()), script_end::keep);
}

/// "hello" as brotli: one meta-block that is not compressed (RFC 7932 §9.2), and the last, empty.
constexpr std::string_view brotli_hello{"\x0b\x02\x80hello\x03", 9};

constexpr auto ok = "succeeded";
constexpr auto broken = "decode.failed";
constexpr auto ratio = "limit.decode_ratio";

constexpr std::array animals{
    Animal{
        "gzip", "", "gzip", ok, [](const ZooRequest&) { return coded_as("gzip", gzipped(text)); }},
    Animal{
        "deflate", "", "deflate with zlib's header", ok,
        [](const ZooRequest&) { return coded_as("deflate", packed(text, zlib_form::zlib)); }},
    Animal{
        "deflate-raw", "", "deflate without it", ok,
        [](const ZooRequest&) { return coded_as("deflate", packed(text, zlib_form::raw)); }},
    Animal{
        "zstd", "", "zstd", ok,
        [](const ZooRequest&) { return coded_as("zstd", zstd_packed(text)); }},
    Animal{"brotli", "", "br", ok, [](const ZooRequest&) { return coded_as("br", brotli_hello); }},
    Animal{
        "gzip-twice", "", "gzip in gzip", ok,
        [](const ZooRequest&) { return coded_as("gzip, gzip", gzipped(gzipped(text))); }},
    Animal{
        "gzip-twice-two-lines", "", "gzip in gzip, said in two header lines", ok,
        [](const ZooRequest&) {
            return coded_as("gzip\r\nContent-Encoding: gzip", gzipped(gzipped(text)));
        }},
    Animal{
        "gzip-thrice", "", "three layers of gzip", broken,
        [](const ZooRequest&) {
            return coded_as("gzip, gzip, gzip", gzipped(gzipped(gzipped(text))));
        }},
    Animal{
        "gzip-thrice-three-lines", "", "three layers of gzip, said in three header lines", broken,
        [](const ZooRequest&) {
            return coded_as(
                "gzip\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip",
                gzipped(gzipped(gzipped(text)))
            );
        }},
    Animal{
        "gzip-members", "", "two members of gzip in a row", ok,
        [](const ZooRequest&) { return coded_as("gzip", gzipped(text) + gzipped(text)); }},
    Animal{
        "gzip-empty", "", "no bytes at all, said to be gzip", ok,
        [](const ZooRequest&) { return coded_as("gzip", {}); }},
    Animal{
        "gzip-cut", "", "gzip without its end", broken,
        [](const ZooRequest&) {
            const auto body = gzipped(text);
            return coded_as("gzip", body.substr(0, body.size() - gzip_trailer));
        }},
    Animal{
        "gzip-checksum", "", "gzip with a wrong checksum", broken,
        [](const ZooRequest&) { return coded_as("gzip", damaged(gzip_trailer)); }},
    Animal{
        "gzip-length", "", "gzip with a wrong length", broken,
        [](const ZooRequest&) { return coded_as("gzip", damaged(4)); }},
    Animal{
        "gzip-surplus", "", "gzip with other bytes behind it", broken,
        [](const ZooRequest&) { return coded_as("gzip", gzipped(text) + "surplus"); }},
    Animal{
        "gzip-not", "", "plain text, said to be gzip", broken,
        [](const ZooRequest&) { return coded_as("gzip", text); }},
    Animal{
        "coding-unknown", "", "Content-Encoding: identity, gzip, x", broken,
        [](const ZooRequest&) { return coded_as("identity, gzip, x", gzipped(text)); }},
    Animal{
        "gzip-bomb", "", "1 GiB of zeros as gzip", ratio,
        [](const ZooRequest&) { return coded_as("gzip", bomb()); }},
    Animal{
        "gzip-bomb-twice", "", "1 GiB of zeros, gzip in gzip", ratio,
        [](const ZooRequest&) { return coded_as("gzip, gzip", bomb_twice()); }},
    Animal{
        "zstd-bomb", "", "1 GiB of zeros as zstd", ratio,
        [](const ZooRequest&) { return coded_as("zstd", zstd_bomb()); }},
    Animal{
        "bomb-under-redirect", "", "a bomb as the body of a redirect", ok,
        [](const ZooRequest&) { return bomb_under("302 Found", "Location: /zoo/ok\r\n"); }},
    Animal{
        "bomb-under-404", "", "a bomb as the body of a 404", ratio,
        [](const ZooRequest&) { return bomb_under("404 Not Found", {}); }},
    Animal{
        "bomb-under-204", "", "a bomb behind a 204", ok,
        [](const ZooRequest&) { return bomb_under("204 No Content", {}); }},
};

}  // namespace

std::span<const Animal> coded() {
    return animals;
}

}  // namespace fanfetch::origin
