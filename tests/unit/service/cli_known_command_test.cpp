#include "cli/known_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

namespace fanfetch {
namespace {

using ::testing::HasSubstr;

TEST(KnownCommand, CountsTheLettersBetweenTwoWords) {
    EXPECT_EQ(letters_apart("", ""), 0U);
    EXPECT_EQ(letters_apart("", "get"), 3U);
    EXPECT_EQ(letters_apart("get", ""), 3U);
    EXPECT_EQ(letters_apart("serve", "serve"), 0U);
    EXPECT_EQ(letters_apart("serv", "serve"), 1U) << "one left out";
    EXPECT_EQ(letters_apart("servee", "serve"), 1U) << "one put in";
    EXPECT_EQ(letters_apart("sarve", "serve"), 1U) << "one replaced";
    EXPECT_EQ(letters_apart("sevre", "serve"), 1U) << "two exchanged";
    EXPECT_EQ(letters_apart("kitten", "sitting"), 3U);
    EXPECT_EQ(letters_apart("ca", "abc"), 3U) << "an exchanged pair is not edited again";
}

TEST(KnownCommand, NamesTheOneThatWasPerhapsMeant) {
    CLI::App program;
    program.add_subcommand("serve");
    program.add_subcommand("submit");
    program.add_subcommand("status");

    EXPECT_EQ(why_no_command(program, "serve"), std::nullopt);
    EXPECT_EQ(why_no_command(program, "--version"), std::nullopt);
    EXPECT_EQ(why_no_command(program, "-h"), std::nullopt);
    EXPECT_THAT(*why_no_command(program, "sevre"), HasSubstr("\"sevre\"; did you mean serve?"));
    EXPECT_THAT(*why_no_command(program, "statsu"), HasSubstr("did you mean status?"));
    EXPECT_THAT(*why_no_command(program, "bogus"), HasSubstr("fanfetch --help lists them"));
    EXPECT_THAT(*why_no_command(program, "http://a.test/"), HasSubstr("--help"));
    EXPECT_THAT(*why_no_command(program, ""), HasSubstr("--help"));
}

}  // namespace
}  // namespace fanfetch
