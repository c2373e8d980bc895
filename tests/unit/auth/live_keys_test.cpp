#include "auth/live_keys.hpp"

#include "base/log.hpp"
#include "keys_folder.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <latch>
#include <sstream>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

class LiveKeysTest : public ::testing::Test {
protected:
    /// Follows the folder's file; looks by itself only after an hour, which is never.
    std::unique_ptr<LiveKeys> open(std::chrono::milliseconds pause = 1h) {
        auto keys = LiveKeys::open(folder_.path(), log_, pause);
        EXPECT_TRUE(keys) << keys.error().detail;
        return std::move(*keys);
    }
    [[nodiscard]] std::size_t lines_with(std::string_view event) const {
        std::size_t count = 0;
        const auto text = lines_.str();
        for (auto at = text.find(event); at != std::string::npos; at = text.find(event, at + 1)) {
            ++count;
        }
        return count;
    }

    KeysFolder folder_;
    std::ostringstream lines_;
    Logger log_{
        std::make_shared<spdlog::sinks::ostream_sink_mt>(lines_, true), log_level::info,
        log_format::json};
};

TEST_F(LiveKeysTest, WithoutAFileEveryoneMayDoEverything) {
    const auto keys = open();

    EXPECT_FALSE(keys->wanted());
    EXPECT_EQ(keys->anyone()->tenant(), "default");
    EXPECT_EQ(keys->anyone()->scopes(), ScopeSet::all());
}

TEST_F(LiveKeysTest, WithAFileAKeyIsWanted) {
    folder_.put({record_of("a", "one")});
    const auto keys = open();

    EXPECT_TRUE(keys->wanted());
    EXPECT_EQ(keys->find("one")->key_id(), "a");
    EXPECT_FALSE(keys->find("two"));
    EXPECT_EQ(keys->size(), 1U);
}

TEST_F(LiveKeysTest, ABadFileIsRefusedWithLineAndReason) {
    folder_.put("\n[[key]]\nid = 7\n");

    const auto keys = LiveKeys::open(folder_.path(), log_);

    ASSERT_FALSE(keys);
    EXPECT_EQ(keys.error().detail, folder_.path() + ": line 3: id: expected text");
}

TEST_F(LiveKeysTest, Auth05AChangeOfTheFileIsTakenUp) {
    folder_.put({record_of("a", "one"), record_of("b", "two")});
    const auto keys = open();
    const auto revoked = keys->find("one");

    folder_.put({record_of("b", "two"), record_of("c", "three")});
    keys->refresh();

    EXPECT_TRUE(revoked->revoked());
    EXPECT_FALSE(keys->find("one"));
    EXPECT_TRUE(keys->find("two") && keys->find("three"));
}

TEST_F(LiveKeysTest, Auth05TheFileIsFollowedWithoutBeingTold) {
    folder_.put({record_of("a", "one")});
    const auto keys = open(1ms);
    const auto revoked = keys->find("one");

    folder_.put(std::vector<KeyRecord>{});
    const auto end = Steady::now() + 60s;
    while (!revoked->revoked() && Steady::now() < end) {
        std::this_thread::yield();
    }

    EXPECT_TRUE(revoked->revoked());
}

TEST_F(LiveKeysTest, ABadChangeLeavesTheKeysInForceAndIsLoggedOnce) {
    folder_.put({record_of("a", "one")});
    const auto keys = open();

    folder_.put("nonsense");
    keys->refresh();
    keys->refresh();

    EXPECT_TRUE(keys->find("one"));
    EXPECT_EQ(lines_with("keys_not_reloaded"), 1U);

    folder_.put({record_of("a", "one")});
    keys->refresh();
    folder_.put("nonsense");
    keys->refresh();
    EXPECT_EQ(lines_with("keys_not_reloaded"), 2U) << "a new fault is said anew";
}

TEST_F(LiveKeysTest, AFileThatGoesAwayOpensNothing) {
    folder_.put({record_of("a", "one")});
    const auto keys = open();

    std::filesystem::remove(folder_.path());
    keys->refresh();

    EXPECT_TRUE(keys->wanted());
    EXPECT_TRUE(keys->find("one"));
    EXPECT_EQ(lines_with("keys_not_reloaded"), 1U);
}

TEST_F(LiveKeysTest, TheFirstFileClosesAnOpenService) {
    const auto keys = open();
    const auto anyone = keys->anyone();

    folder_.put({record_of("a", "one")});
    keys->refresh();

    EXPECT_TRUE(keys->wanted());
    EXPECT_TRUE(anyone->revoked()) << "streams of nobody end";
    EXPECT_TRUE(keys->find("one"));
}

TEST_F(LiveKeysTest, AnEmptyFileLetsNobodyIn) {
    folder_.put("");
    const auto keys = open();

    EXPECT_TRUE(keys->wanted());
    EXPECT_FALSE(keys->find(""));
}

TEST_F(LiveKeysTest, Auth06NeitherKeysNorHashesAreLogged) {
    const auto key = make_key();
    folder_.put({record_of("a", key)});
    const auto keys = open();
    folder_.put(key + " = 1\n");
    keys->refresh();

    EXPECT_EQ(lines_with("keys_not_reloaded"), 1U);
    EXPECT_EQ(lines_with(key), 0U);
    EXPECT_EQ(lines_with(to_string(hash_key(key)).substr(7)), 0U);
}

TEST_F(LiveKeysTest, IsLookedUpFromAllSidesWhileItChanges) {
    folder_.put({record_of("a", "one"), record_of("b", "two")});
    const auto keys = open();
    constexpr int rounds = 30;
    std::atomic<bool> over{false};
    std::atomic<int> lost{0};
    std::latch begun{2};

    std::vector<std::jthread> readers;
    for (int i = 0; i < 2; ++i) {
        readers.emplace_back([&] {
            begun.count_down();
            while (!over) {
                const auto found = keys->find("one");
                lost += found && !found->revoked() ? 0 : 1;
                (void)keys->find("two");
            }
        });
    }
    begun.wait();
    for (int round = 0; round < rounds; ++round) {
        std::vector changing{record_of("a", "one")};
        if (round % 2 == 0) {
            changing.push_back(record_of("b", "two"));
        }
        ASSERT_TRUE(change_keys_file(folder_.path(), [&](std::vector<KeyRecord>& now) {
            now = changing;
            return Expected<void>{};
        }));
        keys->refresh();
    }
    over = true;
    readers.clear();

    EXPECT_EQ(lost, 0) << "an unchanged key is there all the time";
}

}  // namespace
}  // namespace fanfetch
