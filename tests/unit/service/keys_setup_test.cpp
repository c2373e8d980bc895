#include "keys_setup.hpp"

#include "auth/keys_file.hpp"
#include "auth/live_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace fanfetch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class KeysSetup : public ::testing::Test {
protected:
    KeysSetup() {
        std::filesystem::create_directories(folder_);
        settings_.data.dir = folder_;
        settings_.listen.address = "127.0.0.1";
        settings_.auth.mode = auth_mode::automatic;
    }
    ~KeysSetup() override { std::filesystem::remove_all(folder_); }

    void add_key(const std::string& id) {
        const auto added = change_keys_file(keys_path(settings_), [&](auto& keys) {
            keys.push_back({id, "default", hash_key(id), {scope::read}});
            return Expected<void>{};
        });
        ASSERT_TRUE(added) << added.error().detail;
    }
    /// What opening the keys writes on stderr.
    std::string said_by_opening() {
        ::testing::internal::CaptureStderr();
        const auto keys = open_keys(settings_, log_);
        auto said = ::testing::internal::GetCapturedStderr();
        EXPECT_TRUE(keys) << keys.error().detail;
        return said;
    }

    std::string folder_ = ::testing::TempDir() + "keys_setup_" + std::to_string(::getpid());
    Settings settings_{};
    Logger log_{log_level::off};
};

TEST_F(KeysSetup, TheFileIsInTheDataDirectoryUnlessItIsNamed) {
    EXPECT_EQ(keys_path(settings_), folder_ + "/keys.toml");
    settings_.auth.keys_file = "/etc/fanfetch/keys.toml";
    EXPECT_EQ(keys_path(settings_), "/etc/fanfetch/keys.toml");
}

TEST_F(KeysSetup, Auth07WithoutAKeyOnlyLoopbackWillDo) {
    for (const std::string address : {"127.0.0.1", "127.1.2.3", "::1"}) {
        settings_.listen.address = address;
        EXPECT_THAT(check_keys(settings_), IsEmpty()) << address;
    }
    for (const std::string address :
         {"0.0.0.0", "::", "192.0.2.1", "::ffff:127.0.0.1", "fe80::1"}) {
        settings_.listen.address = address;
        EXPECT_THAT(check_keys(settings_), ElementsAre(HasSubstr("without API keys"))) << address;
        EXPECT_FALSE(open_keys(settings_, log_)) << address;
    }
    add_key("a");
    EXPECT_THAT(check_keys(settings_), IsEmpty());
}

TEST_F(KeysSetup, Auth07AFileWithoutKeysIsNoKey) {
    std::ofstream{keys_path(settings_)} << "# none\n";
    ::chmod(keys_path(settings_).c_str(), 0600);
    EXPECT_THAT(check_keys(settings_), IsEmpty()) << "on loopback it lets nobody in";

    settings_.listen.address = "0.0.0.0";

    EXPECT_THAT(check_keys(settings_), ElementsAre(HasSubstr("without API keys")));
}

TEST_F(KeysSetup, ModeKeysWantsOne) {
    settings_.auth.mode = auth_mode::keys;
    EXPECT_THAT(check_keys(settings_), ElementsAre(HasSubstr("auth.mode: keys wants one in")));

    add_key("a");

    EXPECT_THAT(check_keys(settings_), IsEmpty());
}

TEST_F(KeysSetup, AFileThatIsNamedHasToBeThere) {
    settings_.auth.keys_file = folder_ + "/typo.toml";

    EXPECT_THAT(check_keys(settings_), ElementsAre(HasSubstr("typo.toml: No such file")));
}

TEST_F(KeysSetup, ABadFileIsRefusedWithLineAndReason) {
    std::ofstream{keys_path(settings_)} << "\nkeys = 1\n";
    ::chmod(keys_path(settings_).c_str(), 0600);

    EXPECT_THAT(
        check_keys(settings_), ElementsAre(HasSubstr("keys.toml: line 2: expected [[key]]"))
    );
}

TEST_F(KeysSetup, GenerateMakesAKeyAndPrintsItOnce) {
    settings_.auth.mode = auth_mode::generate;
    settings_.listen.address = "0.0.0.0";
    ASSERT_THAT(check_keys(settings_), IsEmpty());

    const auto first = said_by_opening();
    const auto second = said_by_opening();

    const auto at = first.find(key_prefix);
    ASSERT_NE(at, std::string::npos) << first;
    const auto key = first.substr(at, key_length);
    EXPECT_EQ(first, "first start: the admin API key, shown this once: " + key + "\n");
    EXPECT_EQ(second, "");
    const auto keys = open_keys(settings_, log_);
    ASSERT_TRUE(keys);
    ASSERT_TRUE((*keys)->find(key));
    EXPECT_EQ((*keys)->find(key)->scopes(), ScopeSet::all());
}

TEST_F(KeysSetup, GenerateLeavesKeysAloneThatAreThere) {
    settings_.auth.mode = auth_mode::generate;
    add_key("mine");

    EXPECT_EQ(said_by_opening(), "");
    EXPECT_EQ(read_keys_file(keys_path(settings_)).value().size(), 1U);
}

TEST_F(KeysSetup, GenerateDoesNotStartWhenTheKeyCannotBeStored) {
    settings_.auth.mode = auth_mode::generate;
    settings_.auth.keys_file = folder_ + "/nowhere/keys.toml";

    ::testing::internal::CaptureStderr();
    const auto keys = open_keys(settings_, log_);

    EXPECT_FALSE(keys);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "")
        << "a key that is not good is not shown";
}

}  // namespace
}  // namespace fanfetch
