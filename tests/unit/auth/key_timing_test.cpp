#include "auth/key_ring.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "keys_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

// How long a wrong key takes to be refused says nothing of how wrong it is.

namespace fanfetch {
namespace {

constexpr std::size_t pairs = 20'000;

/// Whether a key is known.
using Look = std::function<bool(const std::string& key)>;

double time_of(const Look& look, const std::string& key) {
    const auto start = Steady::now();
    const auto found = look(key);
    const auto taken = Steady::now() - start;
    EXPECT_FALSE(found);
    return std::chrono::duration<double, std::nano>{taken}.count();
}

/// What pairs of measurements that alternate in random order say: how far the signs of their
/// differences are from even, in standard deviations; the median difference; Student's t of the
/// differences, the widest hundredth on either side left out.
struct Verdict {
    double sign_z = 0;
    double median_ns = 0;
    double t = 0;

    [[nodiscard]] bool tells_nothing() const {
        constexpr double p_above_a_thousandth = 3.29;
        constexpr double microsecond = 1000;
        constexpr double leak = 10;
        return std::abs(sign_z) < p_above_a_thousandth && std::abs(median_ns) < microsecond &&
               std::abs(t) < leak;
    }
};

/// Makes a wrong key of a right one.
using Spoil = std::string (*)(std::string key, std::uint64_t chance);

struct Pair {
    std::string one;
    std::string other;
};

/// Each pair is made anew: where one particular key's hash happens to be looked for is no leak.
/// Which of them is made first, and so where it lies, is left to chance.
Pair make_pair_of(const std::string& key, Spoil spoil, Spoil spoil_otherwise, FastRandom& random) {
    Pair pair;
    if (random.up_to(1) == 0) {
        pair.one = spoil(key, random.bits());
        pair.other = spoil_otherwise(key, random.bits());
    } else {
        pair.other = spoil_otherwise(key, random.bits());
        pair.one = spoil(key, random.bits());
    }
    return pair;
}

/// The pairs are made many at a time before they are measured: the byte that was written last is
/// slow to be read at once, and it is not the same one in both.
Verdict compare(
    const Look& look, const std::vector<std::string>& keys, Spoil spoil, Spoil spoil_otherwise
) {
    constexpr std::size_t made_at_once = 100;
    FastRandom random;
    std::vector<double> differences;
    differences.reserve(pairs);
    double above = 0;
    double counted = 0;
    std::vector<Pair> made;
    for (std::size_t i = 0; i < pairs; ++i) {
        if (i % made_at_once == 0) {
            made.clear();
            for (std::size_t j = 0; j < made_at_once; ++j) {
                const auto& key = keys[random.up_to(keys.size() - 1)];
                made.push_back(make_pair_of(key, spoil, spoil_otherwise, random));
            }
        }
        const auto& [one, other] = made[i % made_at_once];
        double a = 0;
        double b = 0;
        if (random.up_to(1) == 0) {
            a = time_of(look, one);
            b = time_of(look, other);
        } else {
            b = time_of(look, other);
            a = time_of(look, one);
        }
        differences.push_back(a - b);
        above += a > b ? 1 : 0;
        counted += a != b ? 1 : 0;
    }
    std::ranges::sort(differences);
    Verdict verdict;
    verdict.sign_z = counted > 0 ? (above - counted / 2) / std::sqrt(counted / 4) : 0;
    verdict.median_ns = differences[pairs / 2];
    const auto cut = static_cast<std::ptrdiff_t>(pairs / 100);
    const std::vector<double> kept(differences.begin() + cut, differences.end() - cut);
    const auto size = static_cast<double>(kept.size());
    double sum = 0;
    double squares = 0;
    for (const auto difference : kept) {
        sum += difference;
        squares += difference * difference;
    }
    const auto mean = sum / size;
    const auto variance = squares / size - mean * mean;
    verdict.t = variance > 0 ? mean / std::sqrt(variance / size) : 0;
    return verdict;
}

/// One run in a thousand is unlucky without a cause, more on a machine with other things to do; a
/// leak shows in every run.
bool tells_apart(
    const Look& look, const std::vector<std::string>& keys, Spoil spoil, Spoil spoil_otherwise
) {
    constexpr int runs = 8;
    for (int run = 0; run < runs; ++run) {
        if (compare(look, keys, spoil, spoil_otherwise).tells_nothing()) {
            return false;
        }
    }
    return true;
}

/// Another letter of a key's alphabet.
char other_than(char letter, std::uint64_t chance) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";
    const auto drawn = letters[chance % letters.size()];
    return drawn == letter ? (letter == 'a' ? 'b' : 'a') : drawn;
}

std::string wrong_first(std::string key, std::uint64_t chance) {
    auto& letter = key[key_prefix.size()];
    letter = other_than(letter, chance);
    return key;
}

std::string wrong_last(std::string key, std::uint64_t chance) {
    key.back() = other_than(key.back(), chance);
    return key;
}

std::string unknown_prefix(std::string key, std::uint64_t chance) {
    return key.replace(
        0, key_prefix.size(), std::string(key_prefix.size(), other_than('_', chance))
    );
}

std::vector<std::string> some_keys(int many) {
    std::vector<std::string> keys;
    for (int i = 0; i < many; ++i) {
        keys.push_back(make_key());
    }
    return keys;
}

class KeyTiming : public ::testing::Test {
protected:
    void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        GTEST_SKIP() << "what is measured there is the sanitizer's allocator";
#endif
    }
};

TEST_F(KeyTiming, Auth04HowWrongAKeyIsCannotBeMeasured) {
    const auto keys = some_keys(2000);  // so that hardly a wrong key occurs twice
    std::vector<KeyRecord> records;
    for (const auto& key : keys) {
        records.push_back(record_of("k" + std::to_string(records.size()), key));
    }
    const KeyRing ring{records};
    const Look look = [&](const std::string& key) { return ring.find(key) != nullptr; };

    EXPECT_FALSE(tells_apart(look, keys, wrong_first, wrong_last));
    EXPECT_FALSE(tells_apart(look, keys, wrong_first, unknown_prefix));
    EXPECT_FALSE(tells_apart(look, keys, wrong_last, unknown_prefix));
}

// What is wrong with comparing the keys themselves, and that this test would notice.
TEST_F(KeyTiming, Auth04AComparisonThatEndsAtTheFirstDifferenceIsMeasured) {
    const auto keys = some_keys(20);
    const Look look = [&](const std::string& key) {
        bool found = false;
        for (const auto& known : keys) {
            std::size_t same = 0;
            while (same < known.size() && known[same] == key[same]) {
                ++same;
            }
            found = found || same == known.size();
        }
        return found;
    };

    EXPECT_TRUE(tells_apart(look, keys, wrong_first, wrong_last));
}

}  // namespace
}  // namespace fanfetch
