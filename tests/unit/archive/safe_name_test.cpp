#include "archive/safe_name.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace fanfetch {
namespace {

/// What PATH-01 demands of any name.
bool is_harmless(const std::string& name) {
    constexpr std::string_view safe =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-+";
    return !name.empty() && name.size() <= longest_safe_name &&
           name.find_first_not_of(safe) == std::string::npos && name.front() != '.' &&
           name.front() != '-' && name.back() != '.';
}

TEST(SafeName, TakesTheLastSegmentOfThePath) {
    EXPECT_EQ(safe_name("https://a.test/flags/cn.svg"), "cn.svg");
    EXPECT_EQ(safe_name("https://a.test/flags/cn.svg?size=2#top"), "cn.svg");
    EXPECT_EQ(safe_name("https://a.test/dir/"), "dir");
    EXPECT_EQ(safe_name("https://a.test/"), "a.test");
    EXPECT_EQ(safe_name("https://a.test/r%C3%A9sum%C3%A9%20v2.pdf"), "r_sum_v2.pdf");
}

TEST(SafeName, TheHeaderGoesBeforeTheUrl) {
    EXPECT_EQ(safe_name("http://a.test/get?id=1", "attachment; filename=report.csv"), "report.csv");
    EXPECT_EQ(safe_name("http://a.test/x", R"(attachment; filename="a \"b\".txt")"), "a_b_.txt");
    EXPECT_EQ(
        safe_name("http://a.test/x", "attachment; filename=plain.txt; filename*=UTF-8''ext%2Etxt"),
        "ext.txt"
    );
    EXPECT_EQ(safe_name("http://a.test/x", "inline"), "x");
    EXPECT_EQ(safe_name("http://a.test/x", "attachment; filename=\"..\""), "x");
}

TEST(SafeName, Path01NothingLeadsOutOfTheDirectory) {
    const std::string endless(300, 'n');
    for (const std::string& evil : {
             std::string{"../../etc/passwd"},
             std::string{"/etc/passwd"},
             std::string{".."},
             std::string{"."},
             std::string{"...."},
             std::string{"..\\..\\win.ini"},
             std::string{"C:\\windows\\system.ini"},
             std::string{"a\0b", 3},
             std::string{".bashrc"},
             std::string{"-rf"},
             std::string{"CON"},
             std::string{"nul.txt"},
             std::string{"com1.log"},
             std::string{"LPT9"},
             std::string{"name."},
             std::string{"name. . ."},
             std::string{"\xE2\x80\xAEgpj.exe"},
             std::string{"e\xCC\x81"},
             std::string{"\xC3\xA9"},
             std::string{"a\r\nb"},
             std::string{"%2e%2e%2f"},
             std::string{"~root"},
             endless,
             endless + ".tar.gz",
             std::string{"\xFF\xFE"},
             std::string{},
             std::string{" "},
         }) {
        for (const auto& name :
             {safe_name("http://a.test/" + evil),
              safe_name("http://a.test/x", "attachment; filename=\"" + evil + "\""),
              safe_name({}, "attachment; filename=" + evil)}) {
            EXPECT_TRUE(is_harmless(name)) << evil << " -> " << name;
        }
    }
    EXPECT_EQ(safe_name("http://a.test/CON"), "_CON");
    EXPECT_EQ(safe_name("http://a.test/nul.txt"), "_nul.txt");
    EXPECT_EQ(safe_name("http://a.test/..%2f..%2fpasswd"), "passwd");
}

TEST(SafeName, ALongNameKeepsItsExtension) {
    const auto name = safe_name("http://a.test/" + std::string(5000, 'n') + ".tar");

    EXPECT_EQ(name.size(), longest_safe_name);
    EXPECT_TRUE(name.ends_with("n.tar"));
}

TEST(NameSet, GivesEachNameOnce) {
    NameSet names;

    EXPECT_EQ(names.unique("a.png"), "a.png");
    EXPECT_EQ(names.unique("a.png"), "a-2.png");
    EXPECT_EQ(names.unique("A.PNG"), "A-3.PNG") << "the same file on some systems";
    EXPECT_EQ(names.unique("a-4.png"), "a-4.png");
    EXPECT_EQ(names.unique("a.png"), "a-5.png");
    EXPECT_EQ(names.unique("noext"), "noext");
    EXPECT_EQ(names.unique("noext"), "noext-2");
}

TEST(NameSet, StaysUniqueOverManyLongNames) {
    NameSet names;
    std::set<std::string> given;
    const std::string longest(longest_safe_name, 'x');

    for (int i = 0; i < 2000; ++i) {
        const auto name = names.unique(longest);
        EXPECT_TRUE(is_harmless(name));
        EXPECT_TRUE(given.insert(name).second) << name;
    }
}

TEST(SafeName, AnyBytesGiveAHarmlessName) {
    const std::uint64_t seed = FastRandom{}.bits();
    SCOPED_TRACE(seed);
    FastRandom random{seed};
    for (int round = 0; round < 20'000; ++round) {
        std::string url;
        std::string header = "attachment; filename=";
        for (auto i = random.up_to(40); i > 0; --i) {
            url += static_cast<char>(random.bits());
            header += "\"\\;=*'%2e./ab"[random.up_to(12)];
        }
        EXPECT_TRUE(is_harmless(safe_name(url, header)));
    }
}

TEST(SafeName, Path02NumberedNamesDifferAndAreShort) {
    EXPECT_EQ(numbered_name(7, "http://a.test/x/flag.svg"), "00000007-flag.svg");
    EXPECT_EQ(numbered_name(123'456'789, "http://a.test/a"), "123456789-a");
    const auto name = numbered_name(1, "http://a.test/" + std::string(300, 'x') + ".tar");
    EXPECT_EQ(name.size(), longest_safe_name);
    EXPECT_TRUE(name.starts_with("00000001-"));
    EXPECT_TRUE(name.ends_with("x.tar"));
    EXPECT_NE(numbered_name(1, "http://a.test/A"), numbered_name(2, "http://a.test/a"));
}

}  // namespace
}  // namespace fanfetch
