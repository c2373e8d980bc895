#include "job/dispatcher.hpp"

#include <algorithm>
#include <new>
#include <utility>

// The shard's lease of the connections that all shards share.

namespace fanfetch {

/// Whether a job here waits for a connection.
bool Dispatcher::wants_connections() const noexcept {
    return !stopping_ && !connections_.nobody_waits();
}

/// The end of a loop turn: says that connections are wanted here, or that they are not any more,
/// and lends what the others want.
void Dispatcher::balance_connections() {
    if (parts_.connection_budget == nullptr) {
        return;
    }
    const bool wants = wants_connections();
    if (wants && !asking_) {
        ask_for_connections();
    } else if (!wants && asking_) {
        withdraw_from_line();
    }
    lend_connections();
}

/// The others look what they can spare; so they do again each time when that was not enough, since
/// it was a part of it.
void Dispatcher::ask_for_connections() {
    asking_ = true;
    try {
        for (const auto shard : parts_.connection_budget->ask(parts_.shard)) {
            parts_.reach(shard, [](Dispatcher& other) { other.lend_connections(); });
        }
    } catch (...) {  // not all of them will look: the next turn asks again
        withdraw_from_line();
        throw;
    }
}

void Dispatcher::withdraw_from_line() noexcept {
    asking_ = false;
    parts_.connection_budget->withdraw(parts_.shard);
}

void Dispatcher::lend_connections() {
    lend_to_needy();
    if (parts_.connection_budget->wanted() && !wants_connections()) {
        const ConnectionUse use{parts_.limits.most_in_flight, in_flight_};
        lend(spare_beyond_use(use), ConnectionBudget::borrowers::all);
    }
}

/// An exchange has ended, and its lane is about to go on: others come first. Nothing is told them
/// yet, because what has ended must be given back whole, whatever there is no memory for.
void Dispatcher::set_aside_for_needy() noexcept {
    const auto* const budget = parts_.connection_budget;
    if (budget != nullptr && budget->needed() && parts_.limits.most_in_flight > budget->part()) {
        --parts_.limits.most_in_flight;
        ++set_aside_;
    }
}

/// What was set aside, or more.
void Dispatcher::lend_to_needy() {
    const auto* const budget = parts_.connection_budget;
    const auto aside = std::exchange(set_aside_, 0);
    parts_.limits.most_in_flight += aside;
    if (budget != nullptr && budget->needed()) {
        const ConnectionUse use{parts_.limits.most_in_flight, in_flight_};
        const auto spare = std::max(aside, spare_above_part(use, budget->part()));
        lend(spare, ConnectionBudget::borrowers::needy);
    }
}

void Dispatcher::lend(std::size_t count, ConnectionBudget::borrowers whom) {
    if (count == 0) {
        return;
    }
    auto& budget = *parts_.connection_budget;
    auto& lease = parts_.limits.most_in_flight;
    for (const auto& loan : budget.lend(parts_.shard, count, whom)) {
        lease -= loan.count;
        try {
            auto borrow = [lent = loan.count](Dispatcher& other) { other.borrow(lent); };
            parts_.reach(loan.shard, borrow);
        } catch (const std::bad_alloc&) {  // it has not heard of it, and stands in line still
            budget.take_back(parts_.shard, loan);
            lease += loan.count;
        }
    }
}

void Dispatcher::borrow(std::size_t count) {
    parts_.limits.most_in_flight += count;
    serve_starved();
    if (asking_ && wants_connections()) {
        ask_for_connections();
    }
    balance_connections();
}

}  // namespace fanfetch
