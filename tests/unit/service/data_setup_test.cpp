#include "data_setup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace fanfetch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DataSetupTest : public ::testing::Test {
protected:
    DataSetupTest() { std::filesystem::create_directory(folder_); }
    ~DataSetupTest() override { std::filesystem::remove_all(folder_); }

    std::vector<std::string> check(const std::string& name) {
        Settings settings;
        settings.data.dir = (folder_ / name).string();
        return check_data_directory(settings);
    }

    std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("data_setup_" + std::to_string(::getpid()));
};

TEST_F(DataSetupTest, DirectoryOrAPlaceForOneIsGood) {
    EXPECT_THAT(check(""), IsEmpty());
    EXPECT_THAT(check("new"), IsEmpty());
    EXPECT_THAT(check("new/and/deep/"), IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(folder_ / "new")) << "looking makes nothing";
    EXPECT_THAT(check_data_directory(Settings{}), IsEmpty()) << "relative to where we are";
}

TEST_F(DataSetupTest, FileInTheWayIsNamed) {
    std::ofstream{folder_ / "file"} << "x";
    const auto said = "data.dir: " + (folder_ / "file").string() + ": Not a directory";

    EXPECT_THAT(check("file"), ElementsAre(said));
    EXPECT_THAT(check("file/below/it"), ElementsAre(said));
}

TEST_F(DataSetupTest, PlaceThatMayNotBeWrittenToIsNamed) {
    std::filesystem::create_directory(folder_ / "theirs");
    std::filesystem::permissions(folder_ / "theirs", std::filesystem::perms::owner_read);
    constexpr uid_t nobody = 65534;
    const bool was_root = ::geteuid() == 0;  // whom nothing is forbidden
    ASSERT_TRUE(!was_root || ::seteuid(nobody) == 0);
    const auto said = check("theirs/data");
    ASSERT_TRUE(!was_root || ::seteuid(0) == 0);

    EXPECT_THAT(said, ElementsAre(HasSubstr("Permission denied")));
    EXPECT_THAT(said, ElementsAre(HasSubstr("data.dir: " + (folder_ / "theirs").string())));
    std::filesystem::permissions(folder_ / "theirs", std::filesystem::perms::owner_all);
}

}  // namespace
}  // namespace fanfetch
