#include "raw_client.hpp"

#include "support/patience.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <utility>

// The client is implemented beside its own test, because a folder of tests is built from its tests.
namespace fanfetch::testing {
namespace {

std::string lower(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    return result;
}

std::size_t number(std::string_view text, int base) {
    std::size_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, base);
    return value;
}

/// Joins the chunks at the front of `bytes` and drops them there.
std::string take_chunks(std::string_view& bytes) {
    std::string body;
    for (;;) {
        const auto line_end = bytes.find("\r\n");
        if (line_end == std::string_view::npos) {
            bytes = {};
            return body;
        }
        const auto size = number(bytes.substr(0, line_end), 16);
        bytes.remove_prefix(line_end + 2);
        body += bytes.substr(0, size);
        bytes.remove_prefix(std::min(bytes.size(), size + 2));
        if (size == 0) {
            return body;
        }
    }
}

RawResponse take_response(std::string_view& bytes, bool answer_to_head) {
    RawResponse response;
    const auto head_end = bytes.find("\r\n\r\n");
    if (!bytes.starts_with("HTTP/1.1 ") || head_end == std::string_view::npos) {
        bytes = {};
        response.status = -1;
        return response;
    }
    auto head = bytes.substr(0, head_end + 2);
    bytes.remove_prefix(head_end + 4);
    response.status = static_cast<int>(number(head.substr(9, 3), 10));
    head.remove_prefix(head.find("\r\n") + 2);
    while (!head.empty()) {
        const auto line = head.substr(0, head.find("\r\n"));
        const auto colon = line.find(": ");
        response.headers[lower(line.substr(0, colon))] = line.substr(colon + 2);
        head.remove_prefix(line.size() + 2);
    }
    const bool bodiless =
        response.status < 200 || response.status == 204 || response.status == 304 || answer_to_head;
    if (bodiless) {
        return response;
    }
    if (const auto length = response.headers.find("content-length");
        length != response.headers.end()) {
        const auto size = std::min(number(length->second, 10), bytes.size());
        response.body = bytes.substr(0, size);
        bytes.remove_prefix(size);
    } else if (response.headers.contains("transfer-encoding")) {
        response.body = take_chunks(bytes);
    } else {
        response.body = bytes;
        bytes = {};
    }
    return response;
}

}  // namespace

std::vector<RawResponse> parse_responses(std::string_view bytes, bool answer_to_head) {
    std::vector<RawResponse> responses;
    while (!bytes.empty()) {
        auto response = take_response(bytes, answer_to_head);
        if (response.status >= 200 || response.status < 0) {
            responses.push_back(std::move(response));
        }
    }
    return responses;
}

RawClient::RawClient() : descriptor_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    const timeval limit{.tv_sec = patience.count(), .tv_usec = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

RawClient::RawClient(std::uint16_t port, int receive_buffer) : RawClient{} {
    if (receive_buffer > 0) {
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    connect(port);
}

void RawClient::connect(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw std::runtime_error{"connecting to the server under test"};
    }
}

RawClient::RawClient(RawClient&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)}, pending_{std::move(other.pending_)} {}

RawClient::~RawClient() {
    close();
}

bool RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto size = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
}

std::string RawClient::read_some() {
    if (!pending_.empty()) {
        return std::exchange(pending_, {});
    }
    std::array<char, 65536> space;
    const auto size = ::recv(descriptor_, space.data(), space.size(), 0);
    if (size > 0) {
        return {space.data(), static_cast<std::size_t>(size)};
    }
    reset_ = size < 0 && errno == ECONNRESET;
    timed_out_ = size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    return {};
}

std::string RawClient::read_until(std::string_view text) {
    std::string all;
    for (;;) {
        auto more = read_some();
        if (more.empty()) {
            return all;
        }
        all += more;
        if (const auto found = all.find(text); found != std::string::npos) {
            pending_ = all.substr(found + text.size());
            all.resize(found + text.size());
            return all;
        }
    }
}

std::string RawClient::read_all() {
    std::string all;
    for (auto more = read_some(); !more.empty(); more = read_some()) {
        all += more;
    }
    return all;
}

RawResponse RawClient::read_response() {
    auto bytes = read_until("\r\n\r\n");
    if (bytes.starts_with("HTTP/1.1 100")) {
        return {.status = 100, .headers = {}, .body = {}};
    }
    const auto field = bytes.find("Content-Length: ");
    std::size_t wanted = bytes.size();
    if (field != std::string::npos) {
        wanted += number(std::string_view{bytes}.substr(field + 16), 10);
    }
    while (bytes.size() < wanted) {
        auto more = read_some();
        if (more.empty()) {
            break;
        }
        bytes += more;
    }
    if (bytes.size() > wanted) {
        pending_ = bytes.substr(wanted);
        bytes.resize(wanted);
    }
    const auto responses = parse_responses(bytes);
    return responses.empty() ? RawResponse{} : responses.front();
}

void RawClient::shutdown_send() {
    ::shutdown(descriptor_, SHUT_WR);
}

void RawClient::reset() {
    const linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
}

void RawClient::close() {
    if (descriptor_ >= 0) {
        ::close(std::exchange(descriptor_, -1));
    }
}

TEST(RawClient, TakesResponsesApart) {
    const auto responses = parse_responses(
        "HTTP/1.1 100 Continue\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        "HTTP/1.1 204 No Content\r\n\r\njunk"
    );

    ASSERT_EQ(responses.size(), 4U);
    EXPECT_EQ(responses[0].body, "ab");
    EXPECT_EQ(responses[1].body, "abc");
    EXPECT_EQ(responses[2].status, 204);
    EXPECT_EQ(responses[3].status, -1);
}

}  // namespace fanfetch::testing
