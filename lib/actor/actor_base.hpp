#pragma once

#include "actor/address.hpp"
#include "actor/cell.hpp"
#include "actor/messages.hpp"
#include "actor/post.hpp"
#include "future/time_limit.hpp"

#include <any>
#include <utility>

namespace fanfetch {

/// What every actor can do, whatever messages it takes; see Actor.
///
/// Errors   the constructor throws InvalidStateError outside `create`: an actor without an address
///          is none
/// Threads  the actor's strand: its constructor, handlers and destructor
class ActorBase {
public:
    ActorBase(const ActorBase&) = delete;
    ActorBase& operator=(const ActorBase&) = delete;
    virtual ~ActorBase() = default;

protected:
    ActorBase();

    [[nodiscard]] Address self() const { return cell_.address(); }

    /// Puts the message into the receiver's mailbox; never blocks, never runs a handler, not even
    /// one's own. The receiver sees `from` as the sender: this actor, or on whose behalf it sends.
    template <class M>
    delivery send(const Address& to, M&& message) {
        return detail::send(*cell_.core(), to, std::forward<M>(message), self());
    }
    template <class M>
    delivery send(const Address& to, M&& message, const Address& from) {
        return detail::send(*cell_.core(), to, std::forward<M>(message), from);
    }

    /// Makes a child. Its constructor runs on its own strand, later; the address is good at once.
    template <class A, class... Args>
    Address create(Args&&... args) {
        auto child =
            detail::create<A>(cell_.core(), detail::CellPtr{&cell_}, std::forward<Args>(args)...);
        cell_.add_child(child);
        return child;
    }

    void wake_up_after(TimeLimit delay, std::any payload);

private:
    friend class detail::Cell;

    /// Handles the letter's message. False when it is of a type that the actor does not take.
    [[nodiscard]] virtual bool take(detail::EnvelopePtr& letter) = 0;

    detail::Cell& cell_;  ///< it owns us
};

}  // namespace fanfetch
