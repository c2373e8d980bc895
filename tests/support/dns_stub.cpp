#include "support/dns_stub.hpp"

#include "base/time.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <map>

namespace fanfetch::testing {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;
using UdpSocket = asio::basic_datagram_socket<udp, LoopExecutor>;
using TcpListener = asio::basic_socket_acceptor<tcp, LoopExecutor>;
using TcpStream = asio::basic_stream_socket<tcp, LoopExecutor>;
using Timer = asio::basic_waitable_timer<Steady, asio::wait_traits<Steady>, LoopExecutor>;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t largest_question = 512;

DnsMessage reply_with(
    const DnsQuestion& question, const std::vector<std::string>& addresses, std::chrono::seconds ttl
) {
    DnsMessage reply{question.name, question.type};
    for (const std::string& text : addresses) {
        const auto address = IpAddress::parse(text).value();
        if (address.v6() == (question.type == record_type::aaaa)) {
            reply.address(question.name, address, ttl);
        }
    }
    return reply;
}

}  // namespace

/// Shared with the handlers of the loop, which may outlive the stub by a turn.
struct DnsStub::State : std::enable_shared_from_this<State> {
    explicit State(LoopExecutor loop) : udp{loop}, listener{loop} {
        constexpr int tries = 50;  // the kernel's choice for one protocol may be taken in the other
        error_code taken{asio::error::address_in_use};
        for (int i = 0; taken && i < tries; ++i) {
            udp = UdpSocket{loop, asio::ip::udp::endpoint{asio::ip::address_v4::loopback(), 0}};
            listener = TcpListener{loop, tcp::v4()};
            listener.bind({asio::ip::address_v4::loopback(), udp.local_endpoint().port()}, taken);
        }
        error_code ignored;  // what is asked all at once finds more room, if the kernel has it
        udp.set_option(asio::socket_base::receive_buffer_size{1 << 20}, ignored);
        if (taken) {
            throw boost::system::system_error{taken, "finding a port for a name server"};
        }
        listener.listen();
    }

    UdpSocket udp;
    TcpListener listener;
    std::array<std::uint8_t, largest_question> datagram{};
    udp::endpoint sender;
    std::map<std::string, Script, std::less<>> scripts;
    std::map<std::string, std::vector<std::string>, std::less<>> over_tcp;
    std::optional<std::vector<std::string>> others;
    std::chrono::milliseconds late{0};
    std::vector<DnsQuestion> asked;

    struct Unanswered {
        DnsQuestion question;
        udp::endpoint asker;
    };
    std::vector<Unanswered> unanswered;  // over UDP

    void send(const Bytes& reply, const udp::endpoint& to) {
        if (late == std::chrono::milliseconds{0}) {
            send_now(reply, to);
            return;
        }
        auto timer = std::make_shared<Timer>(udp.get_executor());
        timer->expires_after(late);
        timer->async_wait([self = shared_from_this(), timer, reply, to](const error_code& error) {
            if (!error && self->udp.is_open()) {
                self->send_now(reply, to);
            }
        });
    }

    void send_now(const Bytes& reply, const udp::endpoint& to) {
        error_code ignored;  // a reply that is lost is the resolver's to ask for again
        udp.send_to(asio::buffer(reply), to, 0, ignored);
    }

    void receive() {
        auto received = [self = shared_from_this()](const error_code& error, std::size_t size) {
            if (error) {
                return;
            }
            if (const auto reply = self->reply_to({self->datagram.data(), size}, false)) {
                self->send(*reply, self->sender);
            } else {
                self->unanswered.push_back({self->asked.back(), self->sender});
            }
            self->receive();
        };
        udp.async_receive_from(asio::buffer(datagram), sender, std::move(received));
    }

    void accept() {
        auto accepted = [self = shared_from_this()](const error_code& error, TcpStream stream) {
            if (error) {
                return;
            }
            self->serve(std::make_shared<TcpStream>(std::move(stream)));
            self->accept();
        };
        listener.async_accept(std::move(accepted));
    }

    void serve(std::shared_ptr<TcpStream> stream) {
        const auto bytes = std::make_shared<Bytes>(2);
        auto sized = [self = shared_from_this(), stream,
                      bytes](const error_code& error, std::size_t) {
            if (error) {
                return;
            }
            bytes->resize(static_cast<std::size_t>((*bytes)[0] << 8U | (*bytes)[1]));
            auto read = [self, stream, bytes](const error_code& cut, std::size_t) {
                if (!cut) {
                    self->reply_over(*stream, *bytes);
                    self->serve(stream);
                }
            };
            asio::async_read(*stream, asio::buffer(*bytes), std::move(read));
        };
        asio::async_read(*stream, asio::buffer(*bytes), std::move(sized));
    }

    void reply_over(TcpStream& stream, const Bytes& question) {
        if (auto reply = reply_to(question, true)) {
            reply->insert(
                reply->begin(), {static_cast<std::uint8_t>(reply->size() >> 8U),
                                 static_cast<std::uint8_t>(reply->size())}
            );
            error_code ignored;
            asio::write(stream, asio::buffer(*reply), ignored);
        }
    }

    std::optional<Bytes> reply_to(std::span<const std::uint8_t> message, bool tcp_asked) {
        const DnsQuestion question = read_question(message);
        asked.push_back(question);
        std::optional<DnsMessage> reply;
        if (const auto large = over_tcp.find(question.name); large != over_tcp.end()) {
            reply = DnsMessage{question.name, question.type}.truncated();
            if (tcp_asked) {
                reply = reply_with(question, large->second, std::chrono::seconds{60});
            }
        } else if (const auto script = scripts.find(question.name); script != scripts.end()) {
            reply = script->second(question);
        } else if (others) {
            reply = reply_with(question, *others, default_ttl);
        } else {
            reply = DnsMessage{question.name, question.type}.status(DnsMessage::code::no_such_name);
        }
        if (!reply) {
            return std::nullopt;
        }
        return reply->has_id() ? reply->bytes() : reply->id(question.id).bytes();
    }
};

DnsStub::DnsStub(LoopExecutor loop) : state_{std::make_shared<State>(loop)} {
    state_->receive();
    state_->accept();
}

DnsStub::~DnsStub() {
    state_->udp.close();
    state_->listener.close();
}

void DnsStub::answer(
    std::string name, std::vector<std::string> addresses, std::chrono::seconds ttl
) {
    script(std::move(name), [addresses = std::move(addresses), ttl](const DnsQuestion& question) {
        return std::optional{reply_with(question, addresses, ttl)};
    });
}

void DnsStub::silence(std::string name) {
    script(std::move(name), [](const DnsQuestion&) { return std::nullopt; });
}

void DnsStub::break_silence(const std::string& name, std::vector<std::string> addresses) {
    for (const auto& [question, asker] : state_->unanswered) {
        if (question.name == name) {
            auto reply = reply_with(question, addresses, default_ttl);
            state_->send(reply.id(question.id).bytes(), asker);
        }
    }
    answer(name, std::move(addresses));
}

void DnsStub::fail(std::string name, DnsMessage::code code) {
    script(std::move(name), [code](const DnsQuestion& question) {
        return std::optional{DnsMessage{question.name, question.type}.status(code)};
    });
}

void DnsStub::truncate(std::string name, std::vector<std::string> addresses) {
    state_->over_tcp[std::move(name)] = std::move(addresses);
}

void DnsStub::script(std::string name, Script script) {
    state_->scripts[std::move(name)] = std::move(script);
}

void DnsStub::answer_others(std::vector<std::string> addresses) {
    state_->others = std::move(addresses);
}

void DnsStub::delay(std::chrono::milliseconds time) {
    state_->late = time;
}

std::string DnsStub::server() const {
    return "127.0.0.1:" + std::to_string(state_->udp.local_endpoint().port());
}

const std::vector<DnsQuestion>& DnsStub::asked() const {
    return state_->asked;
}

std::size_t DnsStub::times_asked(const std::string& name, record_type type) const {
    return static_cast<std::size_t>(std::ranges::count_if(state_->asked, [&](const auto& question) {
        return question.name == name && question.type == type;
    }));
}

}  // namespace fanfetch::testing
