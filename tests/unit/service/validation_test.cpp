#include "api/validation.hpp"

#include "api/submission_item.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

TEST(Validation, TellsWhatIsWrongAndWhatIsTheSame) {
    const auto rules = std::make_shared<const EgressRules>(EgressRules::make({}).value());
    Validation validation{{}, rules};
    std::uint64_t index = 0;
    for (const auto* url :
         {"http://a.test/1", "http://a.test/1#x", "nonsense", "http://127.0.0.1/",
          "http://localhost/", "http://a.test:22/", "http://a.test/2"}) {
        validation.take(plain_item(index++, url));
    }

    const auto answer = boost::json::parse(validation.text());

    EXPECT_EQ(answer.at("total"), 7);
    EXPECT_EQ(answer.at("valid"), 3);
    EXPECT_EQ(answer.at("invalid").as_array().size(), 1U);
    EXPECT_EQ(answer.at("invalid").at(0).at("error").at("code"), "url.invalid");
    EXPECT_EQ(answer.at("duplicates").at(0), boost::json::parse(R"({"index":1,"of":0})"));
    EXPECT_EQ(answer.at("blocked_total"), 3);
    EXPECT_EQ(answer.at("blocked").at(2).at("error").at("code"), "policy.port");
    EXPECT_EQ(answer.at("truncated"), false);
}

TEST(Validation, TakesNoMoreMemoryThanItSays) {
    Validation validation{{}, nullptr};
    for (std::uint64_t index = 0; index < 1500; ++index) {
        validation.take(plain_item(index, "nonsense"));
    }

    const auto answer = boost::json::parse(validation.text());

    EXPECT_EQ(answer.at("invalid").as_array().size(), Validation::most_listed);
    EXPECT_EQ(answer.at("invalid_total"), 1500);
    EXPECT_EQ(answer.at("truncated"), true);
}

}  // namespace
}  // namespace fanfetch
