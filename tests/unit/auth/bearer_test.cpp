#include "auth/bearer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fanfetch {
namespace {

Bearer read(std::vector<std::string_view> fields) {
    return read_bearer(fields);
}

TEST(Bearer, ReadsTheKey) {
    const auto bearer = read({"Bearer fanfetch_abc234"});

    EXPECT_EQ(bearer.kind, credentials::given);
    EXPECT_EQ(bearer.key, "fanfetch_abc234");
}

TEST(Bearer, Auth11TakesTheSchemeInAnyCaseAndAnyNumberOfSpaces) {
    EXPECT_EQ(read({"bEaReR abc"}).key, "abc");
    EXPECT_EQ(read({"Bearer    abc=="}).key, "abc==");
}

TEST(Bearer, Auth01NoFieldIsMissing) {
    EXPECT_EQ(read({}).kind, credentials::missing);
}

TEST(Bearer, Auth01AnythingElseIsMalformed) {
    const std::string long_one = "Bearer " + std::string(1U << 20U, ' ');
    const std::string nul{"Bearer a\0b", 10};
    for (const std::string_view field :
         {std::string_view{""}, std::string_view{" "}, std::string_view{"Bearer"},
          std::string_view{"Bearer "}, std::string_view{"Bearer\tabc"},
          std::string_view{"Basic dXNlcjpwYXNz"}, std::string_view{"Bearerabc"},
          std::string_view{"fanfetch_abc"}, std::string_view{"Bearer abc def"},
          std::string_view{"Bearer abc, Bearer def"}, std::string_view{"Bearer =abc"},
          std::string_view{"Bearer ab=c"}, std::string_view{"Bearer k\xC3\xA9y"},
          std::string_view{nul}, std::string_view{long_one}}) {
        EXPECT_EQ(read({field}).kind, credentials::malformed) << field.substr(0, 40);
    }
}

TEST(Bearer, Auth11TwoFieldsAreMalformedEvenWhenTheyAgree) {
    EXPECT_EQ(read({"Bearer abc", "Bearer abc"}).kind, credentials::malformed);
}

}  // namespace
}  // namespace fanfetch
