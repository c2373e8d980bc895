#include "job/tenant_turns.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <deque>
#include <numeric>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

/// A tenant with jobs that never run out of items.
struct Tenant {
    explicit Tenant(std::uint32_t weight, std::size_t jobs = 1) : places(jobs) {
        seat.weight = weight;
    }

    TenantSeat seat;
    std::deque<LinePlace> places;
    std::size_t starts = 0;
    std::size_t slot_time = 0;
};

/// A host with `slots` of them: exchanges end in the order of their time, whoever is next starts.
class Host {
public:
    explicit Host(std::size_t slots) : slots_{slots} {}
    ~Host() {
        for (auto* tenant : tenants_) {
            for (auto& place : tenant->places) {
                turns.leave(tenant->seat, place, job_lane::batch);
            }
        }
    }
    Host(const Host&) = delete;

    void add(Tenant& tenant, std::size_t takes = 1) {
        tenants_.push_back(&tenant);
        takes_.push_back(takes);
        for (auto& place : tenant.places) {
            turns.join(tenant.seat, place, job_lane::batch);
        }
    }

    void run(std::size_t ticks) {
        for (std::size_t tick = 0; tick < ticks; ++tick) {
            end_those_that_are_over();
            while (busy_.size() < slots_) {
                start_next();
            }
            for (const auto& one : busy_) {
                ++tenants_[one.tenant]->slot_time;
            }
        }
    }

    TenantTurns turns;

private:
    struct Exchange {
        std::size_t tenant;
        std::size_t left;
    };

    void end_those_that_are_over() {
        std::erase_if(busy_, [this](Exchange& one) {
            if (--one.left > 0) {
                return false;
            }
            turns.give_slot(tenants_[one.tenant]->seat);
            return true;
        });
    }

    void start_next() {
        auto* const place = turns.next(slots_, [](const LinePlace&) { return true; });
        for (std::size_t i = 0; i < tenants_.size(); ++i) {
            auto& tenant = *tenants_[i];
            for (const auto& own : tenant.places) {
                if (&own == place) {
                    turns.take_slot(tenant.seat);
                    tenant.seat.line.rotate(*place, job_lane::batch);
                    ++tenant.starts;
                    busy_.push_back({i, takes_[i]});
                    return;
                }
            }
        }
    }

    std::size_t slots_;
    std::vector<Tenant*> tenants_;
    std::vector<std::size_t> takes_;
    std::vector<Exchange> busy_;
};

/// 1 when all have the same, 1/n when one has all.
/// Source  R. Jain, D. Chiu, W. Hawe: A Quantitative Measure of Fairness (1984)
double jain(const std::vector<double>& shares) {
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    const double squares = std::inner_product(shares.begin(), shares.end(), shares.begin(), 0.0);
    return sum * sum / (static_cast<double>(shares.size()) * squares);
}

TEST(TenantTurns, Fair02TwentyEqualTenantsGetTheSame) {
    for (const std::size_t slots : {1U, 3U, 64U}) {
        std::deque<Tenant> tenants;
        Host host{slots};
        for (int number = 0; number < 20; ++number) {
            host.add(tenants.emplace_back(1, static_cast<std::size_t>(number + 1)));
        }
        host.run(2'000);

        std::vector<double> starts;
        for (const auto& tenant : tenants) {
            starts.push_back(static_cast<double>(tenant.starts));
        }
        EXPECT_GE(jain(starts), 0.999) << slots;
    }
}

TEST(TenantTurns, Fair02WhatTheyGetIsAsTheyWeigh) {
    for (const std::size_t slots : {1U, 7U, 10U, 64U}) {
        Tenant one{1};
        Tenant two{2};
        Tenant four{4};
        Host host{slots};
        host.add(one);
        host.add(two);
        host.add(four);
        host.run(7'000);

        const double unit = static_cast<double>(one.starts + two.starts + four.starts) / 7;
        EXPECT_NEAR(static_cast<double>(one.starts), unit, unit * 0.1) << slots;
        EXPECT_NEAR(static_cast<double>(two.starts), 2 * unit, unit * 0.2) << slots;
        EXPECT_NEAR(static_cast<double>(four.starts), 4 * unit, unit * 0.4) << slots;
    }
}

TEST(TenantTurns, Fair03WhoseExchangesAreSlowHoldsNoMoreThanItsShare) {
    Tenant slow{1};
    Tenant quick{1};
    Host host{64};
    host.add(slow, 400);
    host.run(100);  // it has everything
    host.add(quick);
    host.run(1'000);
    quick.slot_time = slow.slot_time = 0;
    host.run(10'000);

    EXPECT_NEAR(static_cast<double>(quick.slot_time), static_cast<double>(slow.slot_time), 32'000);
}

TEST(TenantTurns, Fair08TenThousandJobsGetNoMoreThanOne) {
    Tenant many{1, 10'000};
    Tenant one{1};
    Host host{16};
    host.add(many);
    host.add(one);
    host.run(500);

    EXPECT_EQ(one.starts, many.starts);
}

TEST(TenantTurns, ASlotThatNobodyElseWantsIsAnybodys) {
    Tenant only{1};
    Host host{8};
    host.add(only);
    host.run(10);

    EXPECT_EQ(only.starts, 80U);
    EXPECT_EQ(host.turns.share(only.seat, 8), 8U);
}

class TenantTurnsOfTwo : public ::testing::Test {
protected:
    LinePlace* next(std::size_t slots = 4) {
        return turns.next(slots, [this](const LinePlace& place) { return &place != barred; });
    }
    void serve(TenantSeat& seat, LinePlace& place, job_lane lane = job_lane::batch) {
        turns.take_slot(seat);
        seat.line.rotate(place, lane);
    }

    TenantSeat a;
    TenantSeat b;
    LinePlace first;
    LinePlace second;
    LinePlace third;
    const LinePlace* barred = nullptr;
    TenantTurns turns;
};

TEST_F(TenantTurnsOfTwo, WithinATenantTheUrgentGoesFirstAndEqualsTakeTurns) {
    third.priority = 1;
    for (auto* const place : {&first, &second, &third}) {
        turns.join(a, *place, job_lane::batch);
    }

    EXPECT_EQ(next(), &third);
    turns.leave(a, third, job_lane::batch);
    EXPECT_EQ(next(), &first);
    serve(a, first);
    EXPECT_EQ(next(), &second);
    serve(a, second);
    EXPECT_EQ(next(), &first);
}

TEST_F(TenantTurnsOfTwo, OneThatCannotTakeItsTurnKeepsIt) {
    turns.join(a, first, job_lane::batch);
    turns.join(b, second, job_lane::batch);
    barred = &first;
    EXPECT_EQ(next(), &second);
    serve(b, second);
    turns.give_slot(b);

    barred = nullptr;

    EXPECT_EQ(next(), &first);
}

TEST_F(TenantTurnsOfTwo, TheInteractiveLaneGoesFirstWithinItsTenantsShare) {
    turns.join(a, first, job_lane::batch);
    turns.join(b, second, job_lane::batch);
    turns.join(b, third, job_lane::interactive);

    EXPECT_EQ(next(), &third);
    serve(b, third, job_lane::interactive);
    EXPECT_EQ(next(), &third);
    serve(b, third, job_lane::interactive);
    EXPECT_EQ(next(), &first) << "it holds its half of the slots";
    serve(a, first);
    EXPECT_EQ(next(), &first);
    serve(a, first);
    EXPECT_EQ(next(), &third) << "all have theirs: the lane decides";
}

TEST_F(TenantTurnsOfTwo, SharesAreOfThoseThatWaitOrHoldSomething) {
    turns.join(a, first, job_lane::batch);
    EXPECT_EQ(turns.share(a, 12), 12U);
    turns.set_weight(b, 3);
    EXPECT_EQ(turns.share(b, 12), 9U) << "what it would be";
    turns.join(b, second, job_lane::batch);
    EXPECT_EQ(turns.share(a, 12), 3U);
    turns.set_weight(b, 1);
    EXPECT_EQ(turns.share(a, 12), 6U);

    turns.take_slot(b);
    turns.leave(b, second, job_lane::batch);
    EXPECT_EQ(turns.share(a, 12), 6U) << "it holds one still";
    turns.give_slot(b);
    EXPECT_EQ(turns.share(a, 12), 12U);
    EXPECT_EQ(turns.share(a, 0), 1U) << "one at least";
}

TEST(WithinThreshold, IsTakenAsLongAsEightTimesWhatIsFreeIsMore) {
    for (std::size_t slots = 1; slots < 300; ++slots) {
        for (std::size_t others = 0; others <= slots; others += 7) {
            std::size_t holding = 0;
            const auto more = more_within_threshold(0, slots - others);
            while (holding + others < slots && holding < 8 * (slots - others - holding)) {
                ++holding;
            }
            EXPECT_EQ(more, holding) << slots << " slots, " << others << " of others";
            EXPECT_EQ(more_within_threshold(holding, slots - others - holding), 0U);
        }
    }
}

TEST(WithinThreshold, OneAloneLeavesANinth) {
    EXPECT_EQ(more_within_threshold(0, 900), 800U);
    EXPECT_EQ(more_within_threshold(0, 8), 8U);
    EXPECT_EQ(more_within_threshold(0, 0), 0U);
    EXPECT_EQ(more_within_threshold(5, 0), 0U);
}

TEST(WithinThreshold, SeveralHaveOfItAsTheyWeigh) {
    EXPECT_EQ(more_within_threshold(200, 100, 1, 4), 0U);
    EXPECT_EQ(more_within_threshold(600, 100, 3, 4), 0U);
    EXPECT_EQ(more_within_threshold(200, 101, 1, 4), 1U);
    EXPECT_EQ(more_within_threshold(600, 101, 3, 4), 1U);
    EXPECT_EQ(more_within_threshold(0, 900, 1, 4), 600U) << "until the others want some";
}

}  // namespace
}  // namespace fanfetch
