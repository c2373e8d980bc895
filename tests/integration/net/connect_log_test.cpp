#include "integration/net/connect_log.hpp"

#include "net/ip_address.hpp"

#include <gtest/gtest.h>

#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <mutex>
#include <optional>

namespace fanfetch::testing {
namespace {

std::mutex log_mutex;
std::vector<std::string>& log_entries() {
    static std::vector<std::string> entries;
    return entries;
}

std::optional<IpEndpoint> read_endpoint(const sockaddr* address, socklen_t size) {
    if (address->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        V4Bytes bytes{};
        std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
        return IpEndpoint{IpAddress{bytes}, ntohs(v4.sin_port)};
    }
    if (address->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof v6);
        V6Bytes bytes{};
        std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
        return IpEndpoint{IpAddress{bytes}, ntohs(v6.sin6_port)};
    }
    return std::nullopt;
}

}  // namespace

void begin_connect_log() {
    const std::lock_guard lock{log_mutex};
    log_entries().clear();
}

std::vector<std::string> connect_log() {
    const std::lock_guard lock{log_mutex};
    return log_entries();
}

void log_connect(const sockaddr* address, socklen_t size) {
    if (const auto endpoint = read_endpoint(address, size)) {
        const std::lock_guard lock{log_mutex};
        log_entries().push_back(to_string(*endpoint));
    }
}

}  // namespace fanfetch::testing

extern "C" int connect(int socket, const sockaddr* address, socklen_t size) {
    using Connect = int (*)(int, const sockaddr*, socklen_t);
    static const auto real = reinterpret_cast<Connect>(::dlsym(RTLD_NEXT, "connect"));
    fanfetch::testing::log_connect(address, size);
    return real(socket, address, size);
}

namespace fanfetch::testing {
namespace {

TEST(ConnectLog, SeesEveryConnectOfThisProcess) {
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in discard{};
    discard.sin_family = AF_INET;
    discard.sin_port = htons(9);
    discard.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    begin_connect_log();
    ::connect(socket, reinterpret_cast<const sockaddr*>(&discard), sizeof discard);
    ::close(socket);

    EXPECT_EQ(connect_log(), std::vector<std::string>{"127.0.0.1:9"});
}

}  // namespace
}  // namespace fanfetch::testing
