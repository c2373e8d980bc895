#pragma once

#include "actor/actor_base.hpp"
#include "actor/address.hpp"
#include "actor/messages.hpp"

#include <concepts>
#include <functional>
#include <optional>
#include <tuple>
#include <utility>

namespace fanfetch {

namespace detail {

/// The duty to handle messages of one type, and what stands in for the handler meanwhile.
template <class M>
class Receives {
public:
    virtual ~Receives() = default;

    /// Handles a message. `from` is where an answer goes; nobody's, if it was sent from outside.
    virtual void receive(M message, Address from) = 0;

protected:
    using Behaviour = std::function<void(M, Address)>;

    void replace(Behaviour next) { next_ = std::move(next); }
    void settle() {
        if (next_) {
            behaviour_ = *std::exchange(next_, std::nullopt);
        }
    }
    void forget() { next_.reset(); }

    void perform(M message, const Address& from) {
        if (behaviour_) {
            behaviour_(std::move(message), from);
            return;
        }
        receive(std::move(message), from);
    }

private:
    Behaviour behaviour_;            ///< empty: `receive`
    std::optional<Behaviour> next_;  ///< for the next message
};

}  // namespace detail

/// Something with an address that handles messages, one at a time, in the order they arrive.
///
///     struct Greeter : Actor<std::string, Ping> {
///         void receive(std::string name, Address from) override { send(from, "Hello " + name); }
///         void receive(Ping, Address from) override { send(from, Pong{}); }
///     };
///
/// In reply to a message it may send messages, create actors and change its behaviour for the next
/// message; it shares nothing else with anybody. `Ms` are the types of message it takes; one of
/// another type is a dead letter. What the system has to tell (ChildExited, Poison, Wakeup,
/// ExitRequest) is among them if the actor wants to hear it. Otherwise a child's end and the
/// request to exit go by unheard, a message that came back goes to the error logger.
///
/// A static member `mailbox_capacity` bounds how many messages may wait; a sender is told when
/// there is no room. What the system has to tell always finds room.
///
/// A handler must not block for long: it holds a thread of the pool, or a whole loop.
///
/// Errors   a handler that throws is tried once more with the same message, unless its type says
///          otherwise (`retried`); what it has sent stands, what it would have become does not.
///          After a second throw the sender gets Poison, or the error logger if there is none, and
///          the next message is handled
/// Threads  constructor, handlers and destructor run on the actor's strand
/// Source   Thespian's actor model; the differences are in README.md
template <class... Ms>
class Actor : public ActorBase, public detail::Receives<Ms>... {
public:
    using detail::Receives<Ms>::receive...;

protected:
    /// From the next message on, messages of type `M` go to `behaviour(M, Address)`.
    template <class M, class Fn>
    void become(Fn behaviour) {
        static_assert(takes<M>, "the actor does not take messages of this type");
        detail::Receives<M>::replace(std::move(behaviour));
        changed_ = true;
    }
    /// As above, with another method of the actor: `become(&Greeter::sulk)`.
    template <class A, class M>
    void become(void (A::*behaviour)(M, Address)) {
        become<M>([actor = static_cast<A*>(this), behaviour](M message, Address from) {
            (actor->*behaviour)(std::move(message), std::move(from));
        });
    }
    /// From the next message on, messages of type `M` go to `receive` again.
    template <class M>
    void unbecome() {
        detail::Receives<M>::replace(nullptr);
        changed_ = true;
    }

    /// Sends this actor a Wakeup with the payload when the time has passed, or a little later.
    /// Those that are not due when the actor ends are dropped. No limit: there is none.
    void wakeup_after(TimeLimit delay, std::any payload = {}) {
        static_assert(takes<Wakeup>, "the actor does not take a Wakeup");
        wake_up_after(delay, std::move(payload));
    }

private:
    template <class M>
    static constexpr bool takes = (std::same_as<M, Ms> || ...);

    bool take(detail::EnvelopePtr& letter) final {
        if (changed_) {
            (detail::Receives<Ms>::settle(), ...);
            changed_ = false;
        }
        try {
            return (take_as<Ms>(*letter) || ...);
        } catch (...) {
            (detail::Receives<Ms>::forget(), ...);
            changed_ = false;
            throw;
        }
    }

    template <class M>
    bool take_as(detail::Envelope& letter) {
        auto* const message = letter.get_if<M>();
        if (message == nullptr) {
            return false;
        }
        if constexpr (retried<M>) {
            detail::Receives<M>::perform(M(std::as_const(*message)), letter.from());
        } else {
            detail::Receives<M>::perform(std::move(*message), letter.from());
        }
        return true;
    }

    bool changed_ = false;
};

}  // namespace fanfetch
