#pragma once

#include "actor/address.hpp"
#include "actor/envelope.hpp"

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <type_traits>
#include <unordered_set>
#include <utility>

namespace fanfetch {

class ActorBase;

namespace detail {

class Cell;
class Core;
class Runner;

using CellPtr = boost::intrusive_ptr<Cell>;

/// What an address leads to: an actor's mailbox, its place in the family, and the actor.
///
/// The strand of an actor is this: `scheduled_` is set by whoever finds the cell idle and asks its
/// runner for a turn, and stays set until a turn finds the mailbox empty. So there is one turn at a
/// time, and each sees what the one before did, through the mailbox's lock.
///
/// Threads  `deliver`, `notify`, `ended`, `idle` any thread; the rest the strand
class Cell : public Target {
public:
    struct Place {
        std::shared_ptr<Core> core;
        CellPtr parent;  ///< null: top level
        std::optional<std::size_t> capacity;
    };

    /// The strand whose handler is running on this thread; null elsewhere.
    [[nodiscard]] static Cell* current() noexcept;

    delivery deliver(EnvelopePtr& letter) final;
    /// Delivers what the system says; to an actor that has ended it says nothing. False then.
    bool notify(EnvelopePtr letter);
    [[nodiscard]] bool ended() const;
    /// Nothing to do, and not at it.
    [[nodiscard]] bool idle() const;

    /// The first turn, which constructs the actor. To be called once the core knows the cell.
    void start() { ask_for_turn(); }
    /// One turn: some messages, one after the other.
    void run() noexcept;

    [[nodiscard]] Address address() noexcept { return AddressAccess::make(*this); }
    [[nodiscard]] const std::shared_ptr<Core>& core() const noexcept { return core_; }
    void add_child(const Address& child) { children_.insert(child); }
    void remove_child(const Address& child) { children_.erase(child); }

protected:
    explicit Cell(Place place);
    ~Cell() override;

private:
    [[nodiscard]] virtual std::unique_ptr<ActorBase> make() = 0;

    enum class post { refused, added, first };
    [[nodiscard]] post add(EnvelopePtr& letter);
    void ask_for_turn() noexcept;
    [[nodiscard]] EnvelopePtr next();
    void construct();
    void handle(EnvelopePtr letter);
    void attempt(EnvelopePtr letter);
    void unheard(const Envelope& letter);
    void not_understood(EnvelopePtr letter);
    void failed(EnvelopePtr letter, const std::exception_ptr& error);
    void end(bool recursive, const std::exception_ptr& error);
    void return_mail();
    void leave_children(bool recursive);

    const std::shared_ptr<Core> core_;
    Runner& runner_;
    const std::optional<std::size_t> capacity_;

    mutable std::mutex mutex_;  ///< guards the next three
    EnvelopeQueue incoming_;
    bool scheduled_ = true;  ///< from birth: `start` asks for the first turn
    bool closed_ = false;

    std::atomic<std::size_t> waiting_{0};  ///< messages that need room; counted if there is a bound

    // The strand's.
    CellPtr parent_;
    EnvelopeQueue taken_;  ///< out of `incoming_`, ahead of what is in it
    std::unique_ptr<ActorBase> actor_;
    std::unordered_set<Address> children_;
};

/// The cell of an `A`, with what its constructor will be given.
template <class A, class... Args>
class CellOf final : public Cell {
public:
    template <class... Given>
    explicit CellOf(Place place, Given&&... args)
        : Cell{std::move(place)}, args_{std::in_place, std::forward<Given>(args)...} {}

private:
    std::unique_ptr<ActorBase> make() override {
        auto args = std::exchange(args_, std::nullopt);
        return std::apply(
            [](Args&... each) { return std::make_unique<A>(std::move(each)...); }, *args
        );
    }

    std::optional<std::tuple<Args...>> args_;
};

}  // namespace detail
}  // namespace fanfetch
