#include "redis/command.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace fanfetch::redis {
namespace {

using Names = std::vector<std::string>;

TEST(Command, Rps03EveryVerbThereIs) {
    const Names names{"a", std::string{"\0\r\n", 3}};

    EXPECT_EQ(
        format_command(verb::subscribe, names),
        (std::string{"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n$3\r\n\0\r\n\r\n", 35})
    );
    EXPECT_EQ(format_command(verb::psubscribe, {}), "*1\r\n$10\r\npsubscribe\r\n");
    EXPECT_EQ(format_command(verb::unsubscribe, {}), "*1\r\n$11\r\nunsubscribe\r\n");
    EXPECT_EQ(format_command(verb::punsubscribe, {}), "*1\r\n$12\r\npunsubscribe\r\n");
    EXPECT_EQ(format_command(verb::ping, {}), "*1\r\n$4\r\nping\r\n");
    EXPECT_EQ(format_command(verb::quit, {}), "*1\r\n$4\r\nquit\r\n");
}

TEST(Command, Rps03APercentSignIsNoFormat) {
    EXPECT_EQ(
        format_command(verb::subscribe, Names{"%s%b"}), "*2\r\n$9\r\nsubscribe\r\n$4\r\n%s%b\r\n"
    );
}

TEST(Command, Rps04AuthenticationWithAndWithoutAUser) {
    EXPECT_EQ(format_auth({.user = {}, .password = "pw"}), "*2\r\n$4\r\nauth\r\n$2\r\npw\r\n");
    EXPECT_EQ(
        format_auth({.user = "me", .password = "p w"}),
        "*3\r\n$4\r\nauth\r\n$2\r\nme\r\n$3\r\np w\r\n"
    );
}

TEST(Command, Rps01NamesAreCutIntoBatchesInTheirOrder) {
    Names many;
    for (int i = 0; i < 2'500; ++i) {
        many.push_back(std::to_string(i));
    }

    const auto batches = command_batches(many);

    ASSERT_EQ(batches.size(), 3U);
    EXPECT_EQ(batches[0].size(), most_command_names);
    Names again;
    for (const auto& batch : batches) {
        again.insert(again.end(), batch.begin(), batch.end());
    }
    EXPECT_EQ(again, many);
}

TEST(Command, Rps01LongNamesGetCommandsOfTheirOwn) {
    const std::string longest(most_command_bytes, 'x');

    EXPECT_EQ(command_batches({longest, "a", "b"}).size(), 2U);
    EXPECT_THROW((void)command_batches({longest + "x"}), std::invalid_argument);
}

TEST(Command, Rps01RepetitionsAreAskedForOnce) {
    EXPECT_EQ(command_batches({"a", "b", "a"}), (std::vector<Names>{{"a", "b"}}));
    EXPECT_EQ(command_batches({}), std::vector<Names>{});
}

}  // namespace
}  // namespace fanfetch::redis
