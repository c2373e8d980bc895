#include "auth/keys_file.hpp"

#include "keys_folder.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace fanfetch {
namespace {

/// A change that adds one key.
auto adding(KeyRecord key) {
    return [key = std::move(key)](std::vector<KeyRecord>& keys) {
        keys.push_back(key);
        return Expected<void>{};
    };
}

TEST(KeysFile, NoFileIsNoKeys) {
    const KeysFolder folder;

    EXPECT_TRUE(read_keys_file(folder.path()).value().empty());
    EXPECT_FALSE(read_keys_text(folder.path()).value().has_value());
}

TEST(KeysFile, IsMadeForItsOwnerAlone) {
    const KeysFolder folder;
    const auto umask_before = ::umask(0);

    const auto changed = change_keys_file(folder.path(), adding(record_of("a", "one")));
    ::umask(umask_before);

    ASSERT_TRUE(changed) << changed.error().detail;
    EXPECT_EQ(folder.mode(), 0600U);
    EXPECT_EQ(read_keys_file(folder.path()).value(), std::vector{record_of("a", "one")});
    EXPECT_EQ(folder.files(), 1U) << "nothing is left beside it";
}

TEST(KeysFile, AChangeKeepsTheRestAndTheMode) {
    const KeysFolder folder;
    folder.put({record_of("a", "one")});
    ::chmod(folder.path().c_str(), 0640);

    ASSERT_TRUE(change_keys_file(folder.path(), adding(record_of("b", "two"))));

    EXPECT_EQ(
        read_keys_file(folder.path()).value(),
        (std::vector{record_of("a", "one"), record_of("b", "two")})
    );
    EXPECT_EQ(folder.mode(), 0640U);
}

TEST(KeysFile, ARefusedChangeChangesNothing) {
    const KeysFolder folder;
    folder.put({record_of("a", "one")});
    const auto before = folder.text();

    const auto changed = change_keys_file(folder.path(), [](std::vector<KeyRecord>& keys) {
        keys.clear();
        return Expected<void>{failed(failure_code::request_invalid, "no")};
    });

    EXPECT_EQ(changed.error().detail, "no");
    EXPECT_EQ(folder.text(), before);
    EXPECT_EQ(folder.files(), 1U);
}

TEST(KeysFile, IsNotOverwrittenWhenItCannotBeRead) {
    const KeysFolder folder;
    folder.put("[[key]\n");

    const auto changed = change_keys_file(folder.path(), adding(record_of("b", "two")));

    EXPECT_EQ(changed.error().detail, folder.path() + ": line 1: this is no TOML");
    EXPECT_EQ(folder.text(), "[[key]\n");
}

TEST(KeysFile, AFileThatOthersMayWriteIsRefused) {
    const KeysFolder folder;
    folder.put({record_of("a", "one")});
    for (const mode_t mode : {0620U, 0602U, 0666U}) {
        ::chmod(folder.path().c_str(), mode);

        const auto keys = read_keys_file(folder.path());

        ASSERT_FALSE(keys) << mode;
        EXPECT_EQ(
            keys.error().detail, folder.path() + ": others than its owner may write it: chmod go-w"
        );
    }
}

TEST(KeysFile, AFileThatAllMayReadIsTakenAndSaysSo) {
    const KeysFolder folder;
    folder.put({record_of("a", "one")});
    ::chmod(folder.path().c_str(), 0644);

    EXPECT_TRUE(read_keys_text(folder.path()).value()->readable_by_all);
    ::chmod(folder.path().c_str(), 0640);
    EXPECT_FALSE(read_keys_text(folder.path()).value()->readable_by_all);
}

TEST(KeysFile, OnlyAFileOfASensibleSizeIsRead) {
    const KeysFolder folder;
    EXPECT_FALSE(read_keys_file(folder.folder()));

    ::mkfifo(folder.path().c_str(), 0600);
    EXPECT_EQ(read_keys_file(folder.path()).error().detail, folder.path() + ": is not a file");

    ::unlink(folder.path().c_str());
    folder.put(std::string((4U << 20U) + 1, '#'));
    EXPECT_EQ(
        read_keys_file(folder.path()).error().detail,
        folder.path() + ": is too long for a file of keys"
    );
}

TEST(KeysFile, ALinkStaysALink) {
    const KeysFolder folder;
    const KeysFolder elsewhere;
    elsewhere.put({record_of("a", "one")});
    std::filesystem::create_symlink(elsewhere.path(), folder.path());

    ASSERT_TRUE(change_keys_file(folder.path(), adding(record_of("b", "two"))));

    EXPECT_TRUE(std::filesystem::is_symlink(folder.path()));
    EXPECT_EQ(read_keys_file(elsewhere.path()).value().size(), 2U);
}

TEST(KeysFile, ChangesAtTheSameTimeAreAllKept) {
    const KeysFolder folder;
    constexpr int writers = 4;
    constexpr int each = 10;

    {
        std::vector<std::jthread> threads;
        for (int writer = 0; writer < writers; ++writer) {
            threads.emplace_back([&folder, writer] {
                for (int i = 0; i < each; ++i) {
                    const auto id = "w" + std::to_string(writer) + "-" + std::to_string(i);
                    EXPECT_TRUE(change_keys_file(folder.path(), adding(record_of(id, id))));
                }
            });
        }
    }

    EXPECT_EQ(read_keys_file(folder.path()).value().size(), std::size_t{writers * each});
    EXPECT_EQ(folder.files(), 1U);
}

TEST(KeysFile, ADirectoryThatIsNotThereIsAnError) {
    const auto changed = change_keys_file("/nowhere/at/all/keys.toml", adding(record_of("a", "b")));

    ASSERT_FALSE(changed);
    EXPECT_NE(changed.error().detail.find("No such file or directory"), std::string::npos);
}

}  // namespace
}  // namespace fanfetch
