#include "job/connection_budget.hpp"

namespace fanfetch {

ConnectionBudget::ConnectionBudget(std::size_t most, std::size_t shards)
    : part_{most / shards}, leases_(shards, part_) {
    line_.reserve(shards);
    for (std::size_t shard = 0; shard < most % shards; ++shard) {
        ++leases_[shard];
    }
}

std::size_t ConnectionBudget::lease(std::size_t shard) const {
    const std::scoped_lock lock{mutex_};
    return leases_[shard];
}

/// How many it has less than its part, which for this is one at least.
std::size_t ConnectionBudget::missing(std::size_t shard) const noexcept {
    const auto least = std::max<std::size_t>(1, part_);
    return leases_[shard] < least ? least - leases_[shard] : 0;
}

void ConnectionBudget::note() noexcept {
    const auto needy = [this](std::size_t shard) { return missing(shard) > 0; };
    wanted_.store(!line_.empty(), std::memory_order_relaxed);
    needed_.store(std::ranges::any_of(line_, needy), std::memory_order_relaxed);
}

std::vector<std::size_t> ConnectionBudget::ask(std::size_t shard) {
    const std::scoped_lock lock{mutex_};
    std::vector<std::size_t> lenders;
    lenders.reserve(leases_.size());
    if (std::ranges::find(line_, shard) == line_.end()) {
        line_.push_back(shard);
        note();
    }
    const bool needy = missing(shard) > 0;
    for (std::size_t other = 0; other < leases_.size(); ++other) {
        // One that is in line itself lends to the needy only.
        const bool waits = std::ranges::find(line_, other) != line_.end();
        const auto keeps = waits ? part_ : 0;
        if (other != shard && leases_[other] > keeps && (needy || !waits)) {
            lenders.push_back(other);
        }
    }
    return lenders;
}

void ConnectionBudget::withdraw(std::size_t shard) noexcept {
    const std::scoped_lock lock{mutex_};
    std::erase(line_, shard);
    note();
}

std::vector<ConnectionBudget::Loan> ConnectionBudget::lend(
    std::size_t shard, std::size_t count, borrowers whom
) {
    const std::scoped_lock lock{mutex_};
    std::vector<Loan> loans;
    loans.reserve(line_.size());
    for (const auto other : line_) {
        if (other != shard) {
            loans.push_back({other, 0});
        }
    }
    auto left = count;
    const auto deal = [&](const auto& most_for) {
        auto takers = std::ranges::count_if(loans, [&](const auto& loan) {
            return most_for(loan.shard) > 0;
        });
        for (auto& loan : loans) {
            const auto most = most_for(loan.shard);
            if (most == 0 || left == 0) {
                continue;
            }
            const auto others = static_cast<std::size_t>(takers--) - 1;
            const auto taken = std::min(most, (left + others) / (others + 1));
            loan.count += taken;
            leases_[loan.shard] += taken;
            left -= taken;
        }
    };
    deal([this](std::size_t other) { return missing(other); });
    if (whom == borrowers::all) {
        deal([&left](std::size_t) { return left; });
    }
    std::erase_if(loans, [](const auto& loan) { return loan.count == 0; });
    leases_[shard] -= count - left;
    std::ranges::stable_partition(line_, [&loans](std::size_t other) {
        return std::ranges::find(loans, other, &Loan::shard) == loans.end();
    });
    note();
    return loans;
}

void ConnectionBudget::take_back(std::size_t lender, const Loan& loan) noexcept {
    const std::scoped_lock lock{mutex_};
    leases_[loan.shard] -= loan.count;
    leases_[lender] += loan.count;
    note();
}

}  // namespace fanfetch
