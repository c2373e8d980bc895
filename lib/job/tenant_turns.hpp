#pragma once

#include "model/options.hpp"

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace fanfetch {

/// A place in a tenant's line: the most urgent first, and among equals who stands longest.
struct LinePlace
    : boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    int priority = 0;  ///< as it was when it joined; does not change while it stands in the line
};

/// What of one tenant waits for the same thing, by lane.
class TenantLine {
public:
    void join(LinePlace& place, job_lane lane) {
        of(lane).insert(place);
        ++size_;
    }
    void leave(LinePlace& place, job_lane lane) {
        of(lane).erase(of(lane).iterator_to(place));
        --size_;
    }
    /// It has been served: its equals come first now.
    void rotate(LinePlace& place, job_lane lane) {
        if (size_ > 1) {
            of(lane).erase(of(lane).iterator_to(place));
            of(lane).insert(place);
        }
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    /// The first of a lane for which `can` holds.
    template <class Can>
    [[nodiscard]] LinePlace* first(job_lane lane, Can can) {
        for (auto& place : of(lane)) {
            if (can(place)) {
                return &place;
            }
        }
        return nullptr;
    }
    template <class Visit>
    void for_each(Visit visit) {
        for (auto& lane : lanes_) {
            for (auto& place : lane) {
                visit(place);
            }
        }
    }

private:
    struct MoreUrgent {
        bool operator()(const LinePlace& a, const LinePlace& b) const noexcept {
            return a.priority > b.priority;
        }
    };
    using Places = boost::intrusive::multiset<
        LinePlace, boost::intrusive::compare<MoreUrgent>,
        boost::intrusive::constant_time_size<false>>;

    [[nodiscard]] Places& of(job_lane lane) noexcept {
        return lanes_[lane == job_lane::interactive ? 0 : 1];
    }

    std::array<Places, 2> lanes_;
    std::size_t size_ = 0;
};

/// One tenant where tenants take turns.
struct TenantSeat {
    using Hook = boost::intrusive::list_member_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

    std::uint32_t weight = 1;
    std::uint32_t credit = 0;  ///< turns it has left in this round
    std::size_t holding = 0;   ///< slots
    bool waits = false;        ///< stands in the ring
    TenantLine line;           ///< what of it waits
    Hook hook;
};

/// How many slots more somebody may take who holds `holding` while `free` are left: never more than
/// eight times what is left then, or of that what his `weight` is of `all` who want some. Whoever
/// is alone gets eight ninths of all, and there is always something left for who comes next. Shares
/// could not do that: slots that slow exchanges hold come back when those end, not when somebody
/// has a claim.
///
/// Source   A. Choudhury, E. Hahne: Dynamic Queue Length Thresholds for Shared-Memory Packet
///          Switches (1998)
[[nodiscard]] constexpr std::size_t more_within_threshold(
    std::size_t holding, std::size_t free, std::uint64_t weight = 1, std::uint64_t all = 1
) noexcept {
    // The n-th one more needs (holding + n - 1) * all < times * (free - n + 1).
    const auto times = 8 * weight;
    const auto allowed = times * free;
    const auto held = holding * all;
    return held >= allowed ? 0 : (allowed - held + times + all - 1) / (times + all);
}

/// Whose turn it is at something of which there are only so many slots: a host's, or a shard's
/// connections.
///
/// Weighted deficit round robin: in each round a tenant has as many turns as its weight says, taken
/// one after another; one that cannot take its turn keeps it. Turns alone would let a tenant whose
/// exchanges are slow fill all slots in the end. So those that hold less than their share of the
/// slots come before those that hold theirs; a share is what the weights say among the tenants that
/// wait or hold something. A slot that nobody with less than its share wants is anybody's.
///
/// The interactive lane comes first, but not beyond the share of its tenant: a flood of it delays
/// nobody else's items.
///
/// Units    a turn and a slot are one item
/// Threads  one owner at a time
/// Source   M. Shreedhar, G. Varghese: Efficient Fair Queuing Using Deficit Round Robin (1995)
class TenantTurns {
public:
    /// Joins the seat's line, and with the first that does the ring.
    void join(TenantSeat& seat, LinePlace& place, job_lane lane);
    void leave(TenantSeat& seat, LinePlace& place, job_lane lane);
    /// A slot is taken: one turn less.
    void take_slot(TenantSeat& seat);
    void give_slot(TenantSeat& seat);
    void set_weight(TenantSeat& seat, std::uint32_t weight);

    [[nodiscard]] bool nobody_waits() const noexcept { return ring_.empty(); }

    /// What of `slots` is the seat's, at least one.
    [[nodiscard]] std::size_t share(const TenantSeat& seat, std::size_t slots) const noexcept;
    /// Whether with one slot more it would still hold no more than that. Fractions of a slot are no
    /// claim: those go by turns, or the lightest would always get theirs rounded up.
    [[nodiscard]] bool below_share(const TenantSeat& seat, std::size_t slots) const noexcept {
        return (seat.holding + 1) * weight_ <= slots * seat.weight;
    }

    /// Who is next among those for which `can` holds; null: nobody. Changes nothing.
    template <class Can>
    [[nodiscard]] LinePlace* next(std::size_t slots, Can can);

    /// How many slots more the seat may take while `free` are left, see more_within_threshold.
    [[nodiscard]] std::size_t allowance(const TenantSeat& seat, std::size_t free) const noexcept {
        const auto all = waiting_weight_ + (seat.waits ? 0 : seat.weight);
        return more_within_threshold(seat.holding, free, seat.weight, all);
    }

    template <class Visit>
    void for_each_waiting(Visit visit) {
        for (auto& seat : ring_) {
            seat.line.for_each(visit);
        }
    }

private:
    using Ring = boost::intrusive::list<
        TenantSeat, boost::intrusive::member_hook<TenantSeat, TenantSeat::Hook, &TenantSeat::hook>,
        boost::intrusive::constant_time_size<false>>;

    [[nodiscard]] static bool active(const TenantSeat& seat) noexcept {
        return seat.waits || seat.holding > 0;
    }
    void unring(TenantSeat& seat);

    Ring ring_;
    std::uint64_t weight_ = 0;           // of all that wait or hold something
    std::uint64_t waiting_weight_ = 0;   // of all that wait
    std::size_t interactive_waits_ = 0;  // places in lines
};

template <class Can>
LinePlace* TenantTurns::next(std::size_t slots, Can can) {
    constexpr int worst = std::numeric_limits<int>::max();
    const int best_possible = interactive_waits_ > 0 ? 0 : 1;
    LinePlace* best = nullptr;
    int best_rank = worst;
    const auto consider = [&](TenantSeat& seat, job_lane lane, int rank) {
        if (rank >= best_rank) {
            return;
        }
        if (auto* const found = seat.line.first(lane, can)) {
            best = found;
            best_rank = rank;
        }
    };
    for (auto& seat : ring_) {
        const int rank = below_share(seat, slots) ? 0 : 2;
        if (interactive_waits_ > 0) {
            consider(seat, job_lane::interactive, rank);
        }
        consider(seat, job_lane::batch, rank + 1);
        if (best_rank == best_possible) {
            break;
        }
    }
    return best;
}

}  // namespace fanfetch
