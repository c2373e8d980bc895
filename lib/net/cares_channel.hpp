#pragma once

#include "base/expected.hpp"
#include "coro/loop.hpp"
#include "net/dns_reply.hpp"
#include "net/ip_address.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

struct ares_channeldata;

namespace fanfetch {

/// How to reach the name servers.
struct ChannelOptions {
    std::vector<IpEndpoint> servers{};          ///< empty: those of /etc/resolv.conf
    std::chrono::milliseconds patience{5'000};  ///< for all tries of one question
};

/// c-ares on a loop: questions go out, replies come in, nothing blocks.
///
/// c-ares sends what it is told and nothing else: no search list, no aliases, no hosts file, and no
/// sorting, for which it would connect a socket to every answer. The environment (LOCALDOMAIN,
/// RES_OPTIONS, HOSTALIASES) changes nothing. Time-outs are noticed when `tick` is called.
///
/// Errors   of make: internal
/// Threads  the loop; it may be destroyed with questions open, whose callbacks then run
/// Source   c-ares 1.18, ares_init_options(3), ares_query(3)
class CaresChannel {
public:
    using OnReply = std::function<void(DnsReply)>;

    [[nodiscard]] static Expected<std::unique_ptr<CaresChannel>> make(
        LoopExecutor loop, const ChannelOptions& options
    );
    ~CaresChannel();
    CaresChannel(const CaresChannel&) = delete;
    CaresChannel& operator=(const CaresChannel&) = delete;

    /// Asks for one record of an absolute name. `on_reply` is called once, perhaps inside this
    /// call.
    void ask(const std::string& name, record_type type, OnReply on_reply);

    /// Whether a question is open, its asker still interested or not.
    [[nodiscard]] bool busy() const noexcept { return open_ != 0; }

    /// Lets c-ares repeat or give up what is overdue.
    void tick();

private:
    struct Watch;
    struct Link;
    struct Question;

    explicit CaresChannel(LoopExecutor loop);

    static void on_answer(
        void* question, int status, int repeats, unsigned char* message, int size
    );
    static void on_socket(void* self, int socket, int readable, int writable);
    void watch(int socket, bool readable, bool writable);
    void await_read(const std::shared_ptr<Watch>& watch);
    void await_write(const std::shared_ptr<Watch>& watch);

    LoopExecutor loop_;
    ares_channeldata* channel_ = nullptr;
    std::size_t open_ = 0;
    std::vector<std::shared_ptr<Watch>> watches_;
    std::shared_ptr<Link> link_;  // what outlives this object in the loop's queue
};

}  // namespace fanfetch
