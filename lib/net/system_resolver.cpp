#include "net/system_resolver.hpp"

#include <boost/asio/post.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

namespace fanfetch {
namespace {

/// The calling thread's resolver, which would complete names from resolv.conf's search list and
/// read HOSTALIASES.
bool ask_for_absolute_names_only() {
    if (::res_init() != 0) {
        return false;
    }
    _res.options &= ~static_cast<unsigned long>(RES_DNSRCH | RES_DEFNAMES);
    _res.options |= RES_NOALIASES;
    return true;
}

void append_address(const sockaddr* address, std::vector<IpAddress>& out) {
    if (address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        V4Bytes bytes{};
        std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
        out.emplace_back(bytes);
    } else if (address->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof v6);
        V6Bytes bytes{};
        std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
        out.emplace_back(bytes);
    }
}

Failure failure_of(int error) {
    switch (error) {
        case EAI_NONAME:
        case EAI_NODATA:
            return failed(failure_code::dns_nxdomain, "resolving the name: it has no address");
        default:
            return failed(
                failure_code::dns_failure,
                std::string{"resolving the name: "} + ::gai_strerror(error)
            );
    }
}

class SystemSource final : public NameSource {
public:
    SystemSource(LoopExecutor loop, Executor& threads)
        : threads_{threads}, door_{std::make_shared<Door>(loop)} {}
    SystemSource(const SystemSource&) = delete;
    SystemSource& operator=(const SystemSource&) = delete;
    ~SystemSource() override {
        const std::scoped_lock lock{door_->mutex};
        door_->open = false;
    }

    void ask(std::string name, Steady::time_point, OnAnswer on_answer) override;

private:
    /// How a worker gets back to the loop, for as long as there is one.
    struct Door {
        explicit Door(LoopExecutor to) : loop{to} {}

        std::mutex mutex;
        LoopExecutor loop;
        bool open = true;
    };

    Executor& threads_;
    std::shared_ptr<Door> door_;
};

void SystemSource::ask(std::string name, Steady::time_point, OnAnswer on_answer) {
    auto call = [name = std::move(name), door = door_, then = std::move(on_answer)]() mutable {
        auto answer = ask_system(name);
        const std::scoped_lock lock{door->mutex};
        if (!door->open) {
            return;
        }
        auto there = [door, answer = std::move(answer), then = std::move(then)]() mutable {
            if (door->open) {  // only ever closed by the loop's own thread
                then(std::move(answer), system_answer_ttl);
            }
        };
        boost::asio::post(door->loop, std::move(there));
    };
    static_cast<void>(threads_.submit(std::move(call)));
}

}  // namespace

Expected<Answer> ask_system(const std::string& name) {
    thread_local const bool prepared = ask_for_absolute_names_only();
    if (!prepared) {
        return failed(failure_code::dns_failure, "resolving the name: the resolver does not start");
    }
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;  // each address once
    addrinfo* list = nullptr;
    const int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &list);
    if (error != 0) {
        return failure_of(error);
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner{list, &::freeaddrinfo};
    Answer answer;
    for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
        append_address(one->ai_addr, answer.addresses);
    }
    return answer;
}

std::unique_ptr<Resolver> make_system_resolver(
    LoopExecutor loop, Executor& threads, const FlightOptions& options
) {
    return make_flight_resolver(loop, std::make_unique<SystemSource>(loop, threads), options);
}

}  // namespace fanfetch
