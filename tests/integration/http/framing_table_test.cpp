#include "raw_client.hpp"
#include "test_server.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace fanfetch::testing {
namespace {

/// One connection's bytes and the statuses that must come back; nothing more, and then the end.
struct FramingCase {
    std::string name;
    std::string bytes;
    std::vector<int> statuses;
};

void PrintTo(const FramingCase& framing, std::ostream* out) {
    *out << framing.name;
}

const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

/// A GET with these fields, and something behind it that must not be taken for a request.
std::string get_with(const std::string& fields) {
    return "GET /hello HTTP/1.1\r\n" + fields + "\r\n" + smuggled;
}

/// A POST whose framing is in doubt, with a request hidden where its body might be.
std::string post_with(const std::string& fields, const std::string& body = smuggled) {
    return "POST /echo HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

std::string chunked(const std::string& body) {
    return post_with("Transfer-Encoding: chunked\r\n", body);
}

std::string repeat(const std::string& text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) {
        all += text;
    }
    return all;
}

std::string line(const std::string& request_line) {
    return request_line + "\r\nHost: a\r\n\r\n" + smuggled;
}

const std::vector<FramingCase> framing_cases{
    // What is right is answered, so that the refusals below mean something.
    {"plain", "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", {200}},
    {"two in one packet", repeat("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 2), {200, 200}},
    {"http 1.0 without host", "GET /hello HTTP/1.0\r\n\r\n", {200}},
    {"http 1.0 kept alive",
     repeat("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 2),
     {200, 200}},
    {"absolute form", "GET http://b/hello HTTP/1.1\r\nHost: a\r\n\r\n", {200}},
    {"one empty line first", "\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n", {200}},
    {"host with port", "GET /hello HTTP/1.1\r\nHost: a.test:8080\r\n\r\n", {200}},
    {"host is ipv6", "GET /hello HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", {200}},
    {"counted body", post_with("Content-Length: 3\r\n", "abc"), {200}},
    {"chunked body", chunked("3\r\nabc\r\n0\r\n\r\n"), {200}},
    {"chunk extension", chunked("3;a=\"b\"\r\nabc\r\n0;c\r\n\r\n"), {200}},
    {"trailer dropped", chunked("0\r\nHost: evil\r\nContent-Length: 9\r\n\r\n"), {200}},
    {"chunked in capitals", post_with("Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n"), {200}},
    {"empty field value", "GET /hello HTTP/1.1\r\nHost: a\r\nX-A:\r\n\r\n", {200}},
    {"obs-text in value", "GET /hello HTTP/1.1\r\nHost: a\r\nX-A: \xe4\r\n\r\n", {200}},
    {"body of a get", "GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", {200}},
    {"close ends it", get_with("Host: a\r\nConnection: close\r\n"), {200}},
    {"close in a list", get_with("Host: a\r\nConnection: x, Close\r\n"), {200}},

    // Host: exactly one, and a host.
    {"host missing", get_with(""), {400}},
    {"host empty", get_with("Host:\r\n"), {400}},
    {"host twice", get_with("Host: a\r\nHost: a\r\n"), {400}},
    {"host twice, other case", get_with("Host: a\r\nhOST: b\r\n"), {400}},
    {"host list", get_with("Host: a, b\r\n"), {400}},
    {"host with path", get_with("Host: a/b\r\n"), {400}},
    {"host with userinfo", get_with("Host: u@a\r\n"), {400}},
    {"host with space", get_with("Host: a b\r\n"), {400}},
    {"host with bad port", get_with("Host: a:8x\r\n"), {400}},
    {"host with open bracket", get_with("Host: [::1\r\n"), {400}},
    {"host twice in 1.0", "GET /hello HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n" + smuggled, {400}},

    // Transfer-Encoding: "chunked" alone, or nothing.
    {"te and cl", post_with("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"), {400}},
    {"cl and te", post_with("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), {400}},
    {"te gzip", post_with("Transfer-Encoding: gzip\r\n"), {400}},
    {"te identity", post_with("Transfer-Encoding: identity\r\n"), {400}},
    {"te xchunked", post_with("Transfer-Encoding: xchunked\r\n"), {400}},
    {"te quoted", post_with("Transfer-Encoding: \"chunked\"\r\n"), {400}},
    {"te chunked, identity", post_with("Transfer-Encoding: chunked, identity\r\n"), {400}},
    {"te chunked twice", post_with("Transfer-Encoding: chunked, chunked\r\n"), {400}},
    {"te two fields",
     post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
     {400}},
    {"te two fields, one odd",
     post_with("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"),
     {400}},
    {"te with parameter", post_with("Transfer-Encoding: chunked;q=1\r\n"), {400}},
    {"te with trailing comma", post_with("Transfer-Encoding: chunked,\r\n"), {400}},
    {"te empty", post_with("Transfer-Encoding:\r\n"), {400}},
    {"te with vertical tab", post_with("Transfer-Encoding: \vchunked\r\n"), {400}},
    {"te gzip, chunked", post_with("Transfer-Encoding: gzip, chunked\r\n"), {501}},
    {"te space before colon", post_with("Transfer-Encoding : chunked\r\n"), {400}},
    {"te folded", post_with("Transfer-Encoding:\r\n chunked\r\n"), {400}},
    {"te in 1.0",
     "POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\n\r\n" +
         smuggled,
     {400}},

    // Content-Length: one number.
    {"cl twice, equal", post_with("Content-Length: 4\r\nContent-Length: 4\r\n"), {400}},
    {"cl twice, different", post_with("Content-Length: 0\r\nContent-Length: 4\r\n"), {400}},
    {"cl list", post_with("Content-Length: 4, 4\r\n"), {400}},
    {"cl negative", post_with("Content-Length: -1\r\n"), {400}},
    {"cl with plus", post_with("Content-Length: +4\r\n"), {400}},
    {"cl hexadecimal", post_with("Content-Length: 0x4\r\n"), {400}},
    {"cl with space inside", post_with("Content-Length: 4 4\r\n"), {400}},
    {"cl empty", post_with("Content-Length:\r\n"), {400}},
    {"cl too large for anyone", post_with("Content-Length: 18446744073709551616\r\n"), {400}},
    {"cl space before colon", post_with("Content-Length : 4\r\n"), {400}},
    {"cl fraction", post_with("Content-Length: 4.0\r\n"), {400}},

    // Chunks.
    {"chunk size empty", chunked("\r\nabc\r\n0\r\n\r\n" + smuggled), {400}},
    {"chunk size negative", chunked("-3\r\nabc\r\n0\r\n\r\n" + smuggled), {400}},
    {"chunk size 0x", chunked("0x3\r\nabc\r\n0\r\n\r\n" + smuggled), {400}},
    {"chunk size of 100 digits", chunked(std::string(99, '0') + "3\r\nabc\r\n0\r\n\r\n"), {400}},
    {"chunk size overflows", chunked("10000000000000003\r\nabc\r\n0\r\n\r\n" + smuggled), {400}},
    {"chunk size with space", chunked("3 \r\nabc\r\n0\r\n\r\n" + smuggled), {400}},
    {"chunk ends in LF", chunked("3\nabc\r\n0\r\n\r\n" + smuggled), {400}},
    {"chunk longer than its size", chunked("3\r\nabcd\r\n0\r\n\r\n" + smuggled), {400}},
    {"chunk data ends in LF", chunked("3\r\nabc\n0\r\n\r\n" + smuggled), {400}},
    {"bare CR in extension", chunked("3;a\rb\r\nabc\r\n0\r\n\r\n" + smuggled), {400}},
    {"trailer without colon", chunked("0\r\nGET /smuggled HTTP/1.1\r\n\r\n"), {400}},
    {"too many extensions",
     chunked("3;" + std::string(20'000, 'a') + "\r\nabc\r\n0\r\n\r\n"),
     {431}},
    {"too many trailers", chunked("0\r\n" + repeat("A: b\r\n", 3'000) + "\r\n"), {431}},
    {"body cut off", chunked("5\r\nabc"), {400}},

    // The request line.
    {"lower-case version", line("GET /hello http/1.1"), {400}},
    {"no version", line("GET /hello"), {400}},
    {"http 0.9", "GET /hello\r\n" + smuggled, {400}},
    {"http 2.0", line("GET /hello HTTP/2.0"), {505}},
    {"http 1.2", line("GET /hello HTTP/1.2"), {505}},
    {"version with two digits", line("GET /hello HTTP/1.10"), {400}},
    {"version with space behind", line("GET /hello HTTP/1.1 "), {400}},
    {"two spaces", line("GET  /hello HTTP/1.1"), {400}},
    {"tab for space", line("GET\t/hello HTTP/1.1"), {400}},
    {"space in target", line("GET /hel lo HTTP/1.1"), {400}},
    {"fragment in target", line("GET /hello#x HTTP/1.1"), {400}},
    {"control character in target", line("GET /hel\x01lo HTTP/1.1"), {400}},
    {"raw UTF-8 in target", line("GET /h\xc3\xa9llo HTTP/1.1"), {400}},
    {"method with slash", line("G/T /hello HTTP/1.1"), {400}},
    {"method missing", line(" /hello HTTP/1.1"), {400}},
    {"connect", line("CONNECT a:443 HTTP/1.1"), {501}},
    {"expectation unknown", post_with("Expect: more\r\nContent-Length: 35\r\n"), {400}},
    {"many empty lines first", "\r\n\r\n\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n", {400}},
    {"space first", " GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", {400}},

    // Lines and fields.
    {"lines end in LF", "GET /hello HTTP/1.1\nHost: a\n\n" + smuggled, {400}},
    {"lines end in CR", "GET /hello HTTP/1.1\rHost: a\r\r" + smuggled, {400}},
    {"bare CR in value", get_with("Host: a\r\nX: a\rb\r\n"), {400}},
    {"NUL in value", get_with("Host: a\r\nX: " + std::string(1, '\0') + "\r\n"), {400}},
    {"folded line", get_with("Host: a\r\nX: a\r\n b\r\n"), {400}},
    {"first field folded", get_with(" Host: a\r\n"), {400}},
    {"field without colon", get_with("Host: a\r\nX\r\n"), {400}},
    {"field without name", get_with("Host: a\r\n: x\r\n"), {400}},
    {"space in name", get_with("Host: a\r\nX Y: a\r\n"), {400}},
    {"not ASCII in name", get_with("Host: a\r\n\xc3\xa9: a\r\n"), {400}},

    // Limits. The other side of each is in server_limits_test.cpp.
    {"1,001 fields", get_with("Host: a\r\n" + repeat("X: y\r\n", 1'000)), {431}},
    {"header too large", get_with("Host: a\r\nX: " + std::string(70'000, 'y') + "\r\n"), {431}},
    {"target too long", line("GET /" + std::string(8'200, 'a') + " HTTP/1.1"), {414}},
    {"target without end", "GET /" + std::string(60'000, 'a'), {414}},

    // Not HTTP at all (CLI-15).
    {"http/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {505}},
    {"tls hello", std::string{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11}, {400}},
    {"ssh banner", "SSH-2.0-OpenSSH_9.2p1\r\n", {400}},
    {"binary noise", std::string{"\xff\xfe\x00\x00\x80\x81", 6}, {400}},
};

class FramingTable : public ::testing::TestWithParam<FramingCase> {};

TEST_P(FramingTable, Cli13ListedStatusThenTheEndAndNothingSmuggled) {
    Journal journal;
    auto router = make_router();
    router.add(http::verb::get, "/smuggled", [&](HttpRequest&) -> awaitable<HttpReply> {
        journal.note("smuggled");
        co_return HttpReply{};
    });
    TestServer server{router.handler()};
    RawClient client{server.port()};

    client.send(GetParam().bytes);
    client.shutdown_send();
    const auto responses = parse_responses(client.read_all());

    std::vector<int> statuses;
    for (const auto& response : responses) {
        statuses.push_back(response.status);
        EXPECT_TRUE(response.headers.contains("x-request-id"));
        if (response.status >= 400) {
            EXPECT_EQ(response.headers.find("content-type")->second, "application/problem+json");
            EXPECT_EQ(response.headers.find("connection")->second, "close");
            EXPECT_EQ(response.headers.find("cache-control")->second, "no-store");
        }
    }
    EXPECT_EQ(statuses, GetParam().statuses);
    EXPECT_FALSE(client.was_reset()) << "the answer could have been lost";
    EXPECT_FALSE(client.timed_out()) << "the connection stayed open";
    EXPECT_EQ(journal.count("smuggled"), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    HttpServer, FramingTable, ::testing::ValuesIn(framing_cases),
    [](const ::testing::TestParamInfo<FramingCase>& param) {
        std::string name = std::to_string(param.index) + "_";
        for (const char c : param.param.name) {
            name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
        }
        return name;
    }
);

}  // namespace
}  // namespace fanfetch::testing
