#include "fetch/batch_hasher.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fanfetch {
namespace {

Sha256 by_itself(std::string_view bytes) {
    Sha256Hasher hasher;
    hasher.reset();
    hasher.update(bytes);
    return hasher.digest();
}

std::string body_of(std::size_t size) {
    std::string body(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        body[i] = static_cast<char>(i * 31 + size);
    }
    return body;
}

void expect_right(BatchHasher& hasher, const std::vector<std::string>& bodies) {
    std::vector<Sha256> digests(bodies.size());
    std::vector<BatchHasher::Body> batch;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        batch.push_back({bodies[i], &digests[i]});
    }
    hasher.digest(batch);
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        EXPECT_EQ(digests[i], by_itself(bodies[i]))
            << i << " of " << bodies.size() << ", size " << bodies[i].size();
    }
}

TEST(BatchHasher, EveryLengthAroundTheBlocksOfTheAlgorithm) {
    BatchHasher hasher;
    std::vector<std::string> bodies;
    for (std::size_t size = 0; size <= 300; ++size) {
        bodies.push_back(body_of(size));
    }
    expect_right(hasher, bodies);
}

TEST(BatchHasher, EveryNumberOfBodiesOfUnlikeLengths) {
    BatchHasher hasher;
    for (std::size_t count = 0; count <= 40; ++count) {
        std::vector<std::string> bodies;
        for (std::size_t i = 0; i < count; ++i) {
            bodies.push_back(body_of((i * 7919 + count * 104'729) % 70'000));
        }
        expect_right(hasher, bodies);
    }
}

TEST(BatchHasher, KnownAnswer) {
    BatchHasher hasher;
    std::vector<Sha256> digests(4);
    std::vector<BatchHasher::Body> batch;
    for (auto& digest : digests) {
        batch.push_back({"abc", &digest});
    }
    hasher.digest(batch);
    for (const auto& digest : digests) {  // FIPS 180-4, the first example of SHA-256
        EXPECT_EQ(digest[0], 0xBA);
        EXPECT_EQ(digest[1], 0x78);
        EXPECT_EQ(digest[31], 0xAD);
    }
}

}  // namespace
}  // namespace fanfetch
