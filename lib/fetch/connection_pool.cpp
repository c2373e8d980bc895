#include "fetch/connection_pool.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace fanfetch {
namespace {

constexpr char policy_letter(tls_verify verify) noexcept {
    switch (verify) {
        case tls_verify::label:
            return 'l';
        case tls_verify::off:
            return 'o';
        case tls_verify::strict:
            break;
    }
    return 's';
}

}  // namespace

std::string ConnectionPool::key(const Url& url, tls_verify verify, std::string_view tenant) {
    std::string text;
    text.reserve(url.host().size() + tenant.size() + 10);
    text += url.https() ? policy_letter(verify) : 'p';
    text += url.host_header();
    text += ' ';
    text += tenant;
    return text;
}

std::unique_ptr<Connection> ConnectionPool::take(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) {
        return nullptr;
    }
    auto& stack = found->second;
    while (!stack.empty()) {
        const auto newest = stack.back();
        stack.pop_back();
        auto connection = std::move(newest->connection);
        idle_.erase(newest);
        if (still_quiet(*connection)) {
            return connection;
        }
    }
    return nullptr;
}

void ConnectionPool::put(
    const std::string& key, std::unique_ptr<Connection> connection, Steady::time_point now
) {
    const auto entry = by_key_.try_emplace(key).first;
    if (entry->second.size() >= limits_.most_per_key) {
        return;
    }
    idle_.push_back({std::move(connection), now, &entry->first});
    entry->second.push_back(std::prev(idle_.end()));
    if (idle_.size() > limits_.most) {
        drop(idle_.begin());
    }
}

std::size_t ConnectionPool::give_up(const IpAddress& address, std::size_t count) {
    std::size_t given_up = 0;
    for (auto one = idle_.begin(); one != idle_.end() && given_up < count;) {
        const auto next = std::next(one);
        if (one->connection->place.at(address)) {
            drop(one);
            ++given_up;
        }
        one = next;
    }
    return given_up;
}

void ConnectionPool::sweep(Steady::time_point now) {
    while (!idle_.empty() && now - idle_.front().since >= limits_.idle_limit) {
        drop(idle_.begin());
    }
    std::erase_if(by_key_, [](const auto& entry) { return entry.second.empty(); });
}

void ConnectionPool::clear() {
    by_key_.clear();
    idle_.clear();
}

void ConnectionPool::drop(Order::iterator one) {
    auto& stack = by_key_.find(*one->key)->second;
    stack.erase(std::ranges::find(stack, one));
    idle_.erase(one);
}

bool still_quiet(Connection& connection) {
    char byte = 0;
    const auto got = ::recv(connection.socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace fanfetch
