#pragma once

#include "http/server_types.hpp"
#include "http/session_io.hpp"

#include <boost/asio/basic_waitable_timer.hpp>

#include <functional>
#include <optional>
#include <vector>

namespace fanfetch {

/// Notices that a client went away while its request is being answered, by reading ahead.
///
/// Costs nothing until somebody asks. What arrives meanwhile is the next request and stays in the
/// buffer; once that holds `most_ahead` bytes, watching ends and only writing can still tell.
///
/// Threads  the session's shard
class SessionWatch final : public ClientWatch {
public:
    static constexpr std::size_t most_ahead = SessionBuffer::body_bytes;

    SessionWatch(SessionIo& io, LoopExecutor executor) : io_{io}, executor_{executor} {}

    void on_client_gone(std::function<void()> callback) override;
    void on_ending(std::function<void()> callback) override;

    /// At either: for streams, which would keep the session alive.
    void on_gone_or_ending(std::function<void()> callback);

    /// Watch even if nobody asked to be called.
    void want();

    /// Reading ahead may begin: the request's body has been read to its end.
    void body_ended();

    void report_gone();
    void report_ending();

    [[nodiscard]] bool gone() const noexcept { return gone_; }
    [[nodiscard]] bool gone_or_ending() const noexcept { return gone_ || ending_; }

    /// Whoever asked has ended.
    void forget_callbacks() noexcept { callbacks_.clear(); }

    /// Gives the connection back for reading.
    awaitable<void> end();

    /// Callbacks last no longer than the scope of this.
    class Scope {
    public:
        explicit Scope(SessionWatch& watch) noexcept : watch_{watch} {}
        ~Scope() { watch_.forget_callbacks(); }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

    private:
        SessionWatch& watch_;
    };

private:
    using Timer =
        boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>;

    struct Callback {
        std::function<void()> call;
        bool when_gone = false;
        bool when_ending = false;
    };

    void report(bool Callback::*event);
    void read_ahead();

    SessionIo& io_;
    LoopExecutor executor_;
    std::vector<Callback> callbacks_;
    std::optional<Timer> idle_;  // cancelled when no read is in progress any more
    bool wanted_ = false;
    bool may_read_ = false;
    bool reading_ = false;
    bool returning_ = false;  // end() waits for the read in progress
    bool ending_ = false;
    bool gone_ = false;
};

}  // namespace fanfetch
