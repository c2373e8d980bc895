#include "job/dispatcher.hpp"

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
    for (const auto shard : parts_.connection_budget->ask(parts_.shard)) {
        parts_.reach(shard, [](Dispatcher& other) { other.lend_connections(); });
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

/// Also when an exchange has ended and its lane is about to go on: others come first.
void Dispatcher::lend_to_needy() {
    const auto* const budget = parts_.connection_budget;
    if (budget != nullptr && budget->needed()) {
        const ConnectionUse use{parts_.limits.most_in_flight, in_flight_};
        lend(spare_above_part(use, budget->part()), ConnectionBudget::borrowers::needy);
    }
}

void Dispatcher::lend(std::size_t count, ConnectionBudget::borrowers whom) {
    if (count == 0) {
        return;
    }
    auto& lease = parts_.limits.most_in_flight;
    lease -= count;
    for (const auto& loan : parts_.connection_budget->lend(parts_.shard, count, whom)) {
        count -= loan.count;
        parts_.reach(loan.shard, [lent = loan.count](Dispatcher& other) { other.borrow(lent); });
    }
    lease += count;
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
