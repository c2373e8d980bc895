#include "cli/get_files.hpp"
#include "cli/get_input.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace fanfetch {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class GetFiles : public ::testing::Test {
protected:
    GetFiles() : path_{::testing::TempDir() + "get_files_" + std::to_string(::getpid())} {}
    ~GetFiles() override { fs::remove_all(path_); }

    [[nodiscard]] std::unique_ptr<OutputDirectory> open() {
        return std::move(OutputDirectory::open(path_.string(), written_).value());
    }
    [[nodiscard]] std::string content(std::string_view name) const {
        std::ifstream file{path_ / name};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator{path_}) {
            names.push_back(entry.path().filename().string());
        }
        return names;
    }

    fs::path path_;
    ProgressCounter written_;
};

TEST_F(GetFiles, AFileHasItsNameOnlyWhenItIsKept) {
    const auto directory = open();
    auto file = std::move(directory->create().value());
    ASSERT_TRUE(file->append("half "));
    EXPECT_FALSE(fs::exists(path_ / "a.txt"));
    ASSERT_TRUE(file->append("whole"));

    ASSERT_TRUE(file->keep_as("a.txt"));
    file.reset();

    EXPECT_EQ(content("a.txt"), "half whole");
    EXPECT_THAT(names(), ElementsAre("a.txt"));
    EXPECT_EQ(written_.counts().bytes, 10U);
}

TEST_F(GetFiles, AFileThatIsNotKeptLeavesNothingBehind) {
    const auto directory = open();
    auto file = std::move(directory->create().value());
    ASSERT_TRUE(file->append("half"));

    file.reset();

    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(GetFiles, ASymbolicLinkIsReplacedNotFollowed) {
    const auto directory = open();
    std::ofstream{path_ / "victim"} << "untouched";
    fs::create_symlink("victim", path_ / "a.txt");
    auto file = std::move(directory->create().value());
    ASSERT_TRUE(file->append("new"));

    ASSERT_TRUE(file->keep_as("a.txt"));

    EXPECT_EQ(content("victim"), "untouched");
    EXPECT_EQ(content("a.txt"), "new");
    EXPECT_FALSE(fs::is_symlink(path_ / "a.txt"));
}

TEST_F(GetFiles, ADirectoryInTheWayIsAFailure) {
    const auto directory = open();
    fs::create_directory(path_ / "a.txt");
    auto file = std::move(directory->create().value());

    EXPECT_FALSE(file->keep_as("a.txt"));
    file.reset();
    EXPECT_THAT(names(), ElementsAre("a.txt"));
}

TEST_F(GetFiles, WhatIsReadBackIsWhatWasLeftAfterACut) {
    const auto directory = open();
    auto file = std::move(directory->create().value());
    ASSERT_TRUE(file->append("kept, cut"));
    ASSERT_TRUE(file->cut_to(5));
    ASSERT_TRUE(file->append(" off"));
    std::string back;

    ASSERT_TRUE(file->read_back([&back](std::string_view piece) -> Expected<void> {
        back += piece;
        return {};
    }));

    EXPECT_EQ(back, "kept, off");
}

TEST_F(GetFiles, AListIsCountedBeforeItIsRead) {
    fs::create_directory(path_);
    std::ofstream{path_ / "urls"} << "# three\nhttp://a.test/\n\nhttp://b.test/\nhttp://c.test/";
    auto input = std::move(UrlInput::open((path_ / "urls").string()).value());

    EXPECT_EQ(input.count(), 3U);

    std::size_t read = 0;
    while (true) {
        const auto entries = input.read();
        ASSERT_TRUE(entries);
        if (!*entries) {
            break;
        }
        read += (*entries)->size();
    }
    EXPECT_EQ(read, 3U) << "counting has not moved the reading";
}

TEST_F(GetFiles, AnInterruptedInputHasEnded) {
    fs::create_directory(path_);
    std::ofstream{path_ / "urls"} << "http://a.test/\n";
    auto input = std::move(UrlInput::open((path_ / "urls").string()).value());

    input.interrupt();

    const auto entries = input.read();
    ASSERT_TRUE(entries);
    EXPECT_FALSE(*entries);
}

TEST_F(GetFiles, WhatCannotBeReadIsRefusedAtOnce) {
    fs::create_directory(path_);

    EXPECT_FALSE(UrlInput::open((path_ / "missing").string()));
    EXPECT_FALSE(UrlInput::open(path_.string())) << "a directory";
}

}  // namespace
}  // namespace fanfetch
