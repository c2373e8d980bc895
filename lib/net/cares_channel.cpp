#include "net/cares_channel.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <arpa/nameser.h>

#include <ares.h>

#include <algorithm>
#include <cstring>

namespace fanfetch {
namespace {

namespace asio = boost::asio;
using Descriptor = asio::posix::basic_stream_descriptor<LoopExecutor>;

/// Of the patience, what the first try gets; c-ares doubles it for the second, and so both fit.
constexpr double first_try_share = 0.3;
constexpr int tries = 2;

/// Room for the answers of one loop turn: a datagram takes about a kilobyte of it, and one that
/// finds no room is asked for again only much later. The kernel may grant less.
constexpr int receive_buffer = 1 << 20;

int set_servers(ares_channel channel, const std::vector<IpEndpoint>& servers) {
    std::vector<ares_addr_port_node> nodes(servers.size());
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const auto bytes = servers[i].address.bytes();
        nodes[i].next = i + 1 < nodes.size() ? &nodes[i + 1] : nullptr;
        nodes[i].family = servers[i].address.v6() ? AF_INET6 : AF_INET;
        nodes[i].udp_port = servers[i].port;
        nodes[i].tcp_port = servers[i].port;
        std::memcpy(&nodes[i].addr, bytes.data(), bytes.size());
    }
    return nodes.empty() ? ARES_SUCCESS : ::ares_set_servers_ports(channel, nodes.data());
}

}  // namespace

/// A socket of c-ares's, which opens and closes it; we only wait for it.
struct CaresChannel::Watch {
    Watch(LoopExecutor loop, int fd) : socket{fd}, descriptor{loop, fd} {}

    int socket;
    Descriptor descriptor;
    bool wants_read = false;
    bool wants_write = false;
    bool awaits_read = false;
    bool awaits_write = false;
    bool closed = false;
};

/// What c-ares keeps of us until it has an answer.
struct CaresChannel::Question {
    CaresChannel& channel;
    record_type type;
    OnReply on_reply;
};

struct CaresChannel::Link {
    CaresChannel* channel;
};

CaresChannel::CaresChannel(LoopExecutor loop)
    : loop_{loop}, link_{std::make_shared<Link>(Link{this})} {}

CaresChannel::~CaresChannel() {
    ::ares_destroy(channel_);  // closes its sockets, which empties watches_
    link_->channel = nullptr;
}

Expected<std::unique_ptr<CaresChannel>> CaresChannel::make(
    LoopExecutor loop, const ChannelOptions& options
) {
    static const int library = ::ares_library_init(ARES_LIB_INIT_ALL);
    std::unique_ptr<CaresChannel> made{new CaresChannel{loop}};

    // Whatever is set here is neither read from resolv.conf nor from the environment.
    std::string lookups = "b";
    ares_options settings{};
    settings.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
    settings.timeout = std::max(
        1, static_cast<int>(static_cast<double>(options.patience.count()) * first_try_share)
    );
    settings.tries = tries;
    settings.ndots = 1;
    settings.ndomains = 0;
    settings.lookups = lookups.data();
    settings.socket_receive_buffer_size = receive_buffer;
    settings.sock_state_cb = &CaresChannel::on_socket;
    settings.sock_state_cb_data = made.get();
    const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
                     ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB |
                     ARES_OPT_SOCK_RCVBUF | ARES_OPT_NOROTATE;
    int status = library;
    if (status == ARES_SUCCESS) {
        status = ::ares_init_options(&made->channel_, &settings, mask);
    }
    if (status == ARES_SUCCESS) {
        status = set_servers(made->channel_, options.servers);
    }
    if (status != ARES_SUCCESS) {
        return failed(
            failure_code::internal, std::string{"starting the resolver: "} + ::ares_strerror(status)
        );
    }
    return made;
}

void CaresChannel::ask(const std::string& name, record_type type, OnReply on_reply) {
    auto question = std::make_unique<Question>(Question{*this, type, std::move(on_reply)});
    ++open_;
    ::ares_query(
        channel_, name.c_str(), ns_c_in, type == record_type::a ? ns_t_a : ns_t_aaaa,
        &CaresChannel::on_answer, question.release()
    );
}

void CaresChannel::on_answer(void* argument, int status, int, unsigned char* message, int size) {
    const std::unique_ptr<Question> question{static_cast<Question*>(argument)};
    --question->channel.open_;
    if (status != ARES_SUCCESS) {
        question->on_reply(reply_of_error(status));
        return;
    }
    question->on_reply(read_reply(question->type, {message, static_cast<std::size_t>(size)}));
}

void CaresChannel::tick() {
    ::ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

void CaresChannel::on_socket(void* self, int socket, int readable, int writable) {
    static_cast<CaresChannel*>(self)->watch(socket, readable != 0, writable != 0);
}

void CaresChannel::watch(int socket, bool readable, bool writable) {
    auto found = std::ranges::find(watches_, socket, [](const auto& one) { return one->socket; });
    if (!readable && !writable) {
        if (found != watches_.end()) {
            (*found)->closed = true;
            (*found)->descriptor.release();  // c-ares closes it when we return
            watches_.erase(found);
        }
        return;
    }
    if (found == watches_.end()) {
        found = watches_.insert(found, std::make_shared<Watch>(loop_, socket));
    }
    const auto watch = *found;
    watch->wants_read = readable;
    watch->wants_write = writable;
    await_read(watch);
    await_write(watch);
}

void CaresChannel::await_read(const std::shared_ptr<Watch>& watch) {
    if (watch->closed || !watch->wants_read || watch->awaits_read) {
        return;
    }
    watch->awaits_read = true;
    auto ready = [link = link_, watch](const boost::system::error_code& error) {
        watch->awaits_read = false;
        if (error || watch->closed || link->channel == nullptr) {
            return;
        }
        ::ares_process_fd(link->channel->channel_, watch->socket, ARES_SOCKET_BAD);
        link->channel->await_read(watch);
    };
    watch->descriptor.async_wait(Descriptor::wait_read, std::move(ready));
}

void CaresChannel::await_write(const std::shared_ptr<Watch>& watch) {
    if (watch->closed || !watch->wants_write || watch->awaits_write) {
        return;
    }
    watch->awaits_write = true;
    auto ready = [link = link_, watch](const boost::system::error_code& error) {
        watch->awaits_write = false;
        if (error || watch->closed || link->channel == nullptr) {
            return;
        }
        ::ares_process_fd(link->channel->channel_, ARES_SOCKET_BAD, watch->socket);
        link->channel->await_write(watch);
    };
    watch->descriptor.async_wait(Descriptor::wait_write, std::move(ready));
}

}  // namespace fanfetch
