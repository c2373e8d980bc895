#include "http/server.hpp"

#include "coro/owed_completion.hpp"
#include "future/errors.hpp"
#include "http/listener.hpp"
#include "http/session_shard.hpp"
#include "http/session_tls_wire.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <cassert>
#include <deque>

namespace fanfetch {

namespace asio = boost::asio;

/// Lives on the first shard, called home here; what it wants of another shard it posts there.
class HttpServer::Impl {
public:
    Impl(std::vector<LoopExecutor> shards, HttpHandler handler, ServerOptions options);
    ~Impl() { assert(!accepting_ && orders_ == 0); }
    Impl(const Impl&) = delete;

    Expected<Listener::Endpoint> listen(const Listener::Endpoint& address);
    void drain();
    awaitable<void> shutdown(std::chrono::milliseconds grace);
    [[nodiscard]] std::size_t open() const noexcept { return regular_ + overflow_; }

private:
    using Order = void (SessionShard::*)();
    using Timer = asio::basic_waitable_timer<Steady, asio::wait_traits<Steady>, LoopExecutor>;

    void accept_all();
    void accept(TcpSocket socket, const Listener::Endpoint& peer, session_kind kind);
    [[nodiscard]] std::unique_ptr<Wire> make_wire(TcpSocket socket) const;
    void adopt(SessionShard& shard, TcpSocket socket, std::string peer);
    [[nodiscard]] SessionPlace place(session_kind kind);
    void adopt_overflow(TcpSocket socket, std::string peer);
    void ended(session_kind kind);
    void order(Order what);
    awaitable<void> wait_until_quiet(Steady::time_point deadline);

    [[nodiscard]] SessionShard& home() noexcept { return shards_.front(); }
    [[nodiscard]] bool quiet() const noexcept {
        return !accepting_ && orders_ == 0 && quiet_shards_ == shards_.size();
    }

    HttpHandler handler_;
    ServerOptions options_;
    SessionPlace::GiveBack ended_ = [this](session_kind kind) { ended(kind); };
    std::deque<SessionShard> shards_;
    Listener listener_;
    Timer changed_;  // cancelled when what quiet() looks at changes
    std::size_t next_shard_ = 0;
    std::size_t orders_ = 0;  // posted to shards and not yet reported done
    std::size_t quiet_shards_ = 0;
    bool accepting_ = false;
    std::atomic<std::size_t> regular_{0};
    std::atomic<std::size_t> overflow_{0};
    std::shared_ptr<const Impl*> alive_ = std::make_shared<const Impl*>(this);
};

HttpServer::Impl::Impl(std::vector<LoopExecutor> shards, HttpHandler handler, ServerOptions options)
    : handler_{std::move(handler)},
      options_{std::move(options)},
      listener_{
          shards.at(0),
          {.next_loop = [this] { return shards_[next_shard_].executor(); },
           .accepted = [this](
                           TcpSocket socket, const Listener::Endpoint& peer, session_kind kind
                       ) { accept(std::move(socket), peer, kind); },
           .exhausted = [this] { home().make_room(); }}},
      changed_{shards.at(0)} {
    for (const auto& executor : shards) {
        auto quiet = [this] {
            asio::post(home().executor(), [this] {
                ++quiet_shards_;
                changed_.cancel();
            });
        };
        shards_.emplace_back(executor, options_, handler_, std::move(quiet));
    }
}

Expected<Listener::Endpoint> HttpServer::Impl::listen(const Listener::Endpoint& address) {
    auto bound = listener_.open(address);
    if (bound) {
        accept_all();
    }
    return bound;
}

/// Until the listener is closed: what ends it before is no reason to hear nobody any more.
void HttpServer::Impl::accept_all() {
    accepting_ = true;
    auto ended = [this, alive = std::weak_ptr{alive_}](const std::exception_ptr& error) {
        if (alive.expired()) {
            return;
        }
        if (error) {
            report_error("accepting connections", error);
        }
        if (listener_.is_open()) {
            asio::post(home().executor(), [this] { accept_all(); });
        } else {
            accepting_ = false;
            changed_.cancel();
        }
    };
    OwedCompletion owed{home().executor(), std::move(ended)};
    asio::co_spawn(home().executor(), listener_.run(), std::move(owed));
}

void HttpServer::Impl::accept(TcpSocket socket, const Listener::Endpoint& peer, session_kind kind) {
    auto address = peer.address().to_string();
    auto& shard = shards_[next_shard_];
    if (kind == session_kind::overflow || regular_ >= options_.limits.max_connections) {
        adopt_overflow(std::move(socket), std::move(address));
        return;
    }
    next_shard_ = (next_shard_ + 1) % shards_.size();
    adopt(shard, std::move(socket), std::move(address));
}

std::unique_ptr<Wire> HttpServer::Impl::make_wire(TcpSocket socket) const {
    if (options_.tls != nullptr) {
        return std::make_unique<TlsWire>(std::move(socket), *options_.tls);
    }
    return std::make_unique<TcpWire>(std::move(socket));
}

void HttpServer::Impl::adopt(SessionShard& shard, TcpSocket socket, std::string peer) {
    auto place = this->place(session_kind::regular);
    auto wire = make_wire(std::move(socket));
    if (&shard == &home()) {
        shard.adopt(std::move(wire), std::move(peer), std::move(place));
        return;
    }
    auto hand_over = [&shard, wire = std::move(wire), peer = std::move(peer),
                      place = std::move(place)]() mutable {
        shard.adopt(std::move(wire), std::move(peer), std::move(place));
    };
    asio::post(shard.executor(), std::move(hand_over));
}

void HttpServer::Impl::adopt_overflow(TcpSocket socket, std::string peer) {
    if (socket.get_executor() != home().executor()) {
        boost::system::error_code error;
        const auto protocol = socket.local_endpoint(error).protocol();
        const auto descriptor = socket.release(error);
        socket = TcpSocket{home().executor(), protocol, descriptor};
    }
    auto place = this->place(session_kind::overflow);
    home().adopt(make_wire(std::move(socket)), std::move(peer), std::move(place));
}

SessionPlace HttpServer::Impl::place(session_kind kind) {
    ++(kind == session_kind::regular ? regular_ : overflow_);
    return {ended_, kind};
}

void HttpServer::Impl::ended(session_kind kind) {
    if (kind == session_kind::regular) {
        --regular_;
        return;
    }
    --overflow_;  // on the first shard, like all of them
    listener_.refill_reserve();
}

void HttpServer::Impl::order(Order what) {
    for (auto& shard : shards_) {
        ++orders_;
        asio::post(shard.executor(), [this, &shard, what] {
            (shard.*what)();
            asio::post(home().executor(), [this] {
                --orders_;
                changed_.cancel();
            });
        });
    }
}

void HttpServer::Impl::drain() {
    asio::post(home().executor(), [this] { order(&SessionShard::drain); });
}

awaitable<void> HttpServer::Impl::shutdown(std::chrono::milliseconds grace) {
    const auto deadline = saturating_add(Steady::now(), grace);
    listener_.close();
    order(&SessionShard::stop);
    co_await wait_until_quiet(deadline);
    if (!quiet()) {
        order(&SessionShard::cancel);
        co_await wait_until_quiet(Steady::time_point::max());
    }
}

awaitable<void> HttpServer::Impl::wait_until_quiet(Steady::time_point deadline) {
    while (!quiet() && Steady::now() < deadline) {
        changed_.expires_at(deadline);
        co_await changed_.async_wait(no_throw);
    }
}

ServerMetrics ServerMetrics::make(MetricRegistry& registry) {
    return {registry.counter(
        {"fanfetch_api_answers_total",
         "Answers to clients by the class of their status.",
         {{"status", {"1xx", "2xx", "3xx", "4xx", "5xx"}}}}
    )};
}

HttpServer::HttpServer(std::vector<LoopExecutor> shards, HttpHandler handler, ServerOptions options)
    : impl_{std::make_unique<Impl>(std::move(shards), std::move(handler), std::move(options))} {}

HttpServer::~HttpServer() = default;

Expected<Listener::Endpoint> HttpServer::listen(const Listener::Endpoint& address) {
    return impl_->listen(address);
}

void HttpServer::drain() {
    impl_->drain();
}

awaitable<void> HttpServer::shutdown(std::chrono::milliseconds grace) {
    return impl_->shutdown(grace);
}

std::size_t HttpServer::open_connections() const noexcept {
    return impl_->open();
}

}  // namespace fanfetch
