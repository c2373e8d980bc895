#pragma once

#include "redis/push.hpp"

#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace fanfetch::redis {

/// What was asked of the server, in order, and what it has confirmed: pure, bytes are only made.
///
/// A server answers commands in their order. An answer that is not the one due is a protocol error.
/// The set of subscriptions changes when the server confirms, not when it is asked to. On a new
/// connection the set is subscribed to again and what was not answered is asked again, in order.
///
/// Threads  its owner's
class Conversation {
public:
    /// Hears the end of one command: null, or why it did not happen. Called once, unless it goes
    /// with the conversation.
    using Answered = std::function<void(const std::exception_ptr& error)>;

    /// Notes a command and gives its bytes. `names` are one batch of `command_batches`.
    [[nodiscard]] std::string ask(verb command, std::vector<std::string> names, Answered answered);

    /// The bytes a new connection begins with.
    [[nodiscard]] std::string begin_again();

    /// Whether this connection has all subscriptions of the one before.
    [[nodiscard]] bool restored() const noexcept { return restoring_ == 0; }

    /// Errors  ProtocolError when nothing like it is due
    void answer(const Confirmed& confirmed);
    void answer(const Pong&);
    void answer(const Ok&);
    /// Errors  CommandRefused when it is a subscription of the connection before that is refused,
    ///         ConnectionLost when nothing was asked: it is the server's farewell
    void answer(const Refusal& refusal);

    /// Answers everything with `error`; nothing is due any more.
    void abandon(const std::exception_ptr& error);

    [[nodiscard]] const std::set<std::string>& channels() const noexcept { return channels_; }
    [[nodiscard]] const std::set<std::string>& patterns() const noexcept { return patterns_; }

private:
    struct Due {
        verb command{};
        std::vector<std::string> names;
        Answered answered;          ///< empty: nobody asked, we restore a subscription
        std::size_t confirmed = 0;  ///< of the names
    };

    void note(const Confirmed& confirmed);
    void settle_front(const std::exception_ptr& error);
    void settle_simple(verb command);
    [[nodiscard]] std::string restore(verb command, const std::set<std::string>& names);

    std::deque<Due> due_;
    std::size_t restoring_ = 0;  ///< of the commands due, those in front that restore
    std::set<std::string> channels_;
    std::set<std::string> patterns_;
};

}  // namespace fanfetch::redis
