#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace fanfetch {

/// What a shard has of the connections, and how many of them are in use.
struct ConnectionUse {
    std::size_t lease = 0;
    std::size_t in_flight = 0;  ///< never more than `lease`
};

/// How many a shard lends to those that have less than their part, whatever it could use itself:
/// half of what is free and above its own part, rounded up.
[[nodiscard]] constexpr std::size_t spare_above_part(
    const ConnectionUse& use, std::size_t part
) noexcept {
    const auto above = use.lease > part ? use.lease - part : 0;
    return (std::min(above, use.lease - use.in_flight) + 1) / 2;
}

/// How many a shard lends to anybody when none of its own jobs wants one: half of what is beyond
/// one and a half times what it uses, rounded up. That much free keeps what it does from being held
/// back (see more_within_threshold), and half of the rest is there for what comes next.
[[nodiscard]] constexpr std::size_t spare_beyond_use(const ConnectionUse& use) noexcept {
    const auto kept = use.in_flight + (use.in_flight + 1) / 2;
    return use.lease > kept ? (use.lease - kept + 1) / 2 : 0;
}

/// How many exchanges there may be at a time on all shards together (`egress.max_connections`), in
/// leases that the shards hold. Leases never sum to more.
///
/// Each begins with its part, which is an even one, and compares its exchanges with its own lease:
/// nothing is shared while that is enough. One that has somebody starve asks; the others look
/// whether they have something to spare (see the functions above), at once and later with each
/// exchange that ends. What is lent is the borrower's from then on, until somebody asks for it.
/// Those that have less than their part, or none at all, are *needy*: for them a shard gives up
/// what is above its own part even if it has a use for it. So parts come back while exchanges end,
/// and where there are fewer connections than shards these take turns.
///
/// Who asks stands in line until he withdraws; who was lent something goes to its end. Nothing is
/// ever left with nobody: what no one in line takes stays with its lender.
///
/// Errors   std::bad_alloc from `ask` and `lend`, which have changed nothing then
/// Threads  any. A lender takes a loan off what it goes by before it tells the borrower, and he
/// adds
///          it on his own loop: so the sum holds also in between
class ConnectionBudget {
public:
    ConnectionBudget(std::size_t most, std::size_t shards);

    /// What the shard has, or is about to be told that it has. Even parts at first; what cannot be
    /// divided is the first ones'.
    [[nodiscard]] std::size_t lease(std::size_t shard) const;
    /// What every shard is sure to get back, rounded down.
    [[nodiscard]] std::size_t part() const noexcept { return part_; }

    /// Whether anybody is in line; whether one of them is needy. A moment late, which is why who
    /// asks has the others look.
    [[nodiscard]] bool wanted() const noexcept { return wanted_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool needed() const noexcept { return needed_.load(std::memory_order_relaxed); }

    /// Stands in line, where he does not yet. The shards that may have something for him: they are
    /// to look now.
    [[nodiscard]] std::vector<std::size_t> ask(std::size_t shard);
    void withdraw(std::size_t shard) noexcept;

    /// Whom a loan is for.
    enum class borrowers : std::uint8_t { needy, all };
    struct Loan {
        std::size_t shard = 0;
        std::size_t count = 0;
    };
    /// Lends so many of the shard's to those in line, the needy first, evenly and in their order.
    /// Who was lent how many; what is missing was not taken.
    [[nodiscard]] std::vector<Loan> lend(std::size_t shard, std::size_t count, borrowers whom);
    /// The borrower was not told, and does not know of the loan.
    void take_back(std::size_t lender, const Loan& loan) noexcept;

private:
    [[nodiscard]] std::size_t missing(std::size_t shard) const noexcept;
    void note() noexcept;

    const std::size_t part_;
    std::atomic<bool> wanted_{false};
    std::atomic<bool> needed_{false};
    mutable std::mutex mutex_;  // guards what follows
    std::vector<std::size_t> leases_;
    std::vector<std::size_t> line_;
};

}  // namespace fanfetch
