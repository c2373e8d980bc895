#pragma once

#include "actor/core.hpp"
#include "actor/envelope.hpp"

#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace fanfetch::detail {

/// Puts a letter into the mailbox of `to`; one to nobody is a dead letter of `home`. Takes the
/// letter unless it answers `full`.
[[nodiscard]] inline delivery deliver(Core& home, const Address& to, EnvelopePtr& letter) {
    if (auto* const target = AddressAccess::target(to)) {
        return target->deliver(letter);
    }
    home.dead_letter(std::move(letter), to, dead_letter_reason::nobody);
    return delivery::dead_letter;
}

/// Puts the message into an envelope and the envelope into a mailbox. Out of a full one it comes
/// back, so that its sender can try again.
template <class M>
delivery send(Core& home, const Address& to, M&& message, const Address& from) {
    using Kept = MessageOf<M>;
    EnvelopePtr letter = std::make_unique<EnvelopeOf<Kept>>(from, std::forward<M>(message));
    const auto outcome = deliver(home, to, letter);
    if constexpr (std::same_as<M, Kept> && std::is_move_assignable_v<Kept>) {
        if (letter) {
            message = std::move(*letter->get_if<Kept>());
        }
    }
    return outcome;
}

/// Makes an actor of type `A`, whose constructor is called on its own strand.
template <class A, class... Args>
Address create(std::shared_ptr<Core> core, CellPtr parent, Args&&... args) {
    static_assert(std::derived_from<A, ActorBase>, "an actor is an Actor<Messages...>");
    const bool top_level = parent == nullptr;
    auto capacity = core->capacity();
    if constexpr (requires { A::mailbox_capacity; }) {
        capacity = A::mailbox_capacity;
    }
    auto& home = *core;
    boost::intrusive_ptr cell{new CellOf<A, std::decay_t<Args>...>{
        Cell::Place{std::move(core), std::move(parent), capacity}, std::forward<Args>(args)...}};
    home.admit(*cell, top_level);
    cell->start();
    return cell->address();
}

}  // namespace fanfetch::detail
