#include "origin/zoo.hpp"

#include "base/failure.hpp"
#include "origin/origin.hpp"

#include <gtest/gtest.h>

#include <set>

namespace fanfetch::origin {
namespace {

Script script_for(std::string_view name, std::string_view argument = {}, std::uint64_t asked = 0) {
    const auto* const animal = find_animal(name);
    return animal == nullptr ? Script{} : animal->answer({argument, asked});
}

TEST(Zoo, Ups18EveryAnimalIsNamedAndExplained) {
    std::set<std::string_view> names;
    for (const auto& animal : zoo()) {
        EXPECT_TRUE(names.insert(animal.name).second) << animal.name;
        EXPECT_FALSE(animal.does.empty()) << animal.name;
        EXPECT_FALSE(animal.ends_as.empty()) << animal.name;
        EXPECT_EQ(
            animal.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-."),
            std::string_view::npos
        ) << animal.name;
    }
    EXPECT_GE(names.size(), 130U);
    EXPECT_EQ(find_animal("no-such-animal"), nullptr);
}

TEST(Zoo, ArgumentsAreReadOrLeftAlone) {
    EXPECT_EQ(script_for("close-at", "7").steps.front().bytes.size(), 7U);
    EXPECT_EQ(script_for("close-at", "300").steps.front().bytes.size(), 300U);
    EXPECT_NE(
        script_for("close-at", "300").steps.front().bytes.find("Content-Length: 234\r\n"),
        std::string::npos
    );
    EXPECT_EQ(script_for("close-at", "301").steps.front().bytes.size(), 150U);
    EXPECT_EQ(script_for("close-at", "x").steps.front().bytes.size(), 150U);
    EXPECT_NE(
        script_for("retry-after", "Sun,_06_Nov_1994_08:49:37_GMT")
            .steps.front()
            .bytes.find("Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
        std::string::npos
    );
}

TEST(Zoo, FlakyIsGoodInTheEnd) {
    EXPECT_TRUE(script_for("flaky", "2", 1).steps.front().bytes.starts_with("HTTP/1.1 503 "));
    EXPECT_TRUE(script_for("flaky", "2", 2).steps.front().bytes.starts_with("HTTP/1.1 200 "));
}

TEST(Zoo, TheListNamesThemAll) {
    const auto help = origin_help();
    const auto document = zoo_json();
    for (const auto& animal : zoo()) {
        EXPECT_NE(help.find("  " + std::string{animal.name}), std::string::npos) << animal.name;
        EXPECT_NE(document.find('"' + std::string{animal.name} + '"'), std::string::npos);
    }
}

}  // namespace
}  // namespace fanfetch::origin
