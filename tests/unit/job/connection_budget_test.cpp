#include "job/connection_budget.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace fanfetch {
namespace {

using borrowers = ConnectionBudget::borrowers;
using Loans = std::vector<std::pair<std::size_t, std::size_t>>;
using Shards = std::vector<std::size_t>;

/// Who was lent how many.
Loans lend(ConnectionBudget& budget, std::size_t shard, std::size_t count, borrowers whom) {
    Loans loans;
    for (const auto& loan : budget.lend(shard, count, whom)) {
        loans.emplace_back(loan.shard, loan.count);
    }
    return loans;
}

std::vector<std::size_t> leases(const ConnectionBudget& budget, std::size_t shards) {
    std::vector<std::size_t> all;
    for (std::size_t shard = 0; shard < shards; ++shard) {
        all.push_back(budget.lease(shard));
    }
    return all;
}

TEST(ConnectionBudget, BeginsWithEvenPartsAndTheRemainderIsTheFirstOnes) {
    EXPECT_EQ(leases(ConnectionBudget{8, 2}, 2), (Shards{4, 4}));
    EXPECT_EQ(leases(ConnectionBudget{11, 4}, 4), (Shards{3, 3, 3, 2}));
    EXPECT_EQ(leases(ConnectionBudget{4, 4}, 4), (Shards{1, 1, 1, 1}));
    EXPECT_EQ(leases(ConnectionBudget{3, 4}, 4), (Shards{1, 1, 1, 0}));
    EXPECT_EQ(leases(ConnectionBudget{1, 2}, 2), (Shards{1, 0}));
    EXPECT_EQ(leases(ConnectionBudget{7, 1}, 1), (Shards{7}));
    EXPECT_EQ((ConnectionBudget{11, 4}.part()), 2U);
    EXPECT_EQ((ConnectionBudget{3, 4}.part()), 0U);
}

TEST(ConnectionBudget, WhoIsNotInLineIsLentNothing) {
    ConnectionBudget budget{8, 2};

    EXPECT_EQ(lend(budget, 0, 4, borrowers::all), Loans{});

    EXPECT_EQ(leases(budget, 2), (Shards{4, 4}));
}

TEST(ConnectionBudget, WhoAsksIsWantingUntilHeWithdraws) {
    ConnectionBudget budget{8, 2};
    EXPECT_FALSE(budget.wanted());

    EXPECT_EQ(budget.ask(1), Shards{0});
    EXPECT_TRUE(budget.wanted());
    EXPECT_FALSE(budget.needed()) << "it has its part";
    EXPECT_EQ(lend(budget, 0, 2, borrowers::all), (Loans{{1, 2}}));
    EXPECT_TRUE(budget.wanted());

    budget.withdraw(1);
    EXPECT_FALSE(budget.wanted());
    EXPECT_EQ(lend(budget, 0, 1, borrowers::all), Loans{});
    EXPECT_EQ(leases(budget, 2), (Shards{2, 6}));
}

TEST(ConnectionBudget, TheNeedyAreLentUpToTheirPartAndTheOthersNothing) {
    ConnectionBudget budget{12, 3};
    EXPECT_EQ(budget.ask(1), (Shards{0, 2}));
    EXPECT_EQ(lend(budget, 0, 3, borrowers::all), (Loans{{1, 3}}));
    EXPECT_EQ(lend(budget, 2, 3, borrowers::all), (Loans{{1, 3}}));
    EXPECT_EQ(leases(budget, 3), (Shards{1, 10, 1}));

    EXPECT_EQ(budget.ask(0), (Shards{1, 2}));
    EXPECT_TRUE(budget.needed());
    EXPECT_EQ(lend(budget, 1, 5, borrowers::needy), (Loans{{0, 3}}));
    EXPECT_FALSE(budget.needed());
    EXPECT_EQ(leases(budget, 3), (Shards{4, 7, 1}));
    EXPECT_EQ(lend(budget, 1, 3, borrowers::needy), Loans{});
}

TEST(ConnectionBudget, TheNeedyComeBeforeThoseWhoAskedEarlier) {
    ConnectionBudget budget{12, 3};
    (void)budget.ask(1);
    EXPECT_EQ(lend(budget, 0, 4, borrowers::all), (Loans{{1, 4}}));
    (void)budget.ask(0);

    EXPECT_EQ(lend(budget, 2, 2, borrowers::all), (Loans{{0, 2}}));
    EXPECT_EQ(lend(budget, 2, 2, borrowers::all), (Loans{{0, 2}}));
}

TEST(ConnectionBudget, WhatIsLeftOfALoanIsDividedAmongAllInLine) {
    ConnectionBudget budget{40, 4};
    (void)budget.ask(2);
    (void)budget.ask(0);
    (void)budget.ask(1);

    EXPECT_EQ(lend(budget, 3, 8, borrowers::all), (Loans{{2, 3}, {0, 3}, {1, 2}}));
    EXPECT_EQ(leases(budget, 4), (Shards{13, 12, 13, 2}));
}

TEST(ConnectionBudget, WhereThereAreFewerThanShardsTheyTakeTurns) {
    ConnectionBudget budget{1, 3};
    (void)budget.ask(1);
    (void)budget.ask(2);
    (void)budget.ask(0);  // it has the only one, and a use for more
    std::size_t holder = 0;
    Shards turns;

    for (int turn = 0; turn < 6; ++turn) {
        EXPECT_TRUE(budget.needed());
        const auto loans = lend(budget, holder, 1, borrowers::needy);
        ASSERT_EQ(loans.size(), 1U);
        holder = loans.front().first;
        turns.push_back(holder);
        EXPECT_EQ(budget.lease(holder), 1U);
    }

    EXPECT_EQ(turns, (Shards{1, 2, 0, 1, 2, 0}));
}

TEST(ConnectionBudget, ALoanThatTheBorrowerWasNotToldOfIsTakenBack) {
    ConnectionBudget budget{2, 3};
    (void)budget.ask(2);
    const auto loans = budget.lend(0, 1, borrowers::needy);
    ASSERT_EQ(loans.size(), 1U);
    EXPECT_FALSE(budget.needed());

    budget.take_back(0, loans.front());

    EXPECT_EQ(leases(budget, 3), (Shards{1, 1, 0}));
    EXPECT_TRUE(budget.needed());
    EXPECT_EQ(lend(budget, 1, 1, borrowers::needy), (Loans{{2, 1}}));
}

TEST(ConnectionBudget, OnlyThoseAreToldWhoMayHaveSomething) {
    ConnectionBudget budget{4, 4};
    EXPECT_EQ(budget.ask(0), (Shards{1, 2, 3}));
    EXPECT_EQ(lend(budget, 1, 1, borrowers::all), (Loans{{0, 1}}));
    EXPECT_EQ(budget.ask(2), (Shards{3})) << "the first wants more itself, the second has none";
    EXPECT_EQ(budget.ask(1), (Shards{0, 3})) << "the first has more than its part, and this none";
}

TEST(ConnectionBudget, ThoseWhoHaveTheirPartAskOneAnotherInVain) {
    ConnectionBudget budget{101, 2};

    EXPECT_EQ(budget.ask(0), Shards{1});
    EXPECT_EQ(budget.ask(1), Shards{});
    EXPECT_EQ(budget.ask(0), Shards{});
    EXPECT_FALSE(budget.needed()) << "one that cannot be divided stays where it is";
}

TEST(ConnectionBudget, NeverLendsWhatAShardUses) {
    for (std::size_t lease = 0; lease <= 64; ++lease) {
        for (std::size_t in_flight = 0; in_flight <= lease; ++in_flight) {
            const ConnectionUse use{lease, in_flight};
            EXPECT_LE(spare_beyond_use(use), lease - in_flight);
            for (std::size_t part = 0; part <= 64; ++part) {
                const auto spare = spare_above_part(use, part);
                EXPECT_LE(spare, lease - in_flight);
                EXPECT_LE(spare, lease > part ? lease - part : 0);
                EXPECT_EQ(spare > 0, lease > in_flight && lease > part);
            }
        }
    }
}

TEST(ConnectionBudget, LendsHalfOfWhatIsFree) {
    EXPECT_EQ(spare_above_part({10, 0}, 4), 3U);
    EXPECT_EQ(spare_above_part({10, 8}, 4), 1U);
    EXPECT_EQ(spare_above_part({1, 0}, 0), 1U);
    EXPECT_EQ(spare_beyond_use({100, 0}), 50U);
    EXPECT_EQ(spare_beyond_use({1, 0}), 1U);
    EXPECT_EQ(spare_beyond_use({100, 40}), 20U);
    EXPECT_EQ(spare_beyond_use({60, 40}), 0U) << "half as many again are for what it does";
    EXPECT_EQ(spare_beyond_use({2, 1}), 0U);
    EXPECT_EQ(spare_beyond_use({3, 1}), 1U);
}

TEST(ConnectionBudget, NeverHasMoreThanThereAreWhateverThreadsDo) {
    constexpr std::size_t most = 7;
    constexpr std::size_t shards = 4;
    ConnectionBudget budget{most, shards};
    std::vector<std::thread> threads;
    for (std::size_t own = 0; own < shards; ++own) {
        threads.emplace_back([&budget, own] {
            std::minstd_rand random{static_cast<unsigned>(own) + 1};
            for (int turn = 0; turn < 5'000; ++turn) {
                switch (random() % 3) {
                    case 0:
                        (void)budget.ask(own);
                        break;
                    case 1:
                        budget.withdraw(own);
                        break;
                    default:
                        // Who lends has that many: nobody else takes them away.
                        (void)budget.lend(
                            own, budget.lease(own) / 2,
                            budget.needed() ? borrowers::needy : borrowers::all
                        );
                }
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }

    std::size_t sum = 0;
    for (const auto lease : leases(budget, shards)) {
        sum += lease;
    }
    EXPECT_EQ(sum, most);
}

}  // namespace
}  // namespace fanfetch
