#include "url/path.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

std::string path_of(std::string_view text) {
    std::string out = "http://h";
    append_path(out, out.size(), text);
    return out.substr(std::string_view{"http://h"}.size());
}

TEST(Path, IsNeverEmpty) {
    EXPECT_EQ(path_of(""), "/");
    EXPECT_EQ(path_of("/"), "/");
    EXPECT_EQ(path_of("/.."), "/");
    EXPECT_EQ(path_of("\\"), "/");
}

TEST(Path, DotsAreTakenOutInEverySpelling) {
    EXPECT_EQ(path_of("/a/./b/../c"), "/a/c");
    EXPECT_EQ(path_of("/a/%2e/b/%2E%2e/c"), "/a/c");
    EXPECT_EQ(path_of("/a/.%2e"), "/");
    EXPECT_EQ(path_of("/a/b/%2e."), "/a/");
    EXPECT_EQ(path_of("/a/."), "/a/");
    EXPECT_EQ(path_of("/../../../etc"), "/etc");
    EXPECT_EQ(path_of("/a\\..\\b"), "/b");
}

TEST(Path, OtherDotsStay) {
    EXPECT_EQ(path_of("/..."), "/...");
    EXPECT_EQ(path_of("/.a/a./..a/%2ea"), "/.a/a./..a/%2ea");
    EXPECT_EQ(path_of("/%252e%252e/x"), "/%252e%252e/x");
    EXPECT_EQ(path_of("/a//..//b"), "/a//b");
}

TEST(Path, NothingBeforeItIsTakenAway) {
    std::string out = "http://h/";
    shorten_path(out, 8);
    EXPECT_EQ(out, "http://h");
    shorten_path(out, 8);
    EXPECT_EQ(out, "http://h");
}

}  // namespace
}  // namespace fanfetch
