#include "origin/zoo_parts.hpp"

#include <array>

// Responses that two readers read in two ways, that no reader should accept, and a few odd ones
// that every reader should.

namespace fanfetch::origin {
namespace {

/// A 200 with these field lines and "hello" as its body, on a connection that stays open.
template <const char* Fields>
Script hello(const ZooRequest&) {
    return script_of(std::string{ok_line} + Fields + "\r\nhello", script_end::keep);
}

/// The same with these bytes as its chunks.
template <const char* Chunks>
Script chunked(const ZooRequest&) {
    return script_of(std::string{chunked_head} + Chunks, script_end::keep);
}

/// These bytes, and no more.
template <const char* Bytes>
Script raw(const ZooRequest&) {
    return script_of(Bytes, script_end::close);
}

// Template arguments have to be objects with a name.
constexpr char two_lengths[] = "Content-Length: 5\r\nContent-Length: 6\r\n";
constexpr char same_lengths[] = "Content-Length: 5\r\nContent-Length: 5\r\n";
constexpr char negative_length[] = "Content-Length: -5\r\n";
constexpr char signed_length[] = "Content-Length: +5\r\n";
constexpr char hex_length[] = "Content-Length: 0x5\r\n";
constexpr char list_length[] = "Content-Length: 5, 6\r\n";
constexpr char long_length[] = "Content-Length: 18446744073709551621\r\n";
constexpr char folded_length[] = "Content-Length:\r\n 5\r\n";
constexpr char both[] = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n";
constexpr char twice_chunked[] = "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n";
constexpr char gzip_transfer[] = "Transfer-Encoding: gzip\r\n";
constexpr char x_chunked[] = "Transfer-Encoding: xchunked\r\n";
constexpr char identity[] = "Transfer-Encoding: identity\r\nContent-Length: 5\r\n";
constexpr char no_colon[] = "Content-Length: 5\r\nNo colon here\r\n";
constexpr char space_before_colon[] = "Content-Length : 5\r\n";
constexpr char empty_name[] = "Content-Length: 5\r\n: value\r\n";
constexpr char bad_name[] = "Content-Length: 5\r\nBad\x01Name: value\r\n";
constexpr char bare_cr[] = "Content-Length: 5\r\nX-A: b\rc\r\n";
constexpr char bare_lf[] = "Content-Length: 5\r\nX-A: b\nX-C: d\r\n";
constexpr char control[] = "Content-Length: 5\r\nX-A: b\x02 c\r\n";
constexpr char folded[] = "Content-Length: 5\r\nX-A: b\r\n  c\r\n";

constexpr char size_garbage[] = "zz\r\nhello\r\n0\r\n\r\n";
constexpr char size_negative[] = "-5\r\nhello\r\n0\r\n\r\n";
constexpr char size_huge[] = "fffffffffffffffff\r\nhello\r\n0\r\n\r\n";
constexpr char size_spaced[] = "5 \r\nhello\r\n0\r\n\r\n";
constexpr char no_crlf[] = "5\r\nhelloworld\r\n0\r\n\r\n";
constexpr char chunk_lf[] = "5\nhello\n0\n\n";
constexpr char with_extension[] = "5;name=\"value\"\r\nhello\r\n0\r\n\r\n";
constexpr char trailer_tricks[] =
    "5\r\nhello\r\n0\r\nContent-Length: 99\r\nTransfer-Encoding: gzip\r\n"
    "Set-Cookie: trailer=1\r\nLocation: /zoo/ok\r\nContent-Encoding: gzip\r\n\r\n";

constexpr char no_status[] = "HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
constexpr char status_word[] = "HTTP/1.1 OK 200\r\nContent-Length: 5\r\n\r\nhello";
constexpr char status_999[] = "HTTP/1.1 999 What\r\nContent-Length: 5\r\n\r\nhello";
constexpr char status_000[] = "HTTP/1.1 000 What\r\nContent-Length: 5\r\n\r\nhello";
constexpr char version_2[] = "HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";
constexpr char version_none[] = "200 OK\r\nContent-Length: 5\r\n\r\nhello";
constexpr char html_only[] = "<html><body>hello</body></html>";
constexpr char other_protocol[] = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n";
constexpr char lf_only[] = "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello";
constexpr char chunked_in_1_0[] =
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
constexpr char version_1_0[] = "HTTP/1.0 200 OK\r\n\r\nhello";
constexpr char no_reason[] = "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello";

constexpr auto malformed = "http.malformed";
constexpr auto succeeded = "succeeded";

constexpr std::array animals{
    Animal{
        "two-lengths", "", "Content-Length twice, with two values", malformed, hello<two_lengths>},
    Animal{
        "same-lengths", "", "Content-Length twice, with one value", succeeded, hello<same_lengths>},
    Animal{"negative-length", "", "Content-Length: -5", malformed, hello<negative_length>},
    Animal{"signed-length", "", "Content-Length: +5", malformed, hello<signed_length>},
    Animal{"hex-length", "", "Content-Length: 0x5", malformed, hello<hex_length>},
    Animal{"list-length", "", "Content-Length: 5, 6", malformed, hello<list_length>},
    Animal{"long-length", "", "a Content-Length beyond 64 bits", malformed, hello<long_length>},
    Animal{"folded-length", "", "a Content-Length on two lines", malformed, hello<folded_length>},
    Animal{
        "length-and-chunked", "", "Content-Length beside Transfer-Encoding", malformed,
        hello<both>},
    Animal{
        "chunked-twice", "", "Transfer-Encoding: chunked twice", malformed, hello<twice_chunked>},
    Animal{"gzip-transfer", "", "Transfer-Encoding: gzip", malformed, hello<gzip_transfer>},
    Animal{"xchunked", "", "Transfer-Encoding: xchunked", malformed, hello<x_chunked>},
    Animal{"identity", "", "Transfer-Encoding: identity", malformed, hello<identity>},
    Animal{"no-colon", "", "a header line without a colon", malformed, hello<no_colon>},
    Animal{
        "space-before-colon", "", "a space before a header line's colon", malformed,
        hello<space_before_colon>},
    Animal{"empty-name", "", "a header line without a name", malformed, hello<empty_name>},
    Animal{"bad-name", "", "a control character in a name", malformed, hello<bad_name>},
    Animal{"bare-cr", "", "a CR without its LF in a value", malformed, hello<bare_cr>},
    Animal{"bare-lf", "", "a LF without its CR behind a value", malformed, hello<bare_lf>},
    Animal{"control", "", "a control character in a value", malformed, hello<control>},
    Animal{"folded", "", "a value on two lines", succeeded, hello<folded>},
    Animal{
        "chunk-size-garbage", "", "a chunk size that is no number", malformed,
        chunked<size_garbage>},
    Animal{"chunk-size-negative", "", "a chunk size of -5", malformed, chunked<size_negative>},
    Animal{"chunk-size-huge", "", "a chunk size beyond 64 bits", malformed, chunked<size_huge>},
    Animal{
        "chunk-size-spaced", "", "a space behind a chunk's size", malformed, chunked<size_spaced>},
    Animal{"chunk-too-long", "", "a chunk longer than its size", malformed, chunked<no_crlf>},
    Animal{"chunk-lf", "", "chunks with LF as line ends", malformed, chunked<chunk_lf>},
    Animal{"chunk-extension", "", "one short chunk extension", succeeded, chunked<with_extension>},
    Animal{
        "trailer-tricks", "", "trailers that would change the header", succeeded,
        chunked<trailer_tricks>},
    Animal{"no-status", "", "a status line without a status", malformed, raw<no_status>},
    Animal{"status-word", "", "a status that is no number", malformed, raw<status_word>},
    Animal{"status-999", "", "status 999", malformed, raw<status_999>},
    Animal{"status-000", "", "status 000", malformed, raw<status_000>},
    Animal{"version-2", "", "HTTP/2.0 in plain text", malformed, raw<version_2>},
    Animal{"version-none", "", "a status line without a version", malformed, raw<version_none>},
    Animal{
        "html-only", "", "a document without any header, as in HTTP/0.9", malformed,
        raw<html_only>},
    Animal{"ssh", "", "the greeting of another protocol", malformed, raw<other_protocol>},
    Animal{"lf-only", "", "LF as line ends throughout", malformed, raw<lf_only>},
    Animal{"chunked-in-1.0", "", "chunks in HTTP/1.0", malformed, raw<chunked_in_1_0>},
    Animal{
        "version-1.0", "", "HTTP/1.0, the body lasts until the end", succeeded, raw<version_1_0>},
    Animal{"no-reason", "", "a status line without a reason", succeeded, raw<no_reason>},
};

}  // namespace

std::span<const Animal> badly_framed() {
    return animals;
}

}  // namespace fanfetch::origin
