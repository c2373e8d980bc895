#include "fetch/body_collector.hpp"

#include "executor/thread_pool_executor.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

namespace fanfetch {
namespace {

using testing::run_coroutine;

/// A disk that keeps what it is given, or refuses from some byte on.
struct Disk final : BodySpill {
    struct Body final : SpilledBody {
        explicit Body(Disk& owner) : disk{owner} {}
        Expected<void> append(std::string_view bytes) override {
            if (disk.written.size() + bytes.size() > disk.room) {
                return failed(failure_code::internal, "writing: no space");
            }
            disk.written.append(bytes);
            return {};
        }
        Disk& disk;
    };
    Expected<std::unique_ptr<SpilledBody>> begin() override {
        ++begun;
        return std::unique_ptr<SpilledBody>{std::make_unique<Body>(*this)};
    }
    std::string written;
    std::size_t room = std::size_t{1} << 40U;
    int begun = 0;
};

std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<char>('a' + i * 7 % 23);
    }
    return bytes;
}

Sha256 digest_of(std::string_view bytes) {
    Sha256Hasher hasher;
    hasher.reset();
    hasher.update(bytes);
    return hasher.digest();
}

class BodyCollectorTest : public ::testing::Test {
protected:
    ~BodyCollectorTest() override { pool.shutdown(); }

    /// Collects `body` in pieces as a reader does; what came of it.
    Expected<FetchOutcome> collect(
        std::string_view body, std::size_t piece, BodyCollector::Order order
    ) {
        collector.reset(order);
        return run_coroutine([&](LoopExecutor) -> awaitable<Expected<FetchOutcome>> {
            for (std::size_t at = 0; at < body.size(); at += piece) {
                if (auto taken = collector.append(body.substr(at, piece)); !taken) {
                    co_return taken.error();
                }
                if (collector.wants_flush()) {
                    if (auto flushed = co_await collector.flush(false); !flushed) {
                        co_return flushed.error();
                    }
                }
            }
            if (collector.on_disk()) {
                if (auto flushed = co_await collector.flush(true); !flushed) {
                    co_return flushed.error();
                }
            }
            FetchOutcome outcome;
            collector.finish(outcome);
            co_return outcome;
        });
    }

    Disk disk;
    MemoryBudget memory{64U << 20U};
    ThreadPoolExecutor pool;
    BodyCollector collector{BodyCollector::Parts{&memory, &disk, &pool}};
};

BodyCollector::Order keep(std::uint64_t max_bytes = 1U << 30U) {
    BodyCollector::Order order;
    order.max_bytes = max_bytes;
    return order;
}

TEST_F(BodyCollectorTest, WhatFitsStaysInMemory) {
    const auto body = pattern(BodyCollector::most_in_memory);
    const auto outcome = collect(body, 10'000, keep());
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->payload, body);
    EXPECT_EQ(outcome->sha256, digest_of(body));
    EXPECT_EQ(disk.begun, 0);
}

TEST_F(BodyCollectorTest, OneByteMoreGoesToDiskWithTheSameDigest) {
    for (const std::size_t size : {BodyCollector::most_in_memory + 1, std::size_t{5'000'003}}) {
        for (const std::size_t piece :
             {std::size_t{1'000}, std::size_t{16'384}, std::size_t{900'000}}) {
            disk.written.clear();
            const auto body = pattern(size);
            const auto outcome = collect(body, piece, keep());
            ASSERT_TRUE(outcome);
            EXPECT_EQ(outcome->size, size);
            EXPECT_EQ(outcome->sha256, digest_of(body)) << piece;
            EXPECT_TRUE(disk.written == body) << piece;
            EXPECT_NE(outcome->spilled, nullptr);
        }
    }
    EXPECT_EQ(disk.begun, 6);
}

TEST_F(BodyCollectorTest, ABodyThatIsHashedLaterIsHashedHereOnceItIsLong) {
    auto order = keep();
    order.hash_later = true;
    const auto shorter = collect(pattern(MemoryBudget::free_of_charge), 1'000, order);
    ASSERT_TRUE(shorter);
    EXPECT_EQ(shorter->sha256, std::nullopt);
    const auto body = pattern(3'000'000);
    const auto longer = collect(body, 1'000, order);
    ASSERT_TRUE(longer);
    EXPECT_EQ(longer->sha256, digest_of(body));
}

TEST_F(BodyCollectorTest, TheMd5OfALongBodyIsOfAllOfIt) {
    auto order = keep();
    order.md5 = true;
    const auto body = pattern(2'500'000);
    const auto outcome = collect(body, 7'777, order);
    ASSERT_TRUE(outcome);
    Hasher hasher{"MD5"};
    hasher.reset();
    hasher.update(body);
    std::array<std::uint8_t, 16> digest{};
    hasher.finish(digest);
    EXPECT_EQ(outcome->md5, std::string(digest.begin(), digest.end()));
}

TEST_F(BodyCollectorTest, AFullDiskIsTold) {
    disk.room = 2'000'000;
    const auto outcome = collect(pattern(4'000'000), 16'384, keep());
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, failure_code::internal);
    EXPECT_TRUE(collect(pattern(1'000), 100, keep())) << "the next body is not its business";
}

TEST_F(BodyCollectorTest, TooMuchIsRefusedAtTheByte) {
    EXPECT_TRUE(collect(pattern(1'000), 100, keep(1'000)));
    const auto outcome = collect(pattern(1'001), 100, keep(1'000));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, failure_code::limit_body_size);
}

TEST_F(BodyCollectorTest, WhatIsPutAsideGoesOnWhereItWas) {
    const auto body = pattern(4'000'000);
    PartialBody partial;
    run_coroutine([&](LoopExecutor) -> awaitable<void> {
        collector.reset(keep());
        (void)collector.append(std::string_view{body}.substr(0, 2'000'000));
        co_await collector.flush(true);
        collector.suspend(partial);
        collector.reset(keep());
        collector.resume(partial);
        (void)collector.append(std::string_view{body}.substr(2'000'000));
        co_await collector.flush(true);
    });
    FetchOutcome outcome;
    collector.finish(outcome);
    EXPECT_EQ(outcome.sha256, digest_of(body));
    EXPECT_TRUE(disk.written == body);
}

}  // namespace
}  // namespace fanfetch
