#pragma once

#include "actor/actor.hpp"
#include "actor/address.hpp"
#include "actor/ask.hpp"
#include "actor/messages.hpp"
#include "actor/post.hpp"
#include "coro/loop.hpp"
#include "executor/thread_pool_executor.hpp"
#include "future/future.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace fanfetch {

struct ActorSystemOptions {
    /// Most messages that wait for an actor which does not say itself; none: no bound.
    std::optional<std::size_t> mailbox_capacity{};
    DeadLetterHandler on_dead_letter{};  ///< none: they are counted
    ThreadPoolOptions pool{};            ///< of the system's own pool, if it has one
};

/// A family of actors, and the outside world's way to them.
///
/// Actors run on a pool of the system's own, on a given one, or on given loops; each keeps to one
/// of these. Pool and loops are not owned: they take work until the shutdown is over.
///
/// The destructor is `shutdown`. It is not for the system's own actors, nor for a loop's thread
/// before `begin_shutdown` was awaited there.
///
/// Errors   std::invalid_argument when there are no loops
/// Threads  any thread
class ActorSystem {
public:
    explicit ActorSystem(ActorSystemOptions options = {});
    explicit ActorSystem(Executor& pool, ActorSystemOptions options = {});
    explicit ActorSystem(const std::vector<LoopExecutor>& loops, ActorSystemOptions options = {});
    ActorSystem(const ActorSystem&) = delete;
    ActorSystem& operator=(const ActorSystem&) = delete;
    ~ActorSystem();

    /// Makes an actor without a parent: `create<Greeter>("Anna")`. Its constructor is given copies
    /// of the arguments, as std::thread's callable is, later and on its own strand; the address is
    /// good at once. What the constructor throws goes to the error logger.
    ///
    /// Errors   ExecutorShutdown once the shutdown has begun
    template <class A, class... Args>
    Address create(Args&&... args) {
        return detail::create<A>(core_, nullptr, std::forward<Args>(args)...);
    }

    /// Puts the message into the actor's mailbox; never blocks, never runs a handler. Messages of
    /// one thread to one actor arrive in the order they were sent.
    template <class M>
    delivery send(const Address& to, M&& message, const Address& from = {}) {
        return detail::send(*core_, to, std::forward<M>(message), from);
    }

    /// Sends the message and gives a future of the first message that comes back, from whomever:
    /// the sender's address may have been passed on. Later ones are dead letters. The future may be
    /// cancelled, which tells nobody but counts as an answer.
    ///
    /// In a handler, do not wait for it: the actor that has to answer may need this very thread.
    ///
    /// Errors   in the future: TimeoutError; Poison when a handler failed; UnexpectedReply; at once
    ///          NotDelivered when the actor has ended or has no room; CancelledError when the
    ///          system ends first
    template <class Reply, class M>
    [[nodiscard]] Future<Reply> ask(
        const Address& to, M&& message, TimeLimit timeout = std::nullopt
    ) {
        static_assert(std::is_object_v<Reply>, "a reply is a message, and so a value");
        const boost::intrusive_ptr ask{new detail::Ask<Reply>{core_}};
        detail::EnvelopePtr letter = std::make_unique<detail::EnvelopeOf<MessageOf<M>>>(
            detail::AddressAccess::make(*ask), std::forward<M>(message)
        );
        auto future = ask->future();
        post_request(*ask, to, std::move(letter), timeout);
        return future;
    }

    /// Actors that have been created and have not ended.
    [[nodiscard]] std::size_t actors() const { return core_->living(); }
    [[nodiscard]] std::uint64_t dead_letters() const noexcept { return core_->dead_letters(); }

    /// Asks every actor to exit, behind what is in its mailbox, and takes no new ones from outside.
    /// The future is done when all have ended and the asks without a reply have been cancelled.
    Future<void> begin_shutdown();

    /// As begin_shutdown, and waits. May be called again, and from several threads.
    ///
    /// Errors   std::system_error(resource_deadlock_would_occur) in one of the system's handlers,
    ///          std::logic_error on a loop's thread; the shutdown has begun nevertheless
    void shutdown();

private:
    void post_request(
        detail::AskBase& ask, const Address& to, detail::EnvelopePtr letter, TimeLimit timeout
    );

    std::unique_ptr<ThreadPoolExecutor> pool_;  ///< our own, or none
    std::shared_ptr<detail::Core> core_;        ///< with every cell
};

}  // namespace fanfetch
