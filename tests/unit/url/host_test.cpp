#include "url/host.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

TEST(Host, SaysWhatIsWrong) {
    const auto detail = [](std::string_view text) { return parse_host(text).error().detail; };

    EXPECT_EQ(detail(""), "reading the host: it is empty");
    EXPECT_EQ(detail("a<b"), "reading the host: the character '<' in a name");
    EXPECT_EQ(detail("a%0ab"), "reading the host: a control character in a name");
    EXPECT_EQ(
        detail("1.2.3.999"), "reading the host: it ends in a number, but is not an IPv4 address"
    );
    EXPECT_EQ(detail("[::1"), "reading the host: the bracket is not closed");
    EXPECT_EQ(detail("[::1%eth0]"), "reading the host: not an IPv6 address between the brackets");
    EXPECT_EQ(detail("\u00ad"), "reading the host: nothing is left of it after mapping");
    EXPECT_EQ(
        detail("\u2603"),
        "reading the host: not an internationalised name that can be looked up safely"
    );
}

TEST(Host, NamesAreLoweredAndOtherwiseLeftAlone) {
    EXPECT_EQ(*parse_host("WWW.Example.COM"), "www.example.com");
    EXPECT_EQ(*parse_host("_srv.a-b.--c"), "_srv.a-b.--c");
    EXPECT_EQ(*parse_host("a..b."), "a..b.");
    EXPECT_EQ(*parse_host("!$&'()*+,;=~`{}\""), "!$&'()*+,;=~`{}\"");
}

TEST(Host, EveryForbiddenByteIsRefused) {
    for (int value = 0; value < 0x80; ++value) {
        const char byte = static_cast<char>(value);
        const bool forbidden =
            value < 0x20 || value == 0x7f ||
            std::string_view{" #/:<>?@[\\]^|%"}.find(byte) != std::string_view::npos;
        const auto host = parse_host(std::string{"a"} + byte + "b");
        EXPECT_EQ(host.has_value(), !forbidden) << value;
    }
}

}  // namespace
}  // namespace fanfetch
